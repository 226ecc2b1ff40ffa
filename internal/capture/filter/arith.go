package filter

import "encoding/binary"

// number is an arithmetic expression. ok is false when the packet is too short
// or not of the protocol that the expression asks: no comparison holds then.
type number interface {
	value(p *packet) (v uint32, ok bool)
}

type (
	constant uint32
	length   struct{} // "len"
	binop    struct {
		op   string
		a, b number
	}
	// load is "proto[offset:size]".
	load struct {
		s     shift
		layer layer
		at    number
		size  int
	}
)

// layer is what the offset of a load counts from.
type layer struct {
	name   string
	proto  byte   // above IPv4, when transport
	kind   uint16 // EtherType of a network layer
	v6     bool   // above IPv6, when transport
	isLink bool
}

var layersByName = map[string]layer{
	"ether": {isLink: true}, "link": {isLink: true}, "fddi": {isLink: true}, "tr": {isLink: true}, "ppp": {isLink: true}, "slip": {isLink: true},
	"ip": {kind: etherIP}, "ip6": {kind: etherIPv6}, "arp": {kind: etherARP}, "rarp": {kind: etherRARP},
	"tcp": {proto: 6}, "udp": {proto: 17}, "icmp": {proto: 1}, "igmp": {proto: 2}, "sctp": {proto: 132},
	"pim": {proto: 103}, "vrrp": {proto: 112}, "igrp": {proto: 9}, "icmp6": {proto: 58, v6: true},
}

func (c constant) value(*packet) (uint32, bool) { return uint32(c), true }

func (length) value(p *packet) (uint32, bool) { return uint32(p.frame.Len), true }

func (n binop) value(p *packet) (uint32, bool) {
	a, ok := n.a.value(p)
	if !ok {
		return 0, false
	}
	b, ok := n.b.value(p)
	if !ok {
		return 0, false
	}
	v, ok := apply(n.op, a, b)
	p.short = p.short || !ok
	return v, ok
}

// apply computes; a division by zero has no value.
func apply(op string, a, b uint32) (uint32, bool) {
	switch op {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	case "&":
		return a & b, true
	case "|":
		return a | b, true
	case "^":
		return a ^ b, true
	case "<<":
		return a << b, true
	case ">>":
		return a >> b, true
	}
	if b == 0 {
		return 0, false // as in the machine that libpcap compiles for
	}
	if op == "/" {
		return a / b, true
	}
	return a % b, true
}

func (n load) value(p *packet) (uint32, bool) {
	b, ok := n.base(p)
	if !ok {
		return 0, false
	}
	at, ok := n.at.value(p)
	if !ok {
		return 0, false
	}
	if uint64(at)+uint64(n.size) > uint64(len(b)) {
		p.short = true
		return 0, false
	}
	b = b[at:]
	switch n.size {
	case 1:
		return uint32(b[0]), true
	case 2:
		return uint32(binary.BigEndian.Uint16(b)), true
	}
	return binary.BigEndian.Uint32(b), true
}

func (n load) base(p *packet) ([]byte, bool) {
	switch {
	case n.layer.isLink:
		return p.frame.Data, true
	case n.layer.kind != 0:
		kind, at := p.network(n.s)
		if at < 0 || at > len(p.frame.Data) || kind != n.layer.kind {
			return nil, false
		}
		return p.frame.Data[at:], true
	}
	h, ok := p.ip(n.s)
	if !ok || h.v6 != n.layer.v6 {
		return nil, false
	}
	return h.transport(n.layer.proto)
}

// relation compares two numbers, without sign.
type relation struct {
	op   string
	a, b number
}

func (n relation) match(p *packet) bool {
	a, ok := n.a.value(p)
	if !ok {
		return false
	}
	b, ok := n.b.value(p)
	if !ok {
		return false
	}
	switch n.op {
	case "=", "==":
		return a == b
	case "!=":
		return a != b
	case ">":
		return a > b
	case "<":
		return a < b
	case ">=":
		return a >= b
	}
	return a <= b
}
