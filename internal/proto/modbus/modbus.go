// Package modbus reads Modbus/TCP (Modbus Application Protocol V1.1b3, Modbus
// Messaging on TCP/IP V1.0b) into Zeek's modbus record, one per message, and
// into the records of CISA's Zeek package: a request with its response, which
// coils and registers it names, and what was read from or written to them.
package modbus

import (
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is Modbus/TCP.
var Protocol = proto.Spec{
	Name: "modbus", Transport: proto.TCP, Ports: []uint16{502},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type, DetailType, MaskWriteType, ReadWriteType, IdentityType},
}

const (
	headLen = 8 // transaction, protocol, length, unit and function
	lenFrom = 6 // bytes that the length does not count
	// maxLost is how many bytes may be passed over in the search for the next
	// message before the connection is given up.
	maxLost = 64 << 10
	// maxPending is how many messages of a direction wait for their other half.
	maxPending = 64
)

var errHeader = errors.New("modbus: no Modbus/TCP message found any more")

type parser struct {
	c         *proto.Conn
	waiting   [2][]*Detail // by direction, oldest first
	umas      string       // what the last request of function 90 did
	half      [2]half
	confirmed bool
}

// half is one direction.
type half struct {
	inside bool     // more of a message is awaited
	begun  *Message // its header, when that is there
	lost   bool     // the next message has to be searched for
	passed int      // bytes passed over since the last message
}

// adu is one message with its header.
type adu struct {
	tid  uint16
	unit uint8
	fc   uint8
	body []byte
}

// Parse takes whole messages.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	h := &p.half[d]
	used := 0
	for {
		c := wire.At(b[used:])
		m := adu{tid: c.U16()}
		protocol, n := c.U16(), int(c.U16())
		m.unit, m.fc = c.U8(), c.U8()
		if !c.OK() {
			h.inside = len(b) > used
			return proto.Step{Used: used, Need: headLen}, nil
		}
		if protocol != 0 || n < 2 || h.lost && !plausible(d, m.unit, m.fc, n) {
			if !h.lost {
				h.lost = true
				p.c.Weird("modbus_header_violation", "")
			}
			if h.passed++; h.passed > maxLost {
				return proto.Step{Used: used}, errHeader
			}
			used++
			continue
		}
		if m.body = c.Take(n - 2); !c.OK() {
			h.inside = true
			if h.begun == nil {
				h.begun = p.header(d, &m, h.lost)
			}
			return proto.Step{Used: used, Need: lenFrom + n}, nil
		}
		r := h.begun
		if r == nil {
			r = p.header(d, &m, h.lost)
		}
		*h = half{}
		p.message(d, &m, r)
		used += lenFrom + n
	}
}

// plausible tells whether a header is one that devices send, for where the
// place in the stream is lost.
func plausible(d proto.Dir, unit, fc uint8, n int) bool {
	if n > maxBody+2 || unit > maxSerial && unit != 0xff {
		return false
	}
	if fc&errorBit != 0 {
		return d == proto.Resp && n == 3
	}
	return sized(d, fc, n-2)
}

// Gap implements proto.Parser: between messages nothing is lost but messages.
func (p *parser) Gap(d proto.Dir, _ int) error {
	if p.half[d].inside {
		p.cutOff(d)
		p.half[d] = half{lost: true}
	}
	return nil
}

// cutOff writes a message of which nothing but the header is there. As Zeek,
// it takes the header's word for it.
func (p *parser) cutOff(d proto.Dir) {
	if r := p.half[d].begun; r != nil {
		p.c.Emit(r)
	}
}

// Close writes what is still without its other half.
func (p *parser) Close() {
	for d := range p.waiting {
		p.cutOff(proto.Dir(d))
		for _, r := range p.waiting[d] {
			p.alone(r)
		}
		p.waiting[d] = nil
	}
}

// alone writes a request or response without its other half.
func (p *parser) alone(r *Detail) {
	r.Matched = record.Some(false)
	p.c.Emit(r)
}

// take returns the message of direction d with transaction tid that waits for
// its other half, or nil.
func (p *parser) take(d proto.Dir, tid uint16) *Detail {
	for i, r := range p.waiting[d] {
		if r.TID == tid {
			p.waiting[d] = append(p.waiting[d][:i], p.waiting[d][i+1:]...)
			return r
		}
	}
	return nil
}

// wait keeps a message until its other half comes.
func (p *parser) wait(d proto.Dir, r *Detail) {
	if old := p.take(d, r.TID); old != nil {
		p.alone(old)
	}
	if len(p.waiting[d]) >= maxPending {
		p.c.Weird("modbus_too_many_pending", "")
		p.alone(p.waiting[d][0])
		p.waiting[d] = append(p.waiting[d][:0], p.waiting[d][1:]...)
	}
	p.waiting[d] = append(p.waiting[d], r)
}
