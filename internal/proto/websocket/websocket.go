// Package websocket reads WebSocket (RFC 6455): the upgrade, of which it makes
// one websocket record as Zeek does, and the frames. What text and binary
// messages carry is found out by its content and read in turn, unless it is
// compressed (RFC 7692).
package websocket

import (
	"crypto/sha1" // #nosec G505 -- RFC 6455 section 1.3 asks for it
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is WebSocket. HTTP reaches it by name; where the capture begins
// later it is known by its first frame.
var Protocol = proto.Spec{
	Name:      "websocket",
	Transport: proto.TCP,
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return newParser(c) },
	Emits:     []*record.Type{Type},
}

// The opcodes (RFC 6455 section 11.8).
const (
	opContinue = 0
	opText     = 1
	opBinary   = 2
	opClose    = 8
	opPing     = 9
	opPong     = 10
)

const (
	// maxControl bounds the payload of a control frame (section 5.5).
	maxControl = 125
	// chunk is how much is unmasked at a time.
	chunk = 4 << 10
	// maxListed bounds what is kept of a list of extensions or protocols.
	maxListed = 32
)

var errFrame = errors.New("websocket: malformed frame")

// half is one direction's place within its frames.
type half struct {
	left       uint64 // of the frame's payload
	mask       [4]byte
	masked     bool
	at         int   // of the mask
	opcode     uint8 // of the frame
	message    uint8 // opcode of the message that the frame continues
	fin        bool
	compressed bool // the message is
	inFrame    bool
}

// parser follows one connection.
type parser struct {
	c     *proto.Conn
	half  [2]half
	inner *proto.Stream
	buf   []byte
	over  bool
}

func newParser(c *proto.Conn) *parser {
	p := &parser{c: c}
	if up, ok := c.Arranged.(*proto.Upgrade); ok {
		p.upgrade(up)
	}
	return p
}

// upgrade writes what the HTTP headers said.
func (p *parser) upgrade(up *proto.Upgrade) {
	r := &Upgrade{Conn: p.c.Head(), Host: up.Host, URI: up.URI, UserAgent: up.UserAgent}
	key, accept := "", ""
	for _, h := range up.Asked {
		switch h.Name {
		case "sec-websocket-protocol":
			r.ClientProtocols = list(r.ClientProtocols, h.Value)
		case "sec-websocket-extensions":
			r.ClientExtensions = list(r.ClientExtensions, h.Value)
		case "sec-websocket-key":
			if key != "" {
				p.c.Weird("websocket_multiple_key_headers", "")
			}
			key = h.Value
		}
	}
	for _, h := range up.Answered {
		switch h.Name {
		case "sec-websocket-protocol":
			if r.Subprotocol.Set {
				p.c.Weird("websocket_multiple_protocol_headers", "")
			}
			r.Subprotocol = record.Some(h.Value)
		case "sec-websocket-extensions":
			r.ServerExtensions = list(r.ServerExtensions, h.Value)
		case "sec-websocket-accept":
			if accept != "" {
				p.c.Weird("websocket_multiple_accept_headers", "")
			}
			accept = h.Value
		}
	}
	p.agree(key, accept)
	p.c.Emit(r)
}

// agree checks that the server answered this client (section 4.2.2).
func (p *parser) agree(key, accept string) {
	switch {
	case key == "":
		p.c.Weird("websocket_missing_key_header", "")
	case accept == "":
		p.c.Weird("websocket_missing_accept_header", "")
	default:
		sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // #nosec G401 -- as above
		if want := base64.StdEncoding.EncodeToString(sum[:]); want != accept {
			p.c.Weird("websocket_wrong_accept_header", fmt.Sprintf("expected=%s, found=%s", want, accept))
		}
	}
}

// list appends the elements of a header.
func list(to []string, value string) []string {
	for v := range strings.SplitSeq(value, ",") {
		if len(to) == maxListed {
			break
		}
		to = append(to, strings.Trim(v, " "))
	}
	return to
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) && !p.over {
		h := &p.half[d]
		if !h.inFrame {
			n, need, err := h.head(b[used:])
			if err != nil {
				p.over = true
				return proto.Step{Used: used}, err
			}
			if n == 0 {
				return proto.Step{Used: used, Need: need}, nil
			}
			used += n
		}
		n := len(b) - used
		if uint64(n) > h.left { // #nosec G115 -- not negative
			n = int(h.left) // #nosec G115 -- less than n
		}
		p.payload(d, b[used:used+n])
		used += n
		if h.left -= uint64(n); h.left == 0 { // #nosec G115 -- not negative
			p.frameEnd(d)
		}
	}
	return proto.Step{Used: len(b)}, nil
}

// head reads the head of a frame (section 5.2).
func (h *half) head(b []byte) (n, need int, err error) {
	c := wire.At(b)
	first, second := c.U8(), c.U8()
	length := uint64(second & 0x7f)
	switch length {
	case 126:
		length = uint64(c.U16())
	case 127:
		length = c.U64()
	}
	masked := second&0x80 != 0
	var mask [4]byte
	if masked {
		copy(mask[:], c.Take(4))
	}
	if !c.OK() {
		return 0, len(b) + 1, nil
	}
	opcode, fin := first&0xf, first&0x80 != 0
	switch {
	case opcode > opBinary && opcode < opClose || opcode > opPong:
		return 0, 0, fmt.Errorf("%w: opcode %d", errFrame, opcode)
	case opcode >= opClose && (!fin || length > maxControl), length > 1<<62:
		return 0, 0, fmt.Errorf("%w: opcode %d of %d bytes", errFrame, opcode, length)
	}
	h.opcode, h.fin, h.left, h.masked, h.mask, h.at, h.inFrame = opcode, fin, length, masked, mask, 0, true
	if opcode == opText || opcode == opBinary {
		h.message, h.compressed = opcode, first&0x40 != 0
	}
	return c.Off(), 0, nil
}

// payload takes a part of a frame's payload.
func (p *parser) payload(d proto.Dir, b []byte) {
	h := &p.half[d]
	if h.opcode >= opClose || h.message == 0 || h.compressed {
		return
	}
	if p.inner == nil && len(b) > 0 {
		p.inner = p.c.Guess()
	}
	for len(b) > 0 {
		part := b[:min(len(b), chunk)]
		b = b[len(part):]
		if h.masked {
			p.buf = append(p.buf[:0], part...)
			for i := range p.buf {
				p.buf[i] ^= h.mask[(h.at+i)&3]
			}
			h.at += len(part)
			part = p.buf
		}
		_ = p.inner.Feed(d, part) // it never fails
	}
}

// frameEnd ends a frame, and maybe a message.
func (p *parser) frameEnd(d proto.Dir) {
	h := &p.half[d]
	h.inFrame = false
	if h.fin {
		p.c.Confirm()
		if h.opcode < opClose {
			h.message, h.compressed = 0, false
		}
	}
}

// Gap implements proto.Parser: within a payload it is stepped over, anywhere
// else frames cannot be found again.
func (p *parser) Gap(d proto.Dir, n int) error {
	h := &p.half[d]
	if p.over || !h.inFrame || uint64(n) > h.left { // #nosec G115 -- not negative
		p.over = true
		return nil
	}
	h.at += n
	if p.inner != nil && h.opcode < opClose && !h.compressed {
		_ = p.inner.Gap(d, n)
	}
	if h.left -= uint64(n); h.left == 0 { // #nosec G115 -- not negative
		p.frameEnd(d)
	}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.inner != nil {
		p.inner.End(d)
	}
}

// Close ends what is inside.
func (p *parser) Close() {
	if p.inner != nil {
		p.inner.Close()
	}
}
