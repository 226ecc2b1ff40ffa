// Package dhcp reads the Dynamic Host Configuration Protocol (RFC 2131, options
// RFC 2132): which address and names a device got from whom. Messages with the
// same transaction id make one record, as in Zeek, though broadcasts spread
// them over several connections.
package dhcp

import (
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

const (
	serverPort = 67
	clientPort = 68
	proxyPort  = 4011

	cookie   = 0x63825363
	optionAt = 240 // where options begin, behind the cookie
)

// Protocol is DHCP.
var Protocol = proto.Spec{
	Name: "dhcp", Transport: proto.UDP, Ports: []uint16{serverPort, clientPort, proxyPort},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
	Meet:  []uint16{serverPort, clientPort, proxyPort},
}

var errMessage = errors.New("dhcp: not a DHCP message")

// probe wants the magic cookie behind a head of a known operation.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) <= optionAt || b[0] != 1 && b[0] != 2 || string(b[236:optionAt]) != "\x63\x82\x53\x63" {
		return proto.No
	}
	return proto.Yes
}

type parser struct{ c *proto.Conn }

// Parse takes one datagram.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	m, ok := read(b)
	if !ok {
		return step, errMessage
	}
	p.c.Confirm()
	if m.kind == 0 {
		p.c.Weird("dhcp_no_type_option", "")
	}
	state, ok := p.c.Shared("dhcp", func() proto.Sharer { return newJoin(p.c) }).(*join)
	if !ok {
		return step, nil
	}
	if state.add(p.c, d, &m) {
		p.c.Weird("DHCP_max_tracked_transactions_exceeded", "")
	}
	return step, nil
}

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return errMessage }

// Close implements proto.Parser: conversations end by themselves.
func (p *parser) Close() {}
