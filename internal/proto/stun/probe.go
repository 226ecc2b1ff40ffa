package stun

import (
	"encoding/binary"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// probe takes a message with the magic cookie, one of RFC 3489 or MS-TURN
// whose attributes fill it, or a channel that carries what channels carry. A
// stream may go on behind the message, a datagram may not.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case len(b) < 4:
		return proto.Maybe
	case b[0] >= 0x40:
		return probeChannel(b)
	}
	for _, head := range []int{0, 2, 4} { // alone, as RFC 4571 frames it, as MS-TURN does
		switch {
		case len(b) < head+8 && (head == 0 || head == 2 && isFramed(b) || head == 4 && isFrame(b)):
			return proto.Maybe
		case len(b) >= head+8 && wireCookie(b[head+4:]):
			return cookied(b, head)
		}
	}
	return probeOld(b)
}

// cookied judges a message that has the magic cookie, behind a frame's head.
func cookied(b []byte, head int) proto.Verdict {
	m := b[head:]
	n := size(m)
	if n == 0 {
		return proto.No
	}
	switch head {
	case 2:
		if int(binary.BigEndian.Uint16(b)) != n {
			return proto.No
		}
	case 4:
		if !isFrame(b) || int(binary.BigEndian.Uint16(b[2:])) != n {
			return proto.No
		}
	default:
		if n < len(m) && !again(m[n:]) && !again(m[min((n+3)&^3, len(m)):]) {
			return proto.No
		}
	}
	return proto.Yes
}

// probeOld takes one datagram without the magic cookie.
func probeOld(b []byte) proto.Verdict {
	kind := binary.BigEndian.Uint16(b)
	if len(b) < headLen || size(b) != len(b) || uniform(b[4:headLen]) {
		return proto.No
	}
	switch {
	case hasMSCookie(b[headLen:]):
		return proto.Yes
	case !classicType(kind):
		return proto.No
	case kind == 1 && len(b) == headLen: // a bare request
		return proto.Yes
	}
	return classic(b[headLen:])
}

// again tells whether another message or channel can follow.
func again(b []byte) bool { return len(b) < 4 || size(b) > 0 }

// uniform tells whether a transaction is no random number.
func uniform(id []byte) bool {
	var seen [256]bool
	n := 0
	for _, x := range id {
		if !seen[x] {
			seen[x] = true
			n++
		}
	}
	return n < 6
}

// classic walks attributes that have to fill b and be known ones: those of RFC
// 3489 section 11.2, what applications add to them (Zoom from 0x101), and the
// optional ones from 0x8000.
func classic(b []byte) proto.Verdict {
	c := wire.At(b)
	n := 0
	for ; c.Len() > 0 && n < maxAttributes; n++ {
		kind, size := c.U16(), int(c.U16())
		c.Skip(size)
		if !c.OK() || kind == 0 || kind >= 0x400 && kind < 0x8000 {
			return proto.No
		}
	}
	if n == 0 || c.Len() > 0 {
		return proto.No
	}
	return proto.Yes
}

// probeChannel takes a channel of a relay in a capture that begins within the
// conversation: its number, its exact length, and inside STUN, DTLS or media.
func probeChannel(b []byte) proto.Verdict {
	c := wire.At(b)
	kind, n := c.U16(), int(c.U16())
	if kind > 0x4fff || n < 12 || len(b) != 4+n && len(b) != 4+(n+3)&^3 {
		return proto.No
	}
	in := c.Take(n)
	switch {
	case len(in) >= headLen && in[0] < 4 && wireCookie(in[4:]):
	case in[0] >= 20 && in[0] < 26 && in[1] == 0xfe && in[2] >= 0xfc:
	case in[0]&0xe0 == 0x80 && in[1]&0x7f >= 96 && in[1]&0x7f < 127: // RTP with a dynamic payload type
	default:
		return proto.No
	}
	return proto.Yes
}
