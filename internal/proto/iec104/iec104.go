// Package iec104 reads IEC 60870-5-104, telecontrol of electric grids over
// TCP, into one record per application service data unit: which points of which
// station were reported, asked for or operated, and why. The numbered frames
// follow IEC 60870-5-104 clause 5, the data units IEC 60870-5-101 clause 7 with
// the sizes that the former fixes: two octets of cause and common address, three
// of information object address.
package iec104

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Protocol is IEC 60870-5-104.
var Protocol = proto.Spec{
	Name: "iec104", Transport: proto.TCP, Ports: []uint16{2404},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	start     = 0x68
	headLen   = 6 // start, length and control
	minLength = 4 // of the length octet
	maxLength = 253
	asduHead  = 6
	// maxLost is how many bytes may be passed over in the search for the next
	// frame before the connection is given up.
	maxLost = 16 << 10
	// maxProbed is how many frames are looked at.
	maxProbed = 8
)

var errFrame = errors.New("iec104: no frame found any more")

// unnumbered are the frames that control the connection (clause 5.1).
var unnumbered = map[uint8]string{
	0x07: "STARTDT act", 0x0b: "STARTDT con", 0x13: "STOPDT act", 0x23: "STOPDT con", 0x43: "TESTFR act", 0x83: "TESTFR con",
}

// Formats of frames.
const (
	formatI = 'I'
	formatS = 'S'
	formatU = 'U'
)

// format judges the header of a frame; 0 when it is none.
func format(b []byte) byte {
	n := int(b[1])
	switch {
	case b[0] != start || n < minLength || n > maxLength:
	case b[2]&1 == 0 && b[4]&1 == 0 && n >= minLength+asduHead:
		return formatI
	case n != minLength || b[4]&1 != 0 || b[3] != 0:
	case b[2] == 1:
		return formatS
	case unnumbered[b[2]] != "" && b[4] == 0 && b[5] == 0:
		return formatU
	}
	return 0
}

// probe wants frames, and of the first that has data that it makes sense.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) > 0 && b[0] != start || len(b) > 1 && b[1] < minLength {
		return proto.No
	}
	for range maxProbed {
		if len(b) < headLen {
			return proto.Maybe
		}
		switch format(b) {
		case formatU, formatS:
			return proto.Yes
		case formatI:
			n := 2 + int(b[1])
			if len(b) < headLen+asduHead {
				return proto.Maybe
			}
			if !sensible(b[headLen:min(n, len(b))]) {
				return proto.No
			}
			if len(b) >= n {
				return proto.Yes
			}
			return proto.Maybe
		default:
			return proto.No
		}
	}
	return proto.Maybe
}

// sensible tells whether a data unit has a type, a cause and a station.
func sensible(b []byte) bool {
	k, known := kindsByID[b[0]]
	_, cause := causes[b[2]&0x3f]
	n := int(b[1] & 0x7f)
	if !known || !cause || n == 0 || b[4] == 0 && b[5] == 0 {
		return false
	}
	return k.size == varies || b[1]&0x80 != 0 || len(b) <= asduHead+n*(3+k.size)
}

type parser struct {
	c         *proto.Conn
	lost      [2]bool
	inside    [2]bool // more of a frame is awaited
	passed    int
	confirmed bool
}

// Parse takes whole frames.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for {
		rest := b[used:]
		p.inside[d] = len(rest) > 0
		if len(rest) < headLen {
			return proto.Step{Used: used, Need: headLen}, nil
		}
		f := format(rest)
		if f == 0 {
			if !p.confirmed {
				return proto.Step{Used: used}, errFrame
			}
			if !p.lost[d] {
				p.lost[d] = true
				p.c.Weird("iec104_lost_place", "")
			}
			if p.passed++; p.passed > maxLost {
				return proto.Step{Used: used}, errFrame
			}
			used++
			continue
		}
		n := 2 + int(rest[1])
		if len(rest) < n {
			return proto.Step{Used: used, Need: n}, nil
		}
		p.lost[d], p.inside[d], p.passed = false, false, 0
		p.frame(d, f, rest[:n])
		used += n
	}
}

