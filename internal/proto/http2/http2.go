// Package http2 reads HTTP/2 in the clear (RFC 9113, RFC 7541): by prior
// knowledge, behind an upgrade of HTTP/1.1 and inside of tunnels. Requests with
// their replies become http records, with version 2.
//
// https://www.rfc-editor.org/rfc/rfc9113, https://www.rfc-editor.org/rfc/rfc7541
package http2

import (
	"bytes"
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/proto/http"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is HTTP/2 without TLS.
var Protocol = proto.Spec{
	Name: "http2", Transport: proto.TCP, Ports: []uint16{80, 8080, 50051},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c, streams: map[uint32]*stream{}} },
	Emits: []*record.Type{http.Type},
}

// preface is what a client sends first (RFC 9113 section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Frame types (RFC 9113 section 6).
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePush         = 5
	frameContinuation = 9
)

// Flags; which frame has which is in section 6.
const (
	flagEndStream  = 0x01
	flagAck        = 0x01
	flagEndHeaders = 0x04
	flagPadded     = 0x08
	flagPriority   = 0x20
)

const (
	headerLen  = 9
	maxBlock   = 64 << 10 // of the fields of one message, packed
	maxStreams = 128      // followed at once
	maxSetting = 32       // settings in a server's first frame
)

// probe knows the client's preface, and the settings that a server begins with.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if n := min(len(b), len(preface)); string(b[:n]) == preface[:n] {
		if n == len(preface) {
			return proto.Yes
		}
		return proto.Maybe
	}
	if d == proto.Orig || b[0] != 0 {
		return proto.No
	}
	return firstSettings(b)
}

func firstSettings(b []byte) proto.Verdict {
	c := wire.At(b)
	n := int(c.U24())
	kind, flags, id := c.U8(), c.U8(), c.U32()
	switch {
	case len(b) < headerLen:
		if len(b) > 3 && b[3] != frameSettings {
			return proto.No
		}
		return proto.Maybe
	case kind != frameSettings, flags != 0, id != 0, n%6 != 0, n > 6*maxSetting:
		return proto.No
	case n == 0:
		return proto.Maybe // the client's side tells
	}
	for range n / 6 {
		setting := c.U16()
		c.Skip(4)
		if !c.OK() {
			return proto.Maybe
		}
		if setting == 0 || setting > 16 {
			return proto.No
		}
	}
	return proto.Yes
}

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	side    [2]side
	streams map[uint32]*stream
	order   []uint32  // of streams, oldest first
	highest [2]uint32 // id of a stream so far, of the server's and of the client's
	depth   uint64
}

// side is one direction.
type side struct {
	begun  bool // past the preface
	dead   bool // nothing more can be read
	fields decoder

	data   *http.Stream // takes the data that is being read; nil: nobody
	dataID uint32
	ends   bool   // that data ends the message
	left   uint64 // bytes of data to go
	pad    uint64 // bytes to skip

	block   []byte // fields collected so far
	open    bool   // more of them is to come
	blockID uint32
	promise uint32 // the stream that a block promises
	last    bool   // the block ends the message
}

type stream struct {
	s   *http.Stream
	got [2]bool // fields of a message that is not interim
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		n, need := p.step(d, b[used:])
		used += n
		if n == 0 {
			return proto.Step{Used: used, Need: need}, nil
		}
	}
	return proto.Step{Used: used}, nil
}

// step reads one frame, or a part of its data. It returns the bytes it is done
// with, or how many it needs.
func (p *parser) step(d proto.Dir, b []byte) (used, need int) {
	s := &p.side[d]
	switch {
	case s.dead:
		return len(b), 0
	case !s.begun && (d == proto.Orig || b[0] == preface[0]):
		if !bytes.HasPrefix([]byte(preface), b[:min(len(b), len(preface))]) {
			s.begun = true // the capture begins behind it
			return p.step(d, b)
		}
		if len(b) < len(preface) {
			return 0, len(preface)
		}
		s.begun = true
		p.c.Confirm()
		return len(preface), 0
	case s.left > 0:
		n := int(min(s.left, uint64(len(b)))) // #nosec G115 -- at most len(b)
		if s.data != nil {
			s.data.Data(d, b[:n])
		}
		s.left -= uint64(n)
		p.dataDone(d)
		return n, 0
	case s.pad > 0:
		n := int(min(s.pad, uint64(len(b)))) // #nosec G115 -- at most len(b)
		s.pad -= uint64(n)
		return n, 0
	}
	s.begun = true
	return p.frame(d, b)
}

