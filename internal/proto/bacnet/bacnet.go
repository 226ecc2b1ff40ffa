// Package bacnet reads BACnet/IP and makes a record of each message (bacnet)
// and of what matters in it: who is there (bacnet_discovery), properties read
// and written with their values (bacnet_property), devices silenced or
// restarted (bacnet_device_control). The records are those of CISA's Zeek
// package icsnpp-bacnet. Segmented messages are put together first.
//
// Specification: ANSI/ASHRAE 135 (clause 5.4 segmentation, 6 network layer, 13
// to 16 services, 20 encoding, annex J BACnet/IP), https://bacnet.org/.
package bacnet

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Protocol is BACnet/IP.
var Protocol = proto.Spec{
	Name:      "bacnet",
	Transport: proto.UDP,
	Ports:     []uint16{47808},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type, DiscoveryType, PropertyType, DeviceControlType},
}

const (
	bvlcType = 0x81
	headLen  = 4
	// maxTags bounds the tags of one message.
	maxTags = 8192
	// maxRows bounds the properties of one message.
	maxRows = 4096
	// maxBuffers bounds the messages of a connection whose segments are
	// collected at a time, maxBuffer the bytes of one: 255 segments of 1476.
	maxBuffers = 8
	maxBuffer  = 255 * 1476
)

// Functions of the virtual link layer (J.2).
const (
	bvlcResult      = 0x00
	bvlcForwarded   = 0x04
	bvlcDistribute  = 0x09
	bvlcUnicast     = 0x0a
	bvlcBroadcast   = 0x0b
	bvlcSecure      = 0x0c
	networkVersion  = 1
	controlMessage  = 0x80
	controlTarget   = 0x20
	controlSource   = 0x08
	controlReserved = 0x50
)

// probe looks for the header of the virtual link layer with the length of the
// datagram, and in it a network header.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < headLen || b[0] != bvlcType || b[1] > bvlcSecure || int(b[2])<<8|int(b[3]) != len(b) {
		return proto.No
	}
	ok := false
	switch b[1] {
	case bvlcResult:
		ok = len(b) == 6
	case 0x01, 0x03:
		ok = (len(b)-headLen)%10 == 0
	case 0x02, 0x06:
		ok = len(b) == headLen
	case bvlcForwarded:
		ok = network(b[min(len(b), headLen+6):])
	case 0x05:
		ok = len(b) == 6
	case 0x07:
		ok = (len(b)-headLen)%10 == 0
	case 0x08:
		ok = len(b) == 10
	case bvlcDistribute, bvlcUnicast, bvlcBroadcast:
		ok = network(b[headLen:])
	}
	if ok {
		return proto.Yes
	}
	return proto.No
}

// network tells whether b begins a network layer message.
func network(b []byte) bool {
	return len(b) > 2 && b[0] == networkVersion && b[1]&controlReserved == 0
}

// parser follows one connection.
type parser struct {
	c     *proto.Conn
	parts map[key]*segments
	asked map[key]uint8 // services of requests, from 1
}

// key is a request by its number and who asked.
type key struct {
	asker  proto.Dir
	invoke uint8
}

// message is one datagram while it is read.
type message struct {
	p        *parser
	head     record.Conn
	d        proto.Dir
	function uint8
	access   string
	rows     int
}

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	m := &message{p: p, head: p.c.Head(), d: d, access: ot.Other}
	c := wire.At(b)
	kind := c.U8()
	m.function = c.U8()
	n := int(c.U16())
	if !c.OK() || kind != bvlcType || n < headLen || n > len(b) {
		p.c.Weird("bacnet_no_header", "")
		return proto.Step{Used: len(b)}, nil
	}
	p.c.Confirm()
	c = wire.At(b[headLen:n])
	switch m.function {
	case bvlcResult:
		code := uint32(c.U16())
		if r := m.record(); c.OK() {
			r.Result = name('b', code)
			p.c.Emit(r)
		}
	case bvlcForwarded:
		c.Skip(6) // from whom
		m.npdu(&c)
	case bvlcDistribute, bvlcUnicast, bvlcBroadcast:
		m.npdu(&c)
	default:
		switch m.function {
		case 0x02, 0x03, 0x06, 0x07:
			m.access = ot.Read
		case 0x01, 0x05, 0x08:
			m.access = ot.Config
		}
		p.c.Emit(m.record())
	}
	return proto.Step{Used: len(b)}, nil
}

// record is the row of the message.
func (m *message) record() *Message {
	return &Message{Conn: m.head, Way: ot.From(m.head, m.d == proto.Orig), Function: name('f', uint32(m.function)), Access: m.access}
}

// npdu reads the network layer (6.2).
func (m *message) npdu(c *wire.Cursor) {
	if c.U8() != networkVersion {
		m.p.c.Weird("bacnet_network_version", "")
		return
	}
	control := c.U8()
	if control&controlTarget != 0 {
		c.Skip(2)
		c.Skip(int(c.U8()))
	}
	if control&controlSource != 0 {
		c.Skip(2)
		c.Skip(int(c.U8()))
	}
	if control&controlTarget != 0 {
		c.Skip(1) // hops left
	}
	if control&controlMessage == 0 {
		m.apdu(c)
		return
	}
	kind := c.U8()
	if !c.OK() {
		m.p.c.Weird("bacnet_too_short", "")
		return
	}
	switch kind {
	case 0x00, 0x12:
		m.access = ot.Read
	case 0x06, 0x08, 0x09:
		m.access = ot.Config
	}
	r := m.record()
	r.PDU, r.Service = "NPDU", name('n', uint32(kind))
	m.p.c.Emit(r)
}

// Gap cannot happen to datagrams.
func (*parser) Gap(proto.Dir, int) error { return nil }

// Close drops segments whose rest never came.
func (p *parser) Close() { p.parts, p.asked = nil, nil }