// frame handles one frame. Acknowledgements and tests of the connection leave
// no record.
func (p *parser) frame(d proto.Dir, f byte, b []byte) {
	if !p.confirmed {
		p.confirmed = true
		p.c.Confirm()
	}
	switch f {
	case formatU:
		if u := unnumbered[b[2]]; u[:6] != "TESTFR" {
			p.c.Emit(&Message{Conn: p.c.Head(), IsOrig: d == proto.Orig, APCI: "U", Control: u, Access: ot.Other})
		}
	case formatI:
		p.data(d, b[headLen:])
	}
}

// data reads an application service data unit (clause 7.1).
func (p *parser) data(d proto.Dir, b []byte) {
	c := wire.At(b)
	id, shape, cause, originator, common := c.U8(), c.U8(), c.U8(), c.U8(), c.L16()
	k, known := kindsByID[id]
	if !known {
		k = kind{fmt.Sprintf("unknown-%d", id), varies, ot.Other}
	}
	reason := cause & 0x3f
	m := &Message{
		Conn: p.c.Head(), IsOrig: d == proto.Orig, APCI: "I", TypeID: record.Some(id), Type: k.name,
		Direction: direction(id, reason), Cause: record.Some(reason), CauseName: causes[reason],
		Negative: record.Some(cause&0x40 != 0), Test: record.Some(cause&0x80 != 0), Originator: record.Some(originator),
		Common: record.Some(common), Count: record.Some(shape & 0x7f), Access: k.access,
	}
	if m.CauseName == "" {
		m.CauseName = fmt.Sprintf("unknown-%d", reason)
	}
	m.objects(&c, id, k, shape)
	if !c.OK() {
		p.c.Weird("iec104_truncated", k.name)
	}
	p.c.Emit(m)
}

// objects reads the addresses of the information objects: of each, or of the
// first of a sequence (clause 7.2.2).
func (m *Message) objects(c *wire.Cursor, id uint8, k kind, shape uint8) {
	n := int(shape & 0x7f)
	if shape&0x80 != 0 {
		first := address(c)
		for i := range n {
			if c.OK() {
				m.Objects = append(m.Objects, first+uint32(i))
			}
		}
		return
	}
	for i := range n {
		at := address(c)
		if !c.OK() {
			return
		}
		m.Objects = append(m.Objects, at)
		if k.size == varies {
			return // there is one only
		}
		o := c.Sub(k.size)
		if i == 0 && c.OK() {
			m.Command = command(id, &o)
		}
	}
}

// address reads the address of an information object.
func address(c *wire.Cursor) uint32 { return uint32(c.L16()) | uint32(c.U8())<<16 }

// direction tells whether a type goes to the controlled station or comes from
// it. Confirmations and refusals of commands come back with their type.
func direction(id, cause uint8) string {
	if id < firstControl || id > lastControl && id < firstSystem || id > lastParameter {
		return "monitor"
	}
	switch cause {
	case causeConfirmation, causeDeactivationCon, causeTermination:
		return "monitor"
	}
	if cause >= causeUnknownType && cause <= causeUnknownLast {
		return "monitor"
	}
	return "control"
}

// command writes what a command does.
func command(id uint8, c *wire.Cursor) string {
	if id >= firstTimed && id <= lastTimed {
		id -= timed
	}
	what := ""
	var qualifier uint8
	switch id {
	case singleCommand:
		qualifier = c.U8()
		what = [...]string{"off", "on"}[qualifier&1]
	case doubleCommand:
		qualifier = c.U8()
		what = [...]string{"not permitted 0", "off", "on", "not permitted 3"}[qualifier&3]
	case regulatingCommand:
		qualifier = c.U8()
		what = [...]string{"not permitted 0", "lower", "higher", "not permitted 3"}[qualifier&3]
	case setNormalised:
		what = strconv.FormatFloat(float64(int16(c.L16()))/(1<<15), 'g', 6, 64)
		qualifier = c.U8()
	case setScaled:
		what = strconv.Itoa(int(int16(c.L16())))
		qualifier = c.U8()
	case setFloat:
		what = strconv.FormatFloat(float64(math.Float32frombits(c.L32())), 'g', -1, 32)
		qualifier = c.U8()
	case setBits:
		return fmt.Sprintf("execute 0x%08x", c.L32())
	default:
		return ""
	}
	if qualifier&0x80 != 0 {
		return "select " + what
	}
	return "execute " + what
}

// Gap drops what the missing bytes were part of.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.lost[d] = p.lost[d] || p.inside[d]
	p.inside[d] = false
	return nil
}

// Close has nothing to write: every frame stands for itself.
func (p *parser) Close() {}