// frame reads a frame; of data only what comes before it.
func (p *parser) frame(d proto.Dir, b []byte) (used, need int) {
	s := &p.side[d]
	c := wire.At(b)
	n := int(c.U24())
	kind, flags, id := c.U8(), c.U8(), c.U32()&0x7fffffff
	if !c.OK() {
		return 0, headerLen
	}
	if s.open && (kind != frameContinuation || id != s.blockID) {
		return p.die(d, "http2_fields_interrupted", b)
	}
	switch kind {
	case frameData:
		return p.data(d, b, n, flags, id)
	case frameHeaders, framePush, frameContinuation:
		if n > maxBlock || id == 0 {
			return p.die(d, "http2_fields_too_long", b)
		}
		payload := c.Take(n)
		if !c.OK() {
			return 0, headerLen + n
		}
		if !p.fieldBlock(d, kind, flags, id, payload) {
			return p.die(d, "http2_bad_fields", b)
		}
		return headerLen + n, 0
	case frameReset:
		if x := p.streams[id]; x != nil && n == 4 {
			x.s.Close()
			p.forget(id)
		}
	case frameSettings:
		if n%6 == 0 && id == 0 && (flags&flagAck == 0 || n == 0) {
			p.c.Confirm()
		}
	}
	s.pad = uint64(n) // #nosec G115 -- 24 bits
	return headerLen, 0
}

// die ends a direction that cannot be followed any more: without every block of
// fields the later ones cannot be read.
func (p *parser) die(d proto.Dir, weird string, b []byte) (used, need int) {
	p.c.Weird(weird, "")
	p.side[d] = side{dead: true}
	return len(b), 0
}

// data begins a DATA frame.
func (p *parser) data(d proto.Dir, b []byte, n int, flags uint8, id uint32) (used, need int) {
	s := &p.side[d]
	c := wire.At(b[headerLen:])
	used = headerLen
	s.pad = 0
	if flags&flagPadded != 0 {
		if n == 0 {
			return p.die(d, "http2_bad_padding", b)
		}
		pad := int(c.U8())
		if !c.OK() {
			return 0, headerLen + 1
		}
		used++
		n--
		if pad > n {
			s.pad = uint64(n) // #nosec G115 -- a length
			p.c.Weird("http2_bad_padding", "")
			return used, 0
		}
		s.pad = uint64(pad) // #nosec G115 -- a byte
		n -= pad
	}
	s.data, s.dataID = nil, id
	if x := p.streams[id]; x != nil {
		s.data = x.s
	}
	s.left, s.ends = uint64(n), flags&flagEndStream != 0 // #nosec G115 -- a length
	p.dataDone(d)
	return used, 0
}

// dataDone ends a DATA frame of which nothing is left.
func (p *parser) dataDone(d proto.Dir) {
	s := &p.side[d]
	if s.left > 0 {
		return
	}
	if s.ends {
		p.end(d, s.dataID)
	}
	s.data, s.ends = nil, false
}

// end ends the message of d on a stream.
func (p *parser) end(d proto.Dir, id uint32) {
	if x := p.streams[id]; x != nil && x.s.End(d) {
		p.forget(id)
	}
}

