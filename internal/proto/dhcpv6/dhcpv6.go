// Package dhcpv6 reads DHCP for IPv6 (RFC 8415), also inside the wraps of
// relays, into one record of each message: who asks for or gets which address,
// network, names and resolvers.
package dhcpv6

import (
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is DHCPv6.
var Protocol = proto.Spec{
	Name: "dhcpv6", Transport: proto.UDP, Ports: []uint16{547, 546},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	maxRelays  = 8 // RFC 8415 section 7.6: HOP_COUNT_LIMIT
	maxOptions = 256
	maxDepth   = 4 // options within options
	maxList    = 16
)

// Message types (section 7.3) that wrap others.
const (
	relayForward = 12
	relayReply   = 13
)

var types = [...]string{
	1: "SOLICIT", 2: "ADVERTISE", 3: "REQUEST", 4: "CONFIRM", 5: "RENEW", 6: "REBIND", 7: "REPLY", 8: "RELEASE", 9: "DECLINE",
	10: "RECONFIGURE", 11: "INFORMATION-REQUEST", relayForward: "RELAY-FORW", relayReply: "RELAY-REPL",
}

var errMessage = errors.New("dhcpv6: not a DHCPv6 message")

type parser struct{ c *proto.Conn }

// probe wants options that fill the message, with an identifier or what a
// relay wraps among them.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < 8 || b[0] == 0 || b[0] > relayReply {
		return proto.No
	}
	at := 4
	if b[0] >= relayForward {
		at = 34
	}
	if len(b) < at {
		return proto.No
	}
	known := false
	whole := options(b[at:], func(code uint16, v []byte) {
		switch code {
		case optClientID, optServerID:
			known = known || len(v) >= 6 && v[0] == 0 && v[1] >= 1 && v[1] <= 4
		case optRelayed:
			known = known || b[0] >= relayForward
		}
	})
	if whole && known {
		return proto.Yes
	}
	return proto.No
}

// options gives f every option; it tells whether they fill b.
func options(b []byte, f func(code uint16, v []byte)) bool {
	c := wire.At(b)
	for n := 0; c.Len() > 0 && n < maxOptions; n++ {
		code, size := c.U16(), int(c.U16())
		v := c.Take(size)
		if !c.OK() {
			return false
		}
		f(code, v)
	}
	return c.Len() == 0
}

// Parse takes one datagram.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	m := &Message{Conn: p.c.Head()}
	for len(b) > 34 && (b[0] == relayForward || b[0] == relayReply) {
		c := wire.At(b)
		c.Skip(2 + 16) // type, hops, link
		m.Peer = addr(c.Take(16))
		var inner []byte
		options(c.Rest(), func(code uint16, v []byte) {
			if code == optRelayed {
				inner = v
			}
		})
		if m.Relays++; inner == nil || m.Relays > maxRelays {
			return step, errMessage
		}
		b = inner
	}
	c := wire.At(b)
	kind := c.U8()
	m.XID = c.U24()
	if !c.OK() || kind == 0 {
		return step, errMessage
	}
	m.Type = fmt.Sprint(kind)
	if int(kind) < len(types) {
		m.Type = types[kind]
	}
	if !options(c.Rest(), func(code uint16, v []byte) { m.option(code, v, 0) }) {
		p.c.Weird("dhcpv6_truncated_option", m.Type)
	}
	p.c.Confirm()
	p.c.Emit(m)
	return step, nil
}

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return errMessage }

// Close implements proto.Parser.
func (p *parser) Close() {}
