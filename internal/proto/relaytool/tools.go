package relaytool

import (
	"bytes"
	"net/netip"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// over ends the handshake of a direction.
const over = -1

// prefix judges b by a text that it begins with.
func prefix(b []byte, text string) proto.Verdict {
	switch {
	case len(b) >= len(text) && string(b[:len(text)]) == text:
		return proto.Yes
	case len(b) < len(text) && strings.HasPrefix(text, string(b)):
		return proto.Maybe
	}
	return proto.No
}

func probeIOX(b []byte) proto.Verdict { return prefix(b, "\x00\xc0\xee\xff") }

// The commands of iox.
const (
	ioxHandshake = iota
	ioxConnectMe
	ioxCleanUp
	ioxHeartbeat

	ioxLen    = 4
	ioxAnswer = 0xe0
)

// iox reads commands of four bytes.
func (p *parser) iox(d proto.Dir, b []byte) (used, need int) {
	if len(b) < ioxLen {
		return 0, ioxLen
	}
	if b[2] != 0xee || b[3] != 0xff || b[0] > ioxHeartbeat {
		return over, 0
	}
	switch {
	case b[0] == ioxHandshake && d == proto.Resp && b[1] == ioxAnswer:
		p.answer()
	case b[0] == ioxConnectMe && d == proto.Resp:
		p.rec.Asked += uint64(b[1])
	case b[0] == ioxHeartbeat && d == proto.Orig:
		p.rec.Heartbeats++
	}
	return ioxLen, 0
}

const (
	npsTest    = "TST"
	npsMD5     = 32
	npsFlag    = 4
	maxVersion = 16
)

// probeNPS takes TST with a version behind it: its length and text, or its MD5.
func probeNPS(b []byte) proto.Verdict {
	if v := prefix(b, npsTest); v != proto.Yes {
		return v
	}
	v, n := npsVersion(b[len(npsTest):])
	switch {
	case n < 0:
		return proto.No
	case n == 0:
		return proto.Maybe
	case v == "" && !isHex(b[len(npsTest):len(npsTest)+npsMD5]):
		return proto.No
	}
	return proto.Yes
}

// npsVersion reads a version and how long it is; 0 asks for more, less than that
// means that it is none. An old client sends the MD5 only.
func npsVersion(b []byte) (version string, n int) {
	c := wire.At(b)
	if size := c.L32(); c.OK() && size > 0 && size <= maxVersion {
		text := c.Take(int(size))
		if !c.OK() {
			return "", 0
		}
		if strings.Trim(string(text), "0123456789.") != "" {
			return "", over
		}
		return string(text), c.Off()
	}
	switch {
	case len(b) > 0 && !isHex(b[:1]) && (b[0] == 0 || b[0] > maxVersion):
		return "", over
	case len(b) >= 4 && !isHex(b[:4]):
		return "", over
	case len(b) < npsMD5:
		return "", 0
	}
	return "", npsMD5
}

func isHex(b []byte) bool {
	return strings.Trim(string(b), "0123456789abcdef") == ""
}

// nps reads: the client's versions, MD5 of the key, and what it is for; the
// server's MD5 of the version, and whether the key is right.
func (p *parser) nps(d proto.Dir, b []byte) (used, need int) {
	stage := &p.stage[d]
	if d == proto.Resp {
		switch {
		case *stage == 0 && len(b) < npsMD5:
			return 0, npsMD5
		case *stage == 0 && !isHex(b[:npsMD5]):
			return over, 0
		case *stage == 0:
			*stage = 1
			p.answer()
			return npsMD5, 0
		case len(b) < npsFlag:
			return 0, npsFlag
		}
		if string(b[:npsFlag]) == "vkey" {
			p.rec.Step = refused
		}
		return over, 0
	}
	switch *stage {
	case 0:
		*stage = 1
		return len(npsTest), 0
	case 1:
		version, n := npsVersion(b)
		if n == 0 {
			return 0, len(b) + 1
		}
		if n < 0 {
			return over, 0
		}
		if version == "" { // the MD5 of the version (old), or that of the key
			*stage = 2
			if p.rec.Version == "" {
				*stage = 3
			}
		} else if p.rec.Version == "" {
			p.rec.Version = version
		}
		return n, 0
	case 3: // MD5 of the key, of an old client
		if len(b) < npsMD5 {
			return 0, npsMD5
		}
		*stage = 2
		return npsMD5, 0
	}
	if len(b) < npsFlag {
		return 0, npsFlag
	}
	if w := string(b[:npsFlag]); strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == "" {
		p.rec.Work = w
	}
	return over, 0
}

const (
	stowNew   = "IAMNEWHERE"
	stowAdmin = "IAMADMINXD"
	stowDigit = 16
)

// probeStowaway takes the two names of its first message, at the beginning or
// after a digest.
func probeStowaway(b []byte) proto.Verdict {
	rest := b
	if b[0] != 'I' {
		if n := min(len(b), stowDigit); !isHex(b[:n]) {
			return proto.No
		}
		if len(b) < stowDigit {
			return proto.Maybe
		}
		rest = b[stowDigit:]
	}
	if len(rest) == 0 {
		return proto.Maybe
	}
	return max(prefix(rest, stowNew+stowAdmin), prefix(rest, stowAdmin+stowNew))
}

func (p *parser) stowaway(d proto.Dir, b []byte) (used, need int) {
	const names = len(stowNew) + len(stowAdmin)
	if len(b) < names {
		return 0, names
	}
	head := b[:min(len(b), stowDigit+names)]
	i := max(bytes.Index(head, []byte(stowNew+stowAdmin)), bytes.Index(head, []byte(stowAdmin+stowNew)))
	switch {
	case i < 0 && len(b) < stowDigit+names:
		return 0, stowDigit + names
	case i < 0:
	case d == proto.Orig && bytes.HasPrefix(b[i:], []byte(stowAdmin)):
		p.rec.Work = "admin"
	case d == proto.Orig:
		p.rec.Work = "agent"
	default:
		p.answer()
	}
	return over, 0
}

const venomBegin = "ABCDEFGH"

func probeVenom(b []byte) proto.Verdict { return prefix(b, venomBegin+"VCMD") }

func (p *parser) venom(d proto.Dir, b []byte) (used, need int) {
	if len(b) < len(venomBegin) {
		return 0, len(venomBegin)
	}
	if d == proto.Resp && (string(b[:len(venomBegin)]) == venomBegin || string(b[:4]) == "VCMD") {
		p.answer()
	}
	return over, 0
}

// The features and addresses of GOST's relay.
const (
	gostHead    = 4
	gostUser    = 1
	gostAddr    = 2
	gostTunnel  = 3
	gostNetwork = 4
	maxFeatures = 512 // bytes that a probe believes
)

// probeGOST takes a request whose features fill it and hold an address.
func probeGOST(b []byte) proto.Verdict {
	c := wire.At(b)
	version, command := c.U8(), c.U8()
	n := int(c.U16())
	switch {
	case version != 1, len(b) > 1 && (command&0xf == 0 || command&0xf > 3 || command&0x70 != 0):
		return proto.No
	case !c.OK():
		return proto.Maybe
	case n < 7 || n > maxFeatures:
		return proto.No
	}
	features := c.Take(n)
	if !c.OK() {
		// The first feature is known by its type before all are there.
		if len(b) > gostHead && (b[gostHead] == 0 || b[gostHead] > gostNetwork) {
			return proto.No
		}
		return proto.Maybe
	}
	if r := (Session{}); !gostFeatures(features, &r) || r.TargetName == "" && !r.TargetHost.IsValid() {
		return proto.No
	}
	return proto.Yes
}

// gostFeatures reads a list of features.
func gostFeatures(b []byte, r *Session) bool {
	c := wire.At(b)
	for c.OK() && c.Len() > 0 {
		kind := c.U8()
		f := wire.At(c.Take(int(c.U16())))
		if !c.OK() || kind == 0 || kind > gostNetwork {
			return false
		}
		if kind != gostAddr {
			continue
		}
		switch f.U8() {
		case 1:
			if a, ok := netip.AddrFromSlice(f.Take(4)); ok {
				r.TargetHost = a
			}
		case 3:
			r.TargetName = string(f.Take(int(f.U8())))
		case 4:
			if a, ok := netip.AddrFromSlice(f.Take(16)); ok {
				r.TargetHost = a
			}
		default:
			return false
		}
		r.TargetPort = record.Some(f.U16())
		if !f.OK() || f.Len() > 0 {
			return false
		}
	}
	return c.OK()
}

func (p *parser) gost(d proto.Dir, b []byte) (used, need int) {
	if p.stage[d] > 0 {
		return over, 0
	}
	if len(b) < gostHead {
		return 0, gostHead
	}
	c := wire.At(b)
	version, code := c.U8(), c.U8()
	features := c.Take(int(c.U16()))
	if !c.OK() {
		return 0, len(b) + 1
	}
	p.stage[d] = 1
	if d == proto.Resp {
		if version != 1 || code > 8 {
			return over, 0
		}
		p.answer()
		if code != 0 {
			p.rec.Step = refused
		}
		return c.Off(), 0
	}
	gostFeatures(features, p.rec)
	p.rec.Work = [4]string{"", "connect", "bind", "associate"}[code&3]
	return c.Off(), 0
}

// platforms are what SNOWLIGHT asks with.
var platforms = []string{"l64   ", "l32   ", "w64   ", "w32   ", "a64   ", "a32   "}

const platformLen = 6

func probeSnowlight(b []byte) proto.Verdict {
	best := proto.No
	for _, s := range platforms {
		best = max(best, prefix(b, s))
	}
	return best
}

// xor is the key of the programs that SNOWLIGHT loads.
const xor = 0x99

func (p *parser) snowlight(d proto.Dir, b []byte) (used, need int) {
	if d == proto.Orig {
		if len(b) >= platformLen {
			p.rec.Work = strings.TrimSpace(string(b[:platformLen]))
		}
		return over, 0
	}
	if len(b) < 4 {
		return 0, 4
	}
	switch {
	case b[0] == 0x7f^xor && b[1] == 'E'^xor && b[2] == 'L'^xor && b[3] == 'F'^xor:
		p.rec.Payload = "elf"
		p.answer()
	case b[0] == 'M'^xor && b[1] == 'Z'^xor:
		p.rec.Payload = "pe"
		p.answer()
	}
	return over, 0
}
