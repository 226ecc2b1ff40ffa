// Package http reads HTTP/1.x (RFC 9112): pipelined requests, chunked and
// compressed bodies, CONNECT, interim replies and bodies that end with the
// connection. Requests and replies are paired in order, as Zeek pairs them.
package http

import (
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/spnego"
)

// Protocol is HTTP/1.x.
var Protocol = proto.Spec{
	Name: "http", Transport: proto.TCP, Ports: []uint16{80, 8080, 8000, 8888, 3128, 631, 1080, 5985, 8008, 8081},
	Probe: probe,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c, source: "HTTP"}
		p.half[proto.Orig].init(p, proto.Orig)
		p.half[proto.Resp].init(p, proto.Resp)
		return p
	},
	Emits: []*record.Type{Type, network.TunnelType},
}

const (
	maxLine    = 64 << 10 // of a start line or header
	maxHeaders = 256      // per message
	maxPending = 100      // requests without a reply, per connection, as in Zeek
	maxEmpty   = 8        // blank lines before a start line
)

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	half    [2]half
	pending []*exchange // oldest first; the replies come in this order
	current *exchange   // whose reply is being read
	late    *exchange   // replied to before its request ended
	depth   uint64
	source  string        // of files
	tunnel  *proto.Stream // what a CONNECT or an upgrade carries
	http09  bool          // a request had no version: all that the server sends is one body
	closing bool          // a reply said that the connection ends with it
	holed   [2]bool       // bytes are missing that may have held a start line
	closed  bool

	auth   *spnego.Exchange // logons by NTLM and Negotiate
	logons int
}

// exchange is a request and its reply on the way to a record.
type exchange struct {
	rec     *Request
	done    bool // the request is complete
	head    bool // a HEAD request: the reply has no body
	connect bool
	ranged  bool   // the request asks for a range
	url     string // host and URI: names a file that comes in ranges
	seen    bool   // a request was seen
	replied bool   // the reply is complete, and waits for the end of the request
	emitted bool   // the record is out: it is not changed any more
	upgrade upgrade

	authorized, challenged bool // request and reply had a security token
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used, need := 0, 0
	if p.tunnel == nil {
		used, need = p.half[d].parse(b)
	}
	if p.tunnel != nil && used < len(b) {
		_ = p.tunnel.Feed(d, b[used:]) // it never fails
		used, need = len(b), 0
	}
	return proto.Step{Used: used, Need: need}, nil
}

// Gap implements proto.Parser: a hole in a body of known length is stepped
// over; anywhere else the direction waits for the next start line.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tunnel != nil {
		_ = p.tunnel.Gap(d, n)
		return nil
	}
	p.half[d].gap(uint64(max(n, 0)))
	return nil
}

// End implements proto.Ender: a body without a length ends here.
func (p *parser) End(d proto.Dir) {
	if p.tunnel != nil {
		p.tunnel.End(d)
		return
	}
	p.half[d].end()
}

// Close writes what is half done.
func (p *parser) Close() {
	if p.closed {
		return
	}
	p.closed = true
	if p.tunnel != nil {
		p.tunnel.Close()
	}
	p.half[proto.Orig].end()
	p.half[proto.Resp].end()
	for i := range p.half {
		p.half[i].closeRest()
	}
	for _, x := range append([]*exchange{p.late, p.current}, p.pending...) {
		p.emit(x)
	}
	p.late, p.current, p.pending = nil, nil, nil
	if p.auth != nil {
		p.auth.Close()
	}
}

// emit writes the record of x once; x may be nil.
func (p *parser) emit(x *exchange) {
	if x != nil && !x.emitted {
		x.emitted = true
		p.c.Emit(x.rec)
	}
}

// beyond tells whether Zeek would have stopped reading direction d by now.
func (p *parser) beyond(d proto.Dir) bool {
	return p.c.Partial || p.holed[proto.Orig] || p.holed[d]
}

func (p *parser) newExchange() *exchange {
	p.depth++
	return &exchange{rec: &Request{Conn: p.c.Head(), Depth: p.depth, Partial: p.beyond(proto.Orig)}}
}

// request begins a request.
func (p *parser) request(method, uri string) *exchange {
	if p.half[proto.Resp].state == lost { // a client that asks again had its answers: they are in the hole
		for _, x := range p.pending {
			p.emit(x)
		}
		p.pending = p.pending[:0]
	}
	if n := len(p.pending); n > maxPending {
		p.c.Weird("HTTP_excessive_pipelining", strconv.Itoa(n))
		for _, x := range p.pending[:n-1] {
			p.emit(x)
		}
		p.pending = append(p.pending[:0], p.pending[n-1])
	}
	x := p.newExchange()
	x.seen, x.head, x.connect = true, method == "HEAD", method == "CONNECT"
	x.rec.Method, x.rec.URI = method, uri
	p.pending = append(p.pending, x)
	return x
}

// reply begins a reply: it belongs to the oldest request without one.
func (p *parser) reply() *exchange {
	if p.current != nil {
		return p.current
	}
	if len(p.pending) > 0 {
		p.current = p.pending[0]
		p.pending = append(p.pending[:0], p.pending[1:]...)
	} else {
		p.current = p.newExchange()
		p.current.rec.Partial = p.beyond(proto.Resp)
	}
	return p.current
}

// replied ends a final reply and writes the record, unless its request is
// still coming: then the end of the request writes it.
func (p *parser) replied(x *exchange) {
	p.current = nil
	p.loggedOn(x)
	if x.seen && !x.done {
		p.emit(p.late)
		x.replied, p.late = true, x
		return
	}
	p.emit(x)
	switch code := x.rec.StatusCode.V; {
	case code == 101:
		p.tunnel = p.upgraded(x)
	case x.connect && code/100 == 2:
		p.c.Proxy("Tunnel::HTTP")
		p.tunnel = p.c.Guess()
	}
}

// requested ends a request.
func (p *parser) requested(x *exchange) {
	x.done = true
	if x.replied {
		p.late = nil
		p.emit(x)
	}
}
