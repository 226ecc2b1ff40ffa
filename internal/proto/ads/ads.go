// Package ads reads Beckhoff's ADS, by which TwinCAT controllers are read,
// written and controlled: over TCP with an AMS header, and the search for
// controllers and the adding of routes over UDP. Each message makes an ads
// record.
//
// Specification: Beckhoff Information System, TwinCAT ADS/AMS protocol
// (TE1000, "AMS/TCP packet", "ADS commands").
package ads

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Protocol is ADS.
var Protocol = proto.Spec{
	Name:      "ads",
	Transport: proto.TCP | proto.UDP,
	Ports:     []uint16{48898, 48899},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	tcpLen = 6
	amsLen = 32
	udpLen = 24
	// maxBody is how much of a message is waited for; what is longer is read
	// as far as that and passed over.
	maxBody = 4 << 10
	// maxSize is what a length may say and still be believed.
	maxSize = 1 << 24
	// maxTags bounds the tags of a datagram, maxName a name in a record.
	maxTags = 64
	maxName = 256
	// maxAsked bounds the requests that are remembered for their answers.
	maxAsked = 64
)

var errHeader = errors.New("ads: no AMS header")

// cookie begins each datagram.
var cookie = []byte{0x03, 0x66, 0x14, 0x71}

// probe looks for an AMS header with its length, or for the cookie.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case len(b) < 2:
		return proto.Maybe
	case b[0] == cookie[0] && len(b) >= udpLen && bytes.HasPrefix(b, cookie):
		return proto.Yes
	case b[0] != 0 || b[1] != 0:
		return proto.No
	case len(b) < tcpLen+amsLen:
		if len(b) >= tcpLen && b[5] != 0 {
			return proto.No
		}
		return proto.Maybe
	case isHeader(b):
		return proto.Yes
	}
	return proto.No
}

// isHeader tells whether b begins with the header of TCP and a whole one of
// AMS whose lengths agree.
func isHeader(b []byte) bool {
	c := wire.At(b)
	if c.U16() != 0 {
		return false
	}
	n := c.L32()
	c.Skip(16)
	cmd, flags, data := c.L16(), c.L16(), c.L32()
	return c.OK() && n >= amsLen && n <= maxSize && n == amsLen+data && cmd <= 9 && flags&4 != 0 && flags&^uint16(0x1ff) == 0
}

// parser follows one connection.
type parser struct {
	c     *proto.Conn
	skip  [2]int
	seek  [2]bool
	asked map[uint32]string // what requests do, by their number
}

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		p.datagram(d, b)
		return proto.Step{Used: len(b)}, nil
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		if n := min(p.skip[d], len(rest)); n > 0 {
			p.skip[d] -= n
			used += n
			continue
		}
		if len(rest) < tcpLen+amsLen {
			return proto.Step{Used: used, Need: tcpLen + amsLen}, nil
		}
		if !isHeader(rest) {
			if !p.seek[d] {
				return proto.Step{Used: used}, fmt.Errorf("%w: %.6x", errHeader, rest[:tcpLen])
			}
			used++
			continue
		}
		c := wire.At(rest[2:])
		n := tcpLen + int(c.L32())
		have := min(n, maxBody)
		if len(rest) < have {
			return proto.Step{Used: used, Need: have}, nil
		}
		p.seek[d], p.skip[d] = false, n-have
		p.message(d, rest[tcpLen:have])
		used += have
	}
	return proto.Step{Used: used}, nil
}

// commands are the names of commands and what they do.
var commands = [...]struct{ name, access string }{
	{"Invalid", ot.Other}, {"Read Device Info", ot.Read}, {"Read", ot.Read}, {"Write", ot.Write}, {"Read State", ot.Read},
	{"Write Control", ot.Control}, {"Add Notification", ot.Read}, {"Delete Notification", ot.Read}, {"Notification", ot.Read},
	{"Read Write", ot.Write},
}

// Index groups that ask for more than a plain value.
const (
	groupHandleByName = 0xf003
	groupValueByName  = 0xf004
	groupInfoByName   = 0xf007
	groupInfoByNameEx = 0xf009
	groupSumRead      = 0xf080
	groupFileOpen     = 120
	groupFileDelete   = 131
)

