// Package fins reads FINS, the protocol of Omron's controllers, over UDP and TCP
// (Omron W227, FINS Commands Reference Manual, and W420 for FINS/TCP), and makes
// one fins record of each command and response.
package fins

import (
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is FINS.
var Protocol = proto.Spec{
	Name:      "fins",
	Transport: proto.TCP | proto.UDP,
	Ports:     []uint16{9600},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	// magic begins each message of FINS/TCP.
	magic = "FINS"
	// tcpHead is magic, length, command and error.
	tcpHead = 16
	// maxFrame bounds a FINS frame: 2012 bytes by the manual.
	maxFrame = 2048
)

// The commands of FINS/TCP.
const (
	tcpClientNode = 0
	tcpServerNode = 1
	tcpFrame      = 2
)

// Bits of the first byte, ICF.
const (
	icfGateway  = 0x80
	icfResponse = 0x40
	icfSilent   = 0x01 // no response is wanted
)

var errMessage = errors.New("fins: malformed message")

// parser follows one connection.
type parser struct{ c *proto.Conn }

// Parse implements proto.Parser.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		if isFrame(b, true) {
			p.frame(b)
		} else {
			p.c.Weird("fins_malformed_frame", "")
		}
		return proto.Step{Used: len(b)}, nil
	}
	used := 0
	for used < len(b) {
		c := wire.At(b[used:])
		start, length, command, status := c.Take(4), int64(c.U32()), c.U32(), c.U32()
		if !c.OK() {
			return proto.Step{Used: used, Need: tcpHead}, nil
		}
		if string(start) != magic || length < 8 || length > maxFrame+8 {
			return proto.Step{Used: used}, fmt.Errorf("%w: %q of %d bytes", errMessage, start, length)
		}
		body := c.Take(int(length) - 8)
		if !c.OK() {
			return proto.Step{Used: used, Need: 8 + int(length)}, nil
		}
		p.message(command, status, body)
		used += 8 + int(length)
	}
	return proto.Step{Used: len(b)}, nil
}

// message reads one message of FINS/TCP.
func (p *parser) message(command, status uint32, b []byte) {
	switch {
	case command == tcpFrame && isFrame(b, false):
		p.frame(b)
	case command == tcpClientNode || command == tcpServerNode:
		m := &Message{Conn: p.c.Head(), PDU: "NODE"}
		c := wire.At(b)
		if first, second := c.U32(), c.U32(); command == tcpClientNode {
			m.Name, m.Source = "node address request", fmt.Sprintf("0.%d.0", first&0xff)
		} else {
			m.Name, m.Dest, m.Source = "node address", fmt.Sprintf("0.%d.0", first&0xff), fmt.Sprintf("0.%d.0", second&0xff)
		}
		if status != 0 {
			m.TCPError = record.Some(status)
		}
		p.c.Confirm()
		p.c.Emit(m)
	case status != 0:
		p.c.Emit(&Message{Conn: p.c.Head(), PDU: "NODE", Name: "error", TCPError: record.Some(status)})
	default:
		p.c.Weird("fins_malformed_frame", "")
	}
}

// frame reads a header, a code, and of reads and writes where they go.
func (p *parser) frame(b []byte) {
	c := wire.At(b)
	icf := c.U8()
	c.Skip(2) // reserved, gateways
	node := func() string { return fmt.Sprintf("%d.%d.%d", c.U8(), c.U8(), c.U8()) }
	m := &Message{Conn: p.c.Head(), PDU: "REQ"}
	m.Dest, m.Source, m.SID = node(), node(), c.U8()
	code := c.U16()
	m.Code, m.Name, m.Write = fmt.Sprintf("%04x", code), commandNames[code], writes[code]
	if icf&icfResponse != 0 {
		m.PDU = "RESP"
		if end := c.U16(); c.OK() {
			m.End = record.Some(end & 0x7f3f) // without the flags of relays and CPU errors
		}
	} else if code == memoryRead || code == memoryWrite || code == memoryFill {
		area, address, bit, count := c.U8(), c.U16(), c.U8(), c.U16()
		if c.OK() {
			m.Area, m.Address, m.Bit, m.Count = record.Some(area), record.Some(address), record.Some(bit), record.Some(count)
		}
	}
	p.c.Confirm()
	p.c.Emit(m)
}

// isFrame tells whether b is a frame: its header's values, and a command that
// exists; strict, its units, too, of which some programs make up their own.
func isFrame(b []byte, strict bool) bool {
	c := wire.At(b)
	icf, reserved, gateways := c.U8(), c.U8(), c.U8()
	destNet := c.U8()
	c.Skip(1) // node
	destUnit, sourceNet := c.U8(), c.U8()
	c.Skip(1) // node
	sourceUnit := c.U8()
	c.Skip(1) // SID
	code := c.U16()
	if !c.OK() || len(b) > maxFrame || icf&^(icfGateway|icfResponse|icfSilent) != 0 || icf&icfGateway == 0 || reserved != 0 || gateways > 7 ||
		destNet > 127 || sourceNet > 127 || strict && (!isUnit(destUnit) || !isUnit(sourceUnit)) || commandNames[code] == "" {
		return false
	}
	switch {
	case icf&icfResponse != 0:
		return c.Len() >= 2
	case code == memoryRead:
		return c.Len() == 6
	case code == memoryWrite, code == memoryFill:
		return c.Len() >= 7
	}
	return true
}

// isUnit tells whether a unit exists: the CPU, a CPU bus unit, the network's
// own, an inner board or a computer.
func isUnit(u uint8) bool {
	return u == 0 || u >= 0x10 && u <= 0x1f || u >= 0x80 && u <= 0xbf || u == 0xe1 || u == 0xfe || u == 0xe0 || u == 1 || u == 2
}

// Gap ends reading: messages cannot be found again.
func (p *parser) Gap(proto.Dir, int) error {
	return fmt.Errorf("%w: some are missing", errMessage)
}

// Close implements proto.Parser.
func (p *parser) Close() {}

// probe takes a message of FINS/TCP or a frame.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case len(b) == 0:
		return proto.Maybe
	case b[0] == magic[0]:
		c := wire.At(b)
		start, length, command := c.Take(4), c.U32(), c.U32()
		switch {
		case !c.OK():
			if n := min(len(b), len(magic)); string(b[:n]) != magic[:n] {
				return proto.No
			}
			return proto.Maybe
		case string(start) == magic && length >= 8 && length <= maxFrame+8 && command <= 6:
			return proto.Yes
		}
	case b[0]&icfGateway != 0 && isFrame(b, true):
		return proto.Yes
	}
	return proto.No
}
