package ntp

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// probe is sure of messages whose fields all are what clocks say. What only
// has a possible head is left to the port.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < privateLen {
		return proto.No
	}
	version, mode := b[0]>>3&7, b[0]&7
	if version == 0 || version > 4 || mode == 0 {
		return proto.No
	}
	ok := false
	switch mode {
	case modeControl:
		ok = plausibleControl(b)
	case modePrivate:
		ok = plausiblePrivate(b)
	default:
		if len(b) < stdLen {
			return proto.No
		}
		ok = plausible(b, mode)
	}
	if ok {
		return proto.Yes
	}
	return proto.Maybe
}

// plausible judges the fields of modes 1 to 5.
func plausible(b []byte, mode uint8) bool {
	c := wire.At(b)
	c.Skip(1)
	stratum, poll, precision := c.U8(), int8(c.U8()), int8(c.U8()) // #nosec G115 -- the fields are signed
	delay, disp := c.U32(), c.U32()
	c.Skip(4)
	ref, org, rec, xmt := c.U64(), c.U64(), c.U64(), c.U64()
	switch {
	case stratum > 16 || poll < -7 || poll > 17,
		precision < -40 || precision > 0 && precision != 32,   // 32: a client that tells nothing of itself
		delay>>16 > 64 && delay>>16 < 0xffc0 || disp>>16 > 64, // a minute; old versions have negative delays
		!timely(ref) || !lengthy(len(b)):
		return false
	case mode == modeClient:
		return timely(org) && timely(rec) || org == 0 && rec == 0
	case stratum == 0 && mode == modeServer && org != 0 && rec == 0: // a kiss
		return xmt == 0 || timely(xmt)
	}
	return xmt != 0 && timely(xmt) && timely(rec)
}

// timely tells whether a timestamp is unknown or later than the year 2000, or
// not far from the start of 1970 or of this era, as clocks begin that nobody set.
func timely(v uint64) bool {
	const year = 365 * 86400
	sec := v >> 32
	return v == 0 || sec >= 0xbc17c200 || sec >= epoch && sec < epoch+year || sec < year
}

// lengthy tells whether a message can have this length: authentication and
// extension fields are in words.
func lengthy(n int) bool { return n == stdLen || n%4 == 0 && n <= 1500 }

// plausibleControl wants data of exactly the length that is told.
func plausibleControl(b []byte) bool {
	c := wire.At(b)
	c.Skip(1)
	op := c.U8()
	c.Skip(2)
	status := c.U16()
	c.Skip(2)
	offset, n := int(c.U16()), int(c.U16())
	if !c.OK() || op&0x1f > 12 && op&0x1f != 31 || op&0xe0 != 0 && op&0x80 == 0 || offset > 1<<14 {
		return false
	}
	if op&0x80 == 0 && (status != 0 || offset != 0) {
		return false
	}
	data := c.Take(n)
	if !c.OK() || c.Len() != 0 && c.Len() != -n&3 && c.Len() < 12 || c.Len() > macSHA1+3 {
		return false
	}
	for _, x := range data[:min(n, 64)] {
		if op&0x1f == 2 && (x >= 0x7f || x < ' ' && x != '\r' && x != '\n' && x != '\t' && x != 0) {
			return false
		}
	}
	return true
}

// plausiblePrivate wants items that fill a response, or a request of the
// lengths that clients send.
func plausiblePrivate(b []byte) bool {
	c := wire.At(b)
	first, _, impl, code := c.U8(), c.U8(), c.U8(), c.U8()
	items, size := c.U16(), c.U16()
	if impl != 0 && impl != 2 && impl != 3 || code > 45 || size>>12 != 0 {
		return false
	}
	n := int(items&0xfff) * int(size)
	if first&0x80 != 0 {
		return items>>12 < 8 && (n == c.Len() || items>>12 != 0 && n == 0)
	}
	switch len(b) {
	case privateLen, stdLen, stdLen + macMD5, 192, 208, 232: // of several versions of ntpdc
		return items>>12 == 0 && n <= c.Len()
	}
	return false
}