// message reads one message with its AMS header.
func (p *parser) message(d proto.Dir, b []byte) {
	p.c.Confirm()
	head := p.c.Head()
	c := wire.At(b)
	r := &Message{Conn: head, Way: ot.From(head, d == proto.Orig), Target: address(&c), Source: address(&c)}
	cmd, flags := c.L16(), c.L16()
	length, code := c.L32(), c.L32()
	invoke := c.L32()
	r.Invoke = record.Some(uint64(invoke))
	r.Command, r.Access = commands[cmd].name, commands[cmd].access
	r.Direction = "request"
	r.Length = uint64(length)
	if flags&1 != 0 {
		r.Direction = "response"
		if length >= 4 && code == 0 && cmd != 8 {
			code = c.L32()
		}
		r.Error = record.Some(uint64(code))
		if a, ok := p.asked[invoke]; ok {
			r.Access = a
			delete(p.asked, invoke)
		}
	} else {
		request(r, cmd, &c)
		if p.asked == nil || len(p.asked) == maxAsked {
			p.asked = map[uint32]string{}
		}
		p.asked[invoke] = r.Access
	}
	p.c.Emit(r)
}

// request reads what a request is about.
func request(r *Message, cmd uint16, c *wire.Cursor) {
	switch cmd {
	case 2, 3, 6, 9:
		group := c.L32()
		offset := c.L32()
		if !c.OK() {
			return
		}
		r.Group, r.Offset = fmt.Sprintf("0x%08x", group), fmt.Sprintf("0x%08x", offset)
		if cmd != 9 {
			return
		}
		c.Skip(4) // bytes to read
		n := int(c.L32())
		switch {
		case group == groupHandleByName || group == groupValueByName || group == groupInfoByName || group == groupInfoByNameEx:
			r.Access = ot.Read
			if n <= maxName {
				r.Symbol = strings.TrimRight(string(c.Take(n)), "\x00")
			}
		case group == groupSumRead:
			r.Access = ot.Read
		case group >= groupFileOpen && group <= groupFileDelete:
			r.Access = ot.Program
		}
	case 5:
		if state := c.L16(); c.OK() {
			r.State = stateName(state)
		}
	}
}

var states = [...]string{
	"Invalid", "Idle", "Reset", "Init", "Start", "Run", "Stop", "Save Config", "Load Config", "Power Failure", "Power Good",
	"Error", "Shutdown", "Suspend", "Resume", "Config", "Reconfig",
}

// stateName names a state of a controller.
func stateName(v uint16) string {
	if int(v) < len(states) {
		return states[v]
	}
	return fmt.Sprint(v)
}

// address reads an AMS address: net id and port.
func address(c *wire.Cursor) string {
	id, port := c.Take(6), c.L16()
	if id == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", netID(id), port)
}

func netID(b []byte) string {
	return fmt.Sprintf("%d.%d.%d.%d.%d.%d", b[0], b[1], b[2], b[3], b[4], b[5])
}

// services are those over UDP.
var services = map[uint32]struct{ name, access string }{
	1: {"Read Service Info", ot.Read}, 6: {"Add Route", ot.Config},
}

// datagram reads a message over UDP.
func (p *parser) datagram(d proto.Dir, b []byte) {
	c := wire.At(b)
	if !bytes.Equal(c.Take(4), cookie) {
		p.c.Weird("ads_no_header", "")
		return
	}
	head := p.c.Head()
	r := &Message{Conn: head, Way: ot.From(head, d == proto.Orig), Access: ot.Other}
	r.Invoke = record.Some(uint64(c.L32()))
	op := c.L32()
	r.Source = address(&c)
	n := int(c.L32())
	if !c.OK() {
		p.c.Weird("ads_too_short", "")
		return
	}
	p.c.Confirm()
	r.Direction, r.Length = "request", uint64(len(b))
	if op>>31 != 0 {
		r.Direction = "response"
	}
	what, ok := services[op&^(1<<31)]
	if !ok {
		what.name, what.access = fmt.Sprintf("Service %d", op&^(1<<31)), ot.Other
	}
	r.Command, r.Access = what.name, what.access
	for range min(n, maxTags) {
		tag := c.L16()
		v := c.Take(int(c.L16()))
		if !c.OK() || len(v) > maxName {
			continue
		}
		switch text := strings.TrimRight(string(v), "\x00"); tag {
		case 1:
			if len(v) == 4 {
				e := wire.At(v)
				r.Error = record.Some(uint64(e.L32()))
			}
		case 5:
			r.Host = text
		case 7:
			if len(v) == 6 {
				r.RouteID = netID(v)
			}
		case 12:
			r.Route = text
		case 13:
			r.User = text
		case 18:
			r.Fingerprint = text
			if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
				r.Fingerprint = hex.EncodeToString(v)
			}
		}
	}
	p.c.Emit(r)
}

// Gap goes on with the next header that can be found.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.skip[d] >= n {
		p.skip[d] -= n
		return nil
	}
	p.skip[d], p.seek[d] = 0, true
	return nil
}

// Close has nothing to emit.
func (*parser) Close() {}
