// Package tds reads the Tabular Data Stream of Microsoft SQL Server and Sybase
// (MS-TDS, https://learn.microsoft.com/openspecs/windows_protocols/ms-tds) and
// makes one tds_login record of each connection and one tds record of each
// batch of SQL and each procedure called. Passwords are not kept. TLS that is
// carried within prelogin packets is handed on.
package tds

import (
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is TDS.
var Protocol = proto.Spec{
	Name:      "tds",
	Transport: proto.TCP,
	Ports:     []uint16{1433, 1434, 2433, 5000},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{SessionType, RequestType},
}

// The types of packets (MS-TDS 2.2.3.1.1).
const (
	typeBatch     = 1
	typeOldLogin  = 2
	typeRPC       = 3
	typeResponse  = 4
	typeAttention = 6
	typeBulk      = 7
	typeFedAuth   = 8
	typeManager   = 14
	typeLogin     = 16
	typeSSPI      = 17
	typePrelogin  = 18
)

const (
	head = 8
	// recordHead is the head of a record of TLS.
	recordHead = 5
	// endOfMessage is the bit of the status that ends a message.
	endOfMessage = 1
	// maxPacket bounds a packet: 32767 is what can be agreed upon.
	maxPacket = 32767
	// maxMessage is how much of a message is kept.
	maxMessage = 32 << 10
	// maxText bounds the text of a record, in characters of two bytes.
	maxText = 4096
)

var errPacket = errors.New("tds: not a packet")

// half is one direction's place within its messages.
type half struct {
	kind    uint8
	started bool
	message []byte // of the packets so far
	left    int    // of the packet's body, still to come
	last    bool   // the packet ends the message
	encrypt bool   // prelogin packets carry TLS
	record  int    // of a record of TLS between packets, still to come
}

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	half    [2]half
	session *Session
	written bool // the session is
	request *Request
	user    string
	tls     *proto.Stream
	wanted  uint8 // encryption that the client asks for
	begun   bool  // TLS
	done    bool
	turned  bool // where the capture begins later, the server may count as originator
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) && !p.done {
		rest := b[used:]
		h := &p.half[d]
		if h.left > 0 {
			n := min(h.left, len(rest))
			p.body(d, rest[:n])
			h.left -= n
			used += n
			if h.left == 0 {
				p.packetEnd(d)
			}
			continue
		}
		if h.record > 0 {
			n := min(h.record, len(rest))
			p.feed(d, rest[:n])
			h.record -= n
			used += n
			continue
		}
		c := wire.At(rest)
		if p.begun && outer(rest[0]) {
			c.Skip(3)
			h.record = recordHead + int(c.U16())
			if !c.OK() {
				h.record = 0
				return proto.Step{Used: used, Need: recordHead}, nil
			}
			continue
		}
		kind, status, length := c.U8(), c.U8(), int(c.U16())
		c.Skip(4) // process, number of the packet, window
		if !c.OK() {
			return proto.Step{Used: used, Need: head}, nil
		}
		if length < head || length > maxPacket || !known(kind) {
			p.finish()
			return proto.Step{Used: used}, fmt.Errorf("%w: type %d, length %d", errPacket, kind, length)
		}
		if !h.started {
			h.started, h.kind, h.message = true, kind, h.message[:0]
			if p.c.Partial && p.session == nil && p.request == nil {
				p.turned = (d == proto.Orig) == (kind == typeResponse)
			}
		}
		h.left, h.last = length-head, status&endOfMessage != 0
		used += head
		if h.left == 0 {
			p.packetEnd(d)
		}
	}
	return proto.Step{Used: len(b)}, nil
}

// outer tells whether a byte begins a record of TLS, not a packet.
func outer(b byte) bool { return b >= 20 && b <= 23 }

func known(kind uint8) bool {
	switch kind {
	case typeBatch, typeOldLogin, typeRPC, typeResponse, typeAttention, typeBulk, typeFedAuth, typeManager, typeLogin, typeSSPI, typePrelogin:
		return true
	}
	return false
}

// body takes part of a packet's body.
func (p *parser) body(d proto.Dir, b []byte) {
	h := &p.half[d]
	if h.encrypt && h.kind == typePrelogin {
		p.feed(d, b)
		return
	}
	if room := maxMessage - len(h.message); room > 0 {
		h.message = append(h.message, b[:min(len(b), room)]...)
	}
}

func (p *parser) feed(d proto.Dir, b []byte) {
	if !p.begun {
		p.tls, p.begun = p.c.Inner("ssl"), true
	}
	if p.tls != nil {
		_ = p.tls.Feed(d, b) // its end is not ours
	}
}

// packetEnd ends a packet, and with it maybe a message.
func (p *parser) packetEnd(d proto.Dir) {
	h := &p.half[d]
	if !h.last {
		return
	}
	h.started = false
	if !h.encrypt || h.kind != typePrelogin {
		if d == proto.Orig != p.turned {
			p.ask(h.kind, h.message)
		} else {
			p.answer(h.kind, h.message)
		}
	}
	h.message = h.message[:0]
	if cap(h.message) > 8<<10 {
		h.message = nil
	}
}

// ask takes a message of the client.
func (p *parser) ask(kind uint8, b []byte) {
	switch kind {
	case typePrelogin:
		p.prelogin(proto.Orig, b)
	case typeLogin:
		p.login(b)
	case typeBatch:
		p.begin("batch").Text = text(afterHeaders(b))
	case typeRPC:
		p.call(b)
	case typeBulk:
		p.begin("bulk")
	case typeAttention:
		p.begin("attention")
	}
	if kind != typePrelogin && kind != typeResponse {
		p.c.Confirm()
	}
}

// answer takes a message of the server.
func (p *parser) answer(kind uint8, b []byte) {
	if kind == typePrelogin || kind == typeResponse && p.session != nil && p.session.Encryption == "" && looksPrelogin(b) {
		p.prelogin(proto.Resp, b)
		return
	}
	if kind == typeResponse {
		p.tokens(b)
	}
}

// begin starts the record of a request.
func (p *parser) begin(kind string) *Request {
	p.end()
	p.request = &Request{Conn: p.c.Head(), Kind: kind, User: p.user}
	return p.request
}

func (p *parser) end() {
	if p.request != nil {
		p.c.Emit(p.request)
		p.request = nil
	}
}

// open returns the session's record, begun at the first call.
func (p *parser) open() *Session {
	if p.session == nil {
		p.session = &Session{Conn: p.c.Head()}
	}
	return p.session
}

func (p *parser) write() {
	if p.session != nil && !p.written {
		p.written = true
		p.c.Emit(p.session)
	}
}

// Gap implements proto.Parser: within a packet it is stepped over, and the
// message is read as far as it goes; anywhere else reading ends.
func (p *parser) Gap(d proto.Dir, n int) error {
	h := &p.half[d]
	switch {
	case p.tls != nil && (n < h.record || h.kind == typePrelogin && n < h.left):
		_ = p.tls.Gap(d, n)
		h.left, h.record = max(h.left-n, 0), max(h.record-n, 0)
	case n < h.left:
		h.left -= n
		h.message = h.message[:0]
	default:
		p.finish()
	}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tls != nil {
		p.tls.End(d)
	}
}

// Close writes what is half done.
func (p *parser) Close() {
	if p.tls != nil {
		p.tls.Close()
	}
	p.finish()
}

func (p *parser) finish() {
	p.done = true
	p.write()
	p.end()
}

// text is UTF-16 text of bounded length.
func text(b []byte) string { return wire.UTF16(b[:min(len(b), 2*maxText)]) }
