package stun

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// class is the class of a message (RFC 8489 section 5).
type class uint8

const (
	request class = iota
	indication
	success
	failure
)

// message is the head of one message.
type message struct {
	d      proto.Dir
	kind   uint16
	id     []byte // magic cookie and transaction, or 16 bytes of RFC 3489
	cookie bool
	ms     bool // of MS-TURN
}

// msData is the type of MS-TURN's data indication (section 2.2.1), which does
// not follow the scheme.
const msData = 0x0115

// class takes bits 4 and 8 of the type.
func (m *message) class() class {
	if m.ms && m.kind == msData {
		return indication
	}
	return class(m.kind>>4&1 | m.kind>>7&2)
}

// method takes the bits around those of the class.
func (m *message) method() uint16 {
	return m.kind&0xf | m.kind>>1&0x70 | m.kind>>2&0xf80
}

func wireCookie(id []byte) bool { return binary.BigEndian.Uint32(id) == cookie }

// classicType tells whether a type is one of RFC 3489 section 11.1.
func classicType(kind uint16) bool {
	switch kind {
	case 0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112:
		return true
	}
	return false
}

// hasMSCookie tells whether the first attribute is the cookie of MS-TURN
// section 2.2.2.1, whose messages can lack that of RFC 5389.
func hasMSCookie(attrs []byte) bool {
	return len(attrs) >= 8 && binary.BigEndian.Uint32(attrs) == 0x000f0004 && binary.BigEndian.Uint32(attrs[4:]) == 0x72c64bc6
}

// isMethod tells whether a type is that of a message some method has.
func isMethod(kind uint16) bool {
	m := message{kind: kind}
	_, known := methods[m.method()]
	return known
}

// From the IANA "STUN Methods" registry.
var methods = map[uint16]string{
	1: "Binding", 2: "SharedSecret", 3: "Allocate", 4: "Refresh", 6: "Send", 7: "Data", 8: "CreatePermission", 9: "ChannelBind",
	10: "Connect", 11: "ConnectionBind", 12: "ConnectionAttempt", 0x80: "GOOG-PING",
}

// name is the name of the method.
func (m *message) name() string {
	n := m.method()
	switch {
	case m.ms && m.kind == msData:
		return "Data"
	case m.ms && n == 4:
		return "Send"
	case m.ms && n == 6:
		return "SetActiveDestination"
	}
	if s, ok := methods[n]; ok {
		return s
	}
	return "method-" + strconv.Itoa(int(n))
}

// Attributes that are read (IANA "STUN Attributes"; MS-TURN section 2.2.2).
const (
	attrMapped      = 0x0001
	attrUsername    = 0x0006
	attrError       = 0x0009
	attrXorPeer     = 0x0012
	attrData        = 0x0013
	attrRealm       = 0x0014
	attrXorRelayed  = 0x0016
	attrXorMapped   = 0x0020
	attrXorMappedMS = 0x8020 // drafts before RFC 5389, and MS-TURN
	attrSoftware    = 0x8022
	attrAlternate   = 0x8023
)

// attributes walks the attributes of a message; false when one is cut off.
func (p *parser) attributes(m *message, b []byte) bool {
	c := wire.At(b)
	for n := 0; c.Len() > 0 && n < maxAttributes; n++ {
		kind, size := c.U16(), int(c.U16())
		v := c.Take(size)
		if !c.OK() {
			return false
		}
		p.attribute(m, kind, v)
		if m.cookie {
			c.Skip(min(-size&3, c.Len())) // RFC 8489 section 14: padded to four
		}
	}
	return true
}

func (p *parser) attribute(m *message, kind uint16, v []byte) {
	r := p.rec
	switch kind {
	case attrMapped:
		p.mapped(m, v, false)
	case attrXorMapped, attrXorMappedMS:
		p.mapped(m, v, true)
	case attrXorRelayed:
		if a, ok := address(m, v, true); ok {
			r.Relayed, r.RelayedPort = a.Addr(), record.Some(a.Port())
		}
	case attrXorPeer:
		if a, ok := address(m, v, true); ok && len(r.Peers) < maxPeers && !slices.Contains(r.Peers, a.Addr()) {
			r.Peers = append(r.Peers, a.Addr())
		}
	case attrAlternate:
		if a, ok := address(m, v, false); ok {
			r.Alternate = a.Addr()
		}
	case attrUsername:
		keep(&r.Username, v)
	case attrRealm:
		keep(&r.Realm, v)
	case attrSoftware:
		if m.d == proto.Orig {
			keep(&r.OrigSoftware, v)
		} else {
			keep(&r.RespSoftware, v)
		}
	case attrError: // RFC 8489 section 14.8: class and number
		if len(v) >= 4 {
			r.ErrorCode = record.Some(uint16(v[2]&7)*100 + uint16(v[3])%100)
			r.ErrorReason = text(v[4:])
		}
	case attrData:
		p.relayed(m.d, v)
	}
}

// mapped notes where the receiver of an answer is seen.
func (p *parser) mapped(m *message, v []byte, xor bool) {
	if m.class() != success {
		return
	}
	a, ok := address(m, v, xor)
	if !ok {
		return
	}
	if r := p.rec; m.d == proto.Resp {
		r.Mapped, r.MappedPort = a.Addr(), record.Some(a.Port())
	} else {
		r.OrigMapped, r.OrigMappedPort = a.Addr(), record.Some(a.Port())
	}
}

// address reads an address attribute (RFC 8489 sections 14.1 and 14.2). What
// is obfuscated was combined with cookie and transaction.
func address(m *message, v []byte, xor bool) (netip.AddrPort, bool) {
	c := wire.At(v)
	c.Skip(1)
	family, port := c.U8(), c.U16()
	n := 4
	if family == 2 {
		n = 16
	}
	b := c.Take(n)
	if !c.OK() || family != 1 && family != 2 {
		return netip.AddrPort{}, false
	}
	var raw [16]byte
	copy(raw[:], b)
	if xor {
		port ^= binary.BigEndian.Uint16(m.id)
		for i := range n {
			raw[i] ^= m.id[i]
		}
	}
	if n == 4 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[:4])), port), true
	}
	return netip.AddrPortFrom(netip.AddrFrom16(raw), port), true
}

// keep keeps the first text seen.
func keep(s *string, v []byte) {
	if *s == "" {
		*s = text(v)
	}
}

// text is v as text; old software pads with zeros.
func text(v []byte) string {
	s := strings.TrimRight(string(v[:min(len(v), maxText)]), "\x00")
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
