// Package filter selects packets by expressions in the language of tcpdump,
// pcap-filter(7) (https://www.tcpdump.org/manpages/pcap-filter.7.html):
//
//	f, err := filter.Parse("tcp port 80 and not net 10.0.0.0/8")
//	if f.Match(&frame) { … }
//
// The meaning is that of libpcap, surprises included: "and" and "or" bind
// alike, from left to right; "port 80" looks behind no IPv6 extension header;
// tagged frames match "ip" only after "vlan". Names of hosts are not looked up,
// since evidence is read without a network: addresses are written as numbers.
package filter

import (
	"encoding/binary"

	"longwatch/internal/capture"
)

// Filter is a compiled expression. It may be used by many goroutines.
type Filter struct {
	root node
	text string
}

// String is the expression as it was given.
func (f *Filter) String() string { return f.text }

// Match tells whether a frame fits.
func (f *Filter) Match(fr *capture.Frame) bool {
	p := packet{frame: fr}
	p.layers()
	return f.root.match(&p) && !p.short
}

// node is a part of the expression.
type node interface{ match(p *packet) bool }

type (
	and struct{ a, b node }
	or  struct{ a, b node }
	not struct{ a node }
	all struct{} // the empty expression
)

func (n and) match(p *packet) bool { return n.a.match(p) && n.b.match(p) }
func (n or) match(p *packet) bool  { return n.a.match(p) || n.b.match(p) }
func (n not) match(p *packet) bool { return !n.a.match(p) }
func (all) match(*packet) bool     { return true }

// packet is a frame while it is judged.
type packet struct {
	frame *capture.Frame
	// kind and at are the EtherType and the start of what the link header
	// carries; at is -1 when that cannot be told.
	kind uint16
	at   int
	// short is set when a primitive asked for bytes that were not captured: the
	// frame does not fit then, whatever "not" stands in front.
	short bool
}

// EtherTypes.
const (
	etherIP    = 0x0800
	etherARP   = 0x0806
	etherRARP  = 0x8035
	etherVLAN  = 0x8100
	etherIPv6  = 0x86dd
	etherMPLS  = 0x8847
	etherMPLSM = 0x8848
	etherPPPD  = 0x8863
	etherPPP   = 0x8864
	etherQinQ  = 0x88a8
	etherQinQ1 = 0x9100
)

// layers finds what the link header carries.
func (p *packet) layers() {
	b := p.frame.Data
	p.at = -1
	switch p.frame.Link {
	case capture.LinkEthernet:
		if len(b) >= 14 {
			p.kind, p.at = binary.BigEndian.Uint16(b[12:]), 14
		}
	case capture.LinkSLL:
		if len(b) >= 16 {
			p.kind, p.at = binary.BigEndian.Uint16(b[14:]), 16
		}
	case capture.LinkSLL2:
		if len(b) >= 20 {
			p.kind, p.at = binary.BigEndian.Uint16(b), 20
		}
	default: // whatever leads on to IP
		if in, ok := capture.Unwrap(p.frame); ok && len(in.IP) > 0 {
			p.at = len(b) - len(in.IP)
			p.kind = etherIP
			if in.IP[0]>>4 == 6 {
				p.kind = etherIPv6
			}
		}
	}
}

// shift is the headers that "vlan", "mpls" and "pppoes" in front of a
// primitive have passed over.
type shift struct {
	vlans, labels int
	pppoe         bool
}

// network returns the EtherType and the start of the network header behind the
// shift; at is -1 when the frame has no such headers.
func (p *packet) network(s shift) (kind uint16, at int) {
	b, kind, at := p.frame.Data, p.kind, p.at
	if at < 0 {
		return 0, -1
	}
	for range s.vlans {
		if !isVLAN(kind) || at+4 > len(b) {
			return 0, -1
		}
		kind = binary.BigEndian.Uint16(b[at+2:])
		at += 4
	}
	if s.pppoe {
		if kind != etherPPP || at+8 > len(b) {
			return 0, -1
		}
		switch binary.BigEndian.Uint16(b[at+6:]) {
		case 0x21:
			kind = etherIP
		case 0x57:
			kind = etherIPv6
		default:
			kind = 0
		}
		at += 8
	}
	if s.labels > 0 {
		if kind != etherMPLS && kind != etherMPLSM || at+4*s.labels >= len(b) {
			return 0, -1
		}
		at += 4 * s.labels
		kind = 0
		switch b[at] >> 4 {
		case 4:
			kind = etherIP
		case 6:
			kind = etherIPv6
		}
	}
	return kind, at
}

func isVLAN(kind uint16) bool { return kind == etherVLAN || kind == etherQinQ || kind == etherQinQ1 }

// ip is a network header that primitives ask.
type ip struct {
	b    []byte // from the header on, as captured
	v6   bool
	kind uint16
}

// ip returns the IP header behind the shift.
func (p *packet) ip(s shift) (h ip, ok bool) {
	kind, at := p.network(s)
	if at < 0 || at > len(p.frame.Data) {
		return h, false
	}
	h = ip{b: p.frame.Data[at:], kind: kind}
	switch kind {
	case etherIP:
		return h, len(h.b) >= 20
	case etherIPv6:
		h.v6 = true
		return h, len(h.b) >= 40
	}
	return h, false
}

// transport is the start of the header above IP, for protocol proto and a first
// fragment. Extension headers of IPv6 are not looked behind.
func (h *ip) transport(proto byte) (b []byte, ok bool) {
	if h.v6 {
		return h.b[40:], h.b[6] == proto
	}
	n := int(h.b[0]&15) * 4
	if h.b[9] != proto || binary.BigEndian.Uint16(h.b[6:])&0x1fff != 0 || n > len(h.b) {
		return nil, false
	}
	return h.b[n:], true
}

// carries tells whether the packet's protocol is proto: for IPv6 also behind a
// fragment header.
func (h *ip) carries(proto byte) bool {
	if !h.v6 {
		return h.b[9] == proto
	}
	return h.b[6] == proto || h.b[6] == 44 && len(h.b) > 40 && h.b[40] == proto
}
