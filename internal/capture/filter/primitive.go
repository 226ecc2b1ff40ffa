package filter

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// direction says which end of a packet a primitive means.
type direction uint8

const (
	either direction = iota // src or dst
	src
	dst
	both // src and dst
)

// ends asks a question of both ends as the direction says.
func (d direction) ends(ask func(source bool) bool) bool {
	switch d {
	case src:
		return ask(true)
	case dst:
		return ask(false)
	case both:
		return ask(true) && ask(false)
	}
	return ask(true) || ask(false)
}

// family says which network protocol a primitive is about.
type family uint8

const (
	anyFamily family = iota
	ipv4
	ipv6
	arp
	rarp
)

// etherType is "ip", "arp", "ether proto N".
type etherType struct {
	s    shift
	kind uint16
}

func (n etherType) match(p *packet) bool {
	kind, at := p.network(n.s)
	return at >= 0 && kind == n.kind
}

// ipProto is "tcp", "ip proto N", "ip6 proto N".
type ipProto struct {
	s      shift
	family family
	proto  byte
}

func (n ipProto) match(p *packet) bool {
	h, ok := p.ip(n.s)
	if !ok || n.family == ipv4 && h.v6 || n.family == ipv6 && !h.v6 {
		return false
	}
	return h.carries(n.proto)
}

// network is "host" and "net": an address under a mask at one end.
type network struct {
	s      shift
	family family
	dir    direction
	prefix netip.Prefix
}

func (n network) match(p *packet) bool {
	kind, at := p.network(n.s)
	if at < 0 {
		return false
	}
	b := p.frame.Data[min(at, len(p.frame.Data)):]
	var from, to, size int
	switch {
	case kind == etherIP && (n.family == anyFamily || n.family == ipv4) && n.prefix.Addr().Is4():
		from, to, size = 12, 16, 4
	case kind == etherIPv6 && (n.family == anyFamily || n.family == ipv6) && n.prefix.Addr().Is6():
		from, to, size = 8, 24, 16
	case (kind == etherARP && (n.family == anyFamily || n.family == arp) ||
		kind == etherRARP && (n.family == anyFamily || n.family == rarp)) && n.prefix.Addr().Is4():
		from, to, size = 14, 24, 4
	default:
		return false
	}
	return n.dir.ends(func(source bool) bool {
		at := to
		if source {
			at = from
		}
		if at+size > len(b) {
			p.short = true
			return false
		}
		a, _ := netip.AddrFromSlice(b[at : at+size])
		return n.prefix.Contains(a)
	})
}

// ports is "port" and "portrange". protos are those that the port is of.
type ports struct {
	s        shift
	family   family
	dir      direction
	protos   []byte
	low, top uint16
}

func (n ports) match(p *packet) bool {
	h, ok := p.ip(n.s)
	if !ok || n.family == ipv4 && h.v6 || n.family == ipv6 && !h.v6 {
		return false
	}
	for _, proto := range n.protos {
		b, ok := h.transport(proto)
		if !ok {
			continue
		}
		if len(b) < 4 {
			p.short = true
			return false
		}
		return n.dir.ends(func(source bool) bool {
			port := binary.BigEndian.Uint16(b[2:])
			if source {
				port = binary.BigEndian.Uint16(b)
			}
			return port >= n.low && port <= n.top
		})
	}
	return false
}

// hardware is "ether host".
type hardware struct {
	dir direction
	mac [6]byte
}

func (n hardware) match(p *packet) bool {
	b := p.frame.Data
	if !p.ethernet() {
		return false
	}
	return n.dir.ends(func(source bool) bool {
		if source {
			return bytes.Equal(b[6:12], n.mac[:])
		}
		return bytes.Equal(b[:6], n.mac[:])
	})
}

// cast is "broadcast" and "multicast".
type cast struct {
	s     shift
	of    family // anyFamily: of Ethernet
	multi bool
}

func (n cast) match(p *packet) bool {
	if n.of == anyFamily {
		b := p.frame.Data
		if !p.ethernet() {
			return false
		}
		if n.multi {
			return b[0]&1 != 0
		}
		return bytes.Equal(b[:6], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	}
	h, ok := p.ip(n.s)
	switch {
	case !ok || h.v6 != (n.of == ipv6):
		return false
	case h.v6:
		return h.b[24] == 0xff
	}
	return h.b[16] >= 224
}

// vlan is "vlan [ID]": behind those that earlier primitives have passed over.
type vlan struct {
	s  shift
	id int // -1: any
}

func (n vlan) match(p *packet) bool {
	kind, at := p.network(n.s)
	if at < 0 || !isVLAN(kind) || at+2 > len(p.frame.Data) {
		return false
	}
	return n.id < 0 || int(binary.BigEndian.Uint16(p.frame.Data[at:])&0xfff) == n.id
}

// mpls is "mpls [LABEL]".
type mpls struct {
	s     shift
	label int // -1: any
}

func (n mpls) match(p *packet) bool {
	var at int
	var kind uint16
	b := p.frame.Data
	if n.s.labels == 0 {
		kind, at = p.network(n.s)
		if kind != etherMPLS && kind != etherMPLSM {
			return false
		}
	} else {
		above := n.s
		above.labels = 0
		if kind, at = p.network(above); kind != etherMPLS && kind != etherMPLSM {
			return false
		}
		at += 4 * n.s.labels
		if at > len(b) || b[at-2]&1 != 0 { // the label before was the last
			return false
		}
	}
	if at < 0 || at+4 > len(b) {
		return false
	}
	return n.label < 0 || int(binary.BigEndian.Uint32(b[at:])>>12) == n.label
}

// pppoe is "pppoes [SESSION]" and "pppoed".
type pppoe struct {
	s       shift
	kind    uint16
	session int // -1: any
}

func (n pppoe) match(p *packet) bool {
	kind, at := p.network(n.s)
	if at < 0 || kind != n.kind {
		return false
	}
	b := p.frame.Data
	return n.session < 0 || at+4 <= len(b) && int(binary.BigEndian.Uint16(b[at+2:])) == n.session
}

// ethernet tells whether the frame has an Ethernet header.
func (p *packet) ethernet() bool { return p.frame.Link == 1 && len(p.frame.Data) >= 14 }
