// Package yamux reads yamux, which carries many streams over one connection
// (https://github.com/hashicorp/yamux/blob/master/spec.md). FRP, ligolo-ng and
// other tunnels use it, and so do Consul and Nomad. What a stream carries is
// found out by its content and read in turn:
//
//	frpc ──yamux── frps: stream 1 login, stream 3 a work connection with RDP in it
package yamux

import (
	"errors"
	"maps"
	"slices"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is yamux.
var Protocol = proto.Spec{
	Name:      "yamux",
	Transport: proto.TCP,
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c, streams: map[uint32]*stream{}} },
	Emits:     []*record.Type{Type},
}

// The types and flags of frames.
const (
	typeData = iota
	typeWindow
	typePing
	typeGoAway

	flagSYN = 1
	flagACK = 2
	flagFIN = 4
	flagRST = 8
	flags   = flagSYN | flagACK | flagFIN | flagRST
)

const (
	headLen = 12
	// maxStreams are looked into at a time; others are counted.
	maxStreams = 32
	// maxOpening bounds the number of the first stream that a probe believes.
	maxOpening = 2
	// maxFrame bounds the payload that a probe believes: windows are smaller.
	maxFrame = 1 << 24
)

var errFrame = errors.New("yamux: malformed frame")

// head is the head of a frame.
type head struct {
	kind, flags uint16
	stream, n   uint32
}

func readHead(b []byte) (h head, ok bool) {
	c := wire.At(b)
	version := c.U8()
	h = head{kind: uint16(c.U8()), flags: c.U16(), stream: c.U32(), n: c.U32()}
	ok = c.OK() && version == 0 && h.kind <= typeGoAway && h.flags&^flags == 0
	switch h.kind {
	case typePing:
		ok = ok && h.stream == 0 && (h.flags == flagSYN || h.flags == flagACK)
	case typeGoAway:
		ok = ok && h.stream == 0 && h.n <= 2
	default:
		ok = ok && h.stream != 0
	}
	return h, ok
}

// probe takes two frames of which the first opens a stream or asks whether the
// other side is there. A single one is a dozen bytes, most of them zero.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case len(b) > 0 && b[0] != 0, len(b) > 1 && b[1] > typePing, len(b) > 2 && b[2] != 0,
		len(b) > 3 && (b[3]&^flags != 0 || b[3]&(flagSYN|flagACK) == 0):
		return proto.No
	}
	if len(b) < headLen {
		return proto.Maybe
	}
	first, ok := readHead(b)
	switch {
	case !ok || first.flags&(flagSYN|flagACK) == 0 || first.flags&(flagFIN|flagRST) != 0 || first.stream > maxOpening,
		first.kind == typeData && (first.n == 0 || first.n > maxFrame):
		return proto.No
	}
	next := headLen
	if first.kind == typeData {
		next += int(first.n)
	}
	if len(b) < next+headLen {
		return proto.Maybe
	}
	second, ok := readHead(b[next:])
	if !ok || second.kind == typeData && second.n > maxFrame || second.kind != typePing && second.stream > 2*maxOpening {
		return proto.No
	}
	return proto.Yes
}

// parser follows one connection. It keeps what is inside of at most maxStreams
// streams.
type parser struct {
	c       *proto.Conn
	rec     *Session
	streams map[uint32]*stream
	at      [2]place
	over    bool
}

// stream is one that is looked into.
type stream struct {
	inner *proto.Stream
	fin   [2]bool
}

// place is where a direction is within its frames.
type place struct {
	stream uint32
	left   uint32 // of the payload
	fin    bool   // the frame ends its direction of the stream
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) && !p.over {
		at := &p.at[d]
		if at.left == 0 {
			if len(b)-used < headLen {
				return proto.Step{Used: used, Need: headLen}, nil
			}
			h, ok := readHead(b[used:])
			if !ok {
				p.over = true
				return proto.Step{Used: used}, errFrame
			}
			used += headLen
			p.frame(d, h)
			continue
		}
		n := min(len(b)-used, int(at.left))
		if s := p.streams[at.stream]; s != nil {
			_ = s.inner.Feed(d, b[used:used+n]) // it never fails
		}
		p.passed(d, n)
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// frame takes the head of a frame.
func (p *parser) frame(d proto.Dir, h head) {
	if p.rec == nil {
		p.rec = &Session{Conn: p.c.Head()}
	} else {
		p.c.Confirm()
	}
	if h.kind == typePing && h.flags == flagSYN {
		p.rec.Pings++
	}
	if h.kind >= typePing {
		return
	}
	if h.flags&flagSYN != 0 {
		p.open(d, h.stream)
	}
	if h.flags&flagRST != 0 {
		p.drop(h.stream)
	}
	p.at[d] = place{stream: h.stream, fin: h.flags&flagFIN != 0}
	if h.kind == typeData {
		p.at[d].left = h.n
	}
	if p.at[d].left == 0 {
		p.ended(d)
	}
}

// open begins a stream.
func (p *parser) open(d proto.Dir, id uint32) {
	if d == proto.Orig {
		p.rec.Streams++
	} else {
		p.rec.RespStreams++
	}
	if len(p.streams) >= maxStreams {
		p.rec.Unread++
		return
	}
	p.drop(id)
	p.streams[id] = &stream{inner: p.c.Guess()}
}

func (p *parser) drop(id uint32) {
	if s := p.streams[id]; s != nil {
		s.inner.Close()
		delete(p.streams, id)
	}
}

// passed counts n bytes of a payload.
func (p *parser) passed(d proto.Dir, n int) {
	if d == proto.Orig {
		p.rec.OrigBytes += uint64(n) // #nosec G115 -- not negative
	} else {
		p.rec.RespBytes += uint64(n) // #nosec G115 -- not negative
	}
	at := &p.at[d]
	if at.left -= uint32(n); at.left == 0 { // #nosec G115 -- not more than left
		p.ended(d)
	}
}

// ended is told that a frame is over. A stream that both sides ended is closed.
func (p *parser) ended(d proto.Dir) {
	at := &p.at[d]
	s := p.streams[at.stream]
	if !at.fin || s == nil || s.fin[d] {
		return
	}
	s.fin[d] = true
	s.inner.End(d)
	if s.fin[d.Other()] {
		p.drop(at.stream)
	}
}

// Gap implements proto.Parser: within a payload it is stepped over, anywhere
// else frames cannot be found again.
func (p *parser) Gap(d proto.Dir, n int) error {
	at := &p.at[d]
	if p.over || uint64(n) > uint64(at.left) { // #nosec G115 -- not negative
		p.over = true
		return nil
	}
	if s := p.streams[at.stream]; s != nil {
		_ = s.inner.Gap(d, n)
	}
	p.passed(d, n)
	return nil
}

// Close ends what is inside, in the order of the streams, and writes the record.
func (p *parser) Close() {
	for _, id := range slices.Sorted(maps.Keys(p.streams)) {
		p.drop(id)
	}
	if p.rec != nil {
		p.c.Emit(p.rec)
	}
}
