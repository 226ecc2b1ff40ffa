// Package rdpeudp knows the UDP transport of Remote Desktop by its handshake
// (MS-RDPEUDP section 3.1.5.1): a padded SYN, and the answer to it. What it
// carries is TLS or DTLS in numbered parts and is not read. There are no
// records: the connection's service says it all.
package rdpeudp

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// Protocol is RDP-UDP, versions 1 to 3.
var Protocol = proto.Spec{
	Name: "rdpeudp", Transport: proto.UDP, Ports: []uint16{3389},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
}

// Flags of the FEC header (section 2.2.2.1).
const (
	flagSyn  = 0x0001
	flagAck  = 0x0004
	flagData = 0x0008
	flags    = 0x1fff // all that are defined
)

// Sizes of the handshake's datagrams: they are padded to what the path must
// carry (section 3.1.5.1.1).
const (
	minSize = 1132
	maxSize = 1232
	minMTU  = 1132 // section 2.2.2.5
)

type parser struct {
	c     *proto.Conn
	asked bool
}

// hello tells whether b is a SYN, or with ack the answer to one.
func hello(b []byte, ack bool) bool {
	if len(b) < minSize || len(b) > maxSize {
		return false
	}
	c := wire.At(b)
	acked := c.U32()
	c.Skip(2) // window
	f := c.U16()
	c.Skip(4) // first sequence number
	up, down := c.U16(), c.U16()
	return f&^flags == 0 && f&flagSyn != 0 && (f&flagAck != 0) == ack && (ack || acked == 0xffffffff) &&
		up >= minMTU && up <= maxSize && down >= minMTU && down <= maxSize
}

// inside tells whether b is data of version 1 that begins a record of TLS or
// DTLS, as the first after a handshake that was not seen.
func inside(b []byte) bool {
	c := wire.At(b)
	c.Skip(6)
	if f := c.U16(); f&^flags != 0 || f&(flagAck|flagData) != flagAck|flagData || f&flagSyn != 0 {
		return false
	}
	c.Skip(int(c.U16())) // acknowledgements
	c.Skip(-c.Off() & 3)
	c.Skip(8) // sequence numbers
	kind, version := c.U8(), c.U16()
	return c.OK() && kind >= 20 && kind <= 23 && (version >= 0x0301 && version <= 0x0303 || version == 0xfeff || version == 0xfefd)
}

func probe(d proto.Dir, b []byte) proto.Verdict {
	if hello(b, d == proto.Resp) || inside(b) {
		return proto.Yes
	}
	return proto.No
}

// Parse takes one datagram.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	switch {
	case d == proto.Orig && hello(b, false):
		p.asked = true
	case d == proto.Resp && p.asked && hello(b, true), !p.asked && inside(b):
		p.c.Confirm()
	}
	return proto.Step{Used: len(b)}, nil
}

// Gap implements proto.Parser.
func (p *parser) Gap(proto.Dir, int) error { return nil }

// Close implements proto.Parser.
func (p *parser) Close() {}