// fieldBlock collects the pieces of a block of fields, and reads it when it is
// whole.
func (p *parser) fieldBlock(d proto.Dir, kind, flags uint8, id uint32, b []byte) bool {
	s := &p.side[d]
	if kind == frameContinuation && !s.open {
		return false
	}
	c := wire.At(b)
	if kind != frameContinuation {
		pad := 0
		if flags&flagPadded != 0 {
			pad = int(c.U8())
		}
		s.block, s.blockID, s.promise, s.last = s.block[:0], id, 0, false
		if kind == framePush {
			s.promise = c.U32() & 0x7fffffff
		} else {
			s.last = flags&flagEndStream != 0
			if flags&flagPriority != 0 {
				c.Skip(5)
			}
		}
		if !c.OK() || pad > c.Len() {
			return false
		}
		b = c.Take(c.Len() - pad)
	}
	if len(s.block)+len(b) > maxBlock {
		return false
	}
	s.block = append(s.block, b...)
	s.open = flags&flagEndHeaders == 0
	if s.open {
		return true
	}
	return p.message(d)
}

// message reads a whole block of fields: of a request, a reply or a trailer.
func (p *parser) message(d proto.Dir) bool {
	s := &p.side[d]
	id, from := s.blockID, d
	if s.promise != 0 {
		id, from = s.promise, proto.Orig // a request that the server makes up
	}
	x := p.stream(id)
	if x == nil { // over already; the fields count for the table all the same
		return s.fields.decode(s.block, func(string, string) {}) == nil
	}
	trailer := x.got[from]
	var method, path, authority string
	interim := false
	err := s.fields.decode(s.block, func(name, value string) {
		switch {
		case trailer:
		case name == ":method":
			method = value
		case name == ":path":
			path = value
		case name == ":authority":
			authority = value
		case name == ":status":
			code, err := strconv.ParseUint(value, 10, 16)
			interim = err == nil && x.s.Status(code)
		case len(name) > 0 && name[0] != ':':
			x.s.Field(from, name, value)
		}
	})
	if err != nil {
		return false
	}
	p.c.Confirm()
	switch {
	case interim:
		return true
	case !trailer && from == proto.Orig:
		if method == "CONNECT" && path == "" {
			path = authority
		}
		x.s.Request(method, path)
		if authority != "" {
			x.s.Field(from, "host", authority)
		}
	}
	if !trailer {
		x.got[from] = true
		x.s.Body(from)
	}
	if s.last || s.promise != 0 {
		p.end(from, id)
	}
	return true
}

// stream returns the stream with an id, and begins it if it is new. It is nil
// when the stream is over.
func (p *parser) stream(id uint32) *stream {
	if x := p.streams[id]; x != nil || id <= p.highest[id&1] {
		return x
	}
	p.highest[id&1] = id
	if len(p.order) == maxStreams {
		p.c.Weird("http2_too_many_streams", strconv.Itoa(maxStreams))
		oldest := p.order[0]
		p.streams[oldest].s.Close()
		p.forget(oldest)
	}
	p.depth++
	x := &stream{s: http.NewStream(p.c, "2", p.depth)}
	p.streams[id] = x
	p.order = append(p.order, id)
	if r, ok := p.c.Arranged.(*http.Request); ok && id == 1 {
		x.s.Again(r)
		x.got[proto.Orig] = true
	}
	return x
}

func (p *parser) forget(id uint32) {
	delete(p.streams, id)
	for i, o := range p.order {
		if o == id {
			p.order = append(p.order[:i], p.order[i+1:]...)
			break
		}
	}
	for d := range p.side {
		if p.side[d].dataID == id {
			p.side[d].data = nil
		}
	}
}

// Gap implements proto.Parser: a hole within data is stepped over. Behind any
// other nothing can be read: where the next frame begins is not known.
func (p *parser) Gap(d proto.Dir, n int) error {
	s := &p.side[d]
	k := uint64(max(n, 0))
	if s.dead || !s.begun || k > s.left+s.pad {
		p.die(d, "http2_gap", nil)
		return nil
	}
	in := min(k, s.left)
	if s.data != nil && in > 0 {
		s.data.Gap(d, in)
	}
	if s.left -= in; in > 0 {
		p.dataDone(d)
	}
	s.pad -= k - in
	return nil
}

// Close writes what is half done, in the order it began.
func (p *parser) Close() {
	for len(p.order) > 0 {
		id := p.order[0]
		p.streams[id].s.Close()
		p.forget(id)
	}
}
