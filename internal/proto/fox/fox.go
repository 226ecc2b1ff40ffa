// Package fox reads Tridium's Niagara Fox, the protocol between stations and
// workbenches of building automation. A fox record says who is there (hello),
// who logs in, and which operations were used on a connection, each once.
//
// There is no public specification; the frames are text and speak for
// themselves: "fox a 1 -1 fox hello", a block in braces, ";;".
package fox

import (
	"bytes"
	"errors"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Protocol is Niagara Fox.
var Protocol = proto.Spec{
	Name:      "fox",
	Transport: proto.TCP,
	Ports:     []uint16{1911, 3011},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	// maxFrame bounds a frame; what is longer is passed over.
	maxFrame = 64 << 10
	// maxSeen bounds the operations of a connection that are remembered.
	maxSeen = 256
	// maxValue bounds a value in a record.
	maxValue = 1024
)

var (
	errFrame = errors.New("fox: no frame")
	start    = []byte("fox ")
	end      = []byte("\n};;\n")
)

// probe looks for the first line of a frame.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	n := min(len(b), len(start))
	if !bytes.Equal(b[:n], start[:n]) {
		return proto.No
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	switch {
	case whole && len(bytes.Fields(line)) == 6:
		return proto.Yes
	case whole || len(b) > 128:
		return proto.No
	}
	return proto.Maybe
}

// parser follows one connection.
type parser struct {
	c    *proto.Conn
	seen map[string]struct{}
	long [2]bool // within a frame that is too long, or after a gap
	past [2]int  // bytes of an unfinished frame in which its end is not
}

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		if !p.long[d] {
			if n := min(len(rest), len(start)); !bytes.Equal(rest[:n], start[:n]) {
				return proto.Step{Used: used}, errFrame
			}
		}
		from := min(p.past[d], len(rest))
		p.past[d] = 0
		i := bytes.Index(rest[from:], end)
		if i >= 0 {
			i += from
		}
		switch {
		case i >= 0 && p.long[d]:
			p.long[d] = false
			used += i + len(end)
		case i >= 0:
			p.frame(d, rest[:i])
			used += i + len(end)
		case p.long[d]:
			return proto.Step{Used: max(used, len(b)-len(end)+1)}, nil
		case len(rest) > maxFrame:
			p.c.Weird("fox_frame_too_long", "")
			p.long[d] = true
		default:
			p.past[d] = max(len(rest)-len(end)+1, 0)
			return proto.Step{Used: used}, nil
		}
	}
	return proto.Step{Used: used}, nil
}

// frame reads one frame. What says who is there makes a row each time, other
// operations the first time.
func (p *parser) frame(d proto.Dir, b []byte) {
	line, body, _ := bytes.Cut(b, []byte("\n"))
	f := strings.Fields(string(line))
	if len(f) != 6 {
		p.c.Weird("fox_malformed", "")
		return
	}
	p.c.Confirm()
	channel, operation := f[4], f[5]
	if channel != "fox" {
		key := f[1] + " " + channel + " " + operation
		if _, old := p.seen[key]; old || len(p.seen) == maxSeen {
			return
		}
		if p.seen == nil {
			p.seen = map[string]struct{}{}
		}
		p.seen[key] = struct{}{}
	}
	head := p.c.Head()
	r := &Message{Conn: head, Way: ot.From(head, d == proto.Orig), Kind: f[1], Channel: channel, Operation: operation, Access: accessOf(channel, operation)}
	fields := r.fields()
	for l := range bytes.Lines(body) {
		name, value, ok := strings.Cut(strings.TrimRight(string(l), "\r\n"), "=s:")
		if to := fields[name]; ok && to != nil && len(value) <= maxValue {
			*to = value
		}
	}
	p.c.Emit(r)
}

// accessOf tells what an operation does, as far as its name says.
func accessOf(channel, operation string) string {
	if channel == "fox" {
		if operation == "hello" {
			return ot.Read
		}
		return ot.Other
	}
	op := strings.ToLower(operation)
	for _, w := range []struct{ part, access string }{
		{"invoke", ot.Control}, {"override", ot.Control}, {"write", ot.Write}, {"set", ot.Write}, {"upload", ot.Program},
		{"install", ot.Program}, {"delete", ot.Config}, {"add", ot.Config}, {"rename", ot.Config}, {"read", ot.Read},
		{"get", ot.Read}, {"load", ot.Read}, {"list", ot.Read}, {"sub", ot.Read}, {"query", ot.Read},
	} {
		if strings.HasPrefix(op, w.part) {
			return w.access
		}
	}
	return ot.Other
}

// Gap goes on with the next frame.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.long[d], p.past[d] = true, 0
	return nil
}

// Close has nothing to emit.
func (*parser) Close() {}
