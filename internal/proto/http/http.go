// Package http reads HTTP/1.x (RFC 9112): pipelined requests, chunked and
// compressed bodies, CONNECT, interim replies and bodies that end with the
// connection. Requests and replies are paired in order, as Zeek pairs them.
package http

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is HTTP/1.x.
var Protocol = proto.Spec{
	Name: "http", Transport: proto.TCP, Ports: []uint16{80, 8080, 8000, 8888, 3128, 631, 1080, 5985, 8008, 8081},
	Probe: probe,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c}
		p.half[proto.Orig].init(p, proto.Orig)
		p.half[proto.Resp].init(p, proto.Resp)
		return p
	},
	Emits: []*record.Type{Type},
}

const (
	maxLine    = 64 << 10 // of a start line or header
	maxHeaders = 256      // per message
	maxPending = 256      // requests without a reply, per connection
	maxEmpty   = 8        // blank lines before a start line
)

var (
	errStart   = errors.New("http: not a request or status line")
	errLine    = errors.New("http: line longer than the bound")
	errHeaders = errors.New("http: more headers than the bound")
	errChunk   = errors.New("http: chunk size is not a number")
)

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	half    [2]half
	pending []*exchange // oldest first; the replies come in this order
	current *exchange   // whose reply is being read
	late    *exchange   // replied to before its request ended
	depth   uint64
	inner   *proto.Stream // what a CONNECT tunnel or an upgrade carries
	blind   bool          // tunnelled bytes nobody understands
	closed  bool
}

// exchange is a request and its reply on the way to a record.
type exchange struct {
	rec     *Request
	done    bool // the request is complete
	head    bool // a HEAD request: the reply has no body
	connect bool
	seen    bool // a request was seen
	replied bool // the reply is complete, and waits for the end of the request
	emitted bool // the record is out: it is not changed any more
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.blind || p.inner != nil {
		return p.tunnel(d, b)
	}
	used, need, err := p.half[d].parse(b)
	if err == nil && (p.blind || p.inner != nil) && used < len(b) {
		step, terr := p.tunnel(d, b[used:])
		return proto.Step{Used: used + step.Used}, terr
	}
	return proto.Step{Used: used, Need: need}, err
}

// tunnel passes on what is no longer HTTP.
func (p *parser) tunnel(d proto.Dir, b []byte) (proto.Step, error) {
	if p.inner != nil && p.inner.Feed(d, b) != nil {
		p.inner.Close()
		p.inner, p.blind = nil, true
	}
	return proto.Step{Used: len(b)}, nil
}

// Gap implements proto.Parser: a hole in a body of known length is stepped
// over; anywhere else the direction waits for the next start line.
func (p *parser) Gap(d proto.Dir, n int) error {
	switch {
	case p.inner != nil:
		return p.inner.Gap(d, n)
	case p.blind:
		return nil
	}
	p.half[d].gap(uint64(n))
	return nil
}

// End implements proto.Ender: a body without a length ends here.
func (p *parser) End(d proto.Dir) {
	if p.inner != nil {
		p.inner.End(d)
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
	if p.inner != nil {
		p.inner.Close()
	}
	p.half[proto.Orig].end()
	p.half[proto.Resp].end()
	for _, x := range append([]*exchange{p.late, p.current}, p.pending...) {
		p.emit(x)
	}
	p.late, p.current, p.pending = nil, nil, nil
}

// emit writes the record of x once; x may be nil.
func (p *parser) emit(x *exchange) {
	if x != nil && !x.emitted {
		x.emitted = true
		p.c.Emit(x.rec)
	}
}

func (p *parser) newExchange() *exchange {
	p.depth++
	return &exchange{rec: &Request{Conn: p.c.Head(), Depth: p.depth}}
}

// request begins a request.
func (p *parser) request(method, uri string) *exchange {
	if len(p.pending) == maxPending {
		p.c.Weird("http_too_many_pending", strconv.Itoa(maxPending))
		p.emit(p.pending[0])
		p.pending = append(p.pending[:0], p.pending[1:]...)
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
	}
	return p.current
}

// replied ends a final reply and writes the record, unless its request is
// still coming: then the end of the request writes it.
func (p *parser) replied(x *exchange) {
	p.current = nil
	if x.seen && !x.done {
		p.emit(p.late)
		x.replied, p.late = true, x
		return
	}
	p.emit(x)
	switch {
	case x.connect && x.rec.StatusCode.V/100 == 2:
		p.inner = p.c.Inner("ssl") // what a tunnel carries almost always
		p.blind = p.inner == nil
	case x.rec.StatusCode.V == 101:
		p.blind = true
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

// methods of RFC 9110, WebDAV (RFC 4918), RPC over HTTP and others in use.
var methods = map[string]bool{
	"GET": true, "POST": true, "HEAD": true, "PUT": true, "DELETE": true, "OPTIONS": true, "TRACE": true, "CONNECT": true, "PATCH": true,
	"PROPFIND": true, "PROPPATCH": true, "MKCOL": true, "COPY": true, "MOVE": true, "LOCK": true, "UNLOCK": true, "SEARCH": true, "REPORT": true,
	"CHECKOUT": true, "CHECKIN": true, "MERGE": true, "MKACTIVITY": true, "VERSION-CONTROL": true, "SUBSCRIBE": true, "UNSUBSCRIBE": true,
	"NOTIFY": true, "POLL": true, "BMOVE": true, "BCOPY": true, "BDELETE": true, "BPROPFIND": true, "BPROPPATCH": true, "RPC_IN_DATA": true,
	"RPC_OUT_DATA": true, "RPC_CONNECT": true, "M-SEARCH": true, "DEBUG": true, "CCM_POST": true, "SMS_POST": true, "BITS_POST": true,
	"PURGE": true, "LINK": true, "UNLINK": true, "MSEARCH": true, "PRI": true,
}

// requestLine splits METHOD TARGET [HTTP/x.y].
func requestLine(line []byte) (method, uri, version string, ok bool) {
	sp := bytes.IndexByte(line, ' ')
	if sp <= 0 || !methods[string(line[:sp])] {
		return "", "", "", false
	}
	rest := bytes.TrimLeft(line[sp+1:], " ")
	target := rest
	if i := bytes.LastIndex(rest, []byte(" HTTP/")); i >= 0 {
		target, version = rest[:i], string(rest[i+6:])
	} else if bytes.HasPrefix(rest, []byte("HTTP/")) {
		target, version = nil, string(rest[5:])
	} else {
		version = "0.9"
	}
	return string(line[:sp]), string(bytes.TrimRight(target, " ")), version, true
}

// statusLine splits HTTP/x.y CODE [REASON].
func statusLine(line []byte) (version string, code uint64, reason string, ok bool) {
	if !bytes.HasPrefix(line, []byte("HTTP/")) {
		return "", 0, "", false
	}
	v, rest, ok := strings.Cut(string(line[5:]), " ")
	if !ok {
		return "", 0, "", false
	}
	c, reason, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	code, err := strconv.ParseUint(c, 10, 16)
	if err != nil {
		return "", 0, "", false
	}
	return v, code, strings.TrimSpace(reason), true
}

// probe judges the first line of a direction.
func probe(d proto.Dir, b []byte) proto.Verdict {
	b = bytes.TrimLeft(b[:min(len(b), 2048)], "\r\n")
	if len(b) == 0 {
		return proto.Maybe
	}
	nl := bytes.IndexByte(b, '\n')
	if bytes.HasPrefix(b, []byte("HTTP/")) || len(b) < 5 && bytes.HasPrefix([]byte("HTTP/"), b) {
		if nl < 0 {
			return proto.Maybe
		}
		if v, _, _, ok := statusLine(bytes.TrimRight(b[:nl], "\r")); ok && len(v) == 3 {
			return proto.Yes
		}
		return proto.No
	}
	sp := bytes.IndexByte(b, ' ')
	if sp < 0 && len(b) < 16 && nl < 0 && upper(b) {
		return proto.Maybe
	}
	if sp <= 0 || !methods[string(b[:sp])] || string(b[:sp]) == "PRI" { // PRI opens HTTP/2
		return proto.No
	}
	if nl < 0 {
		if len(b) > 64 && (b[sp+1] == '/' || bytes.HasPrefix(b[sp+1:], []byte("http"))) {
			return proto.Yes // a long target
		}
		return proto.Maybe
	}
	line := bytes.TrimRight(b[:nl], "\r")
	if i := bytes.LastIndex(line, []byte(" HTTP/")); i > 0 && (bytes.HasPrefix(line[i+6:], []byte("1.")) || bytes.HasPrefix(line[i+6:], []byte("0."))) {
		return proto.Yes
	}
	return proto.No // SIP, RTSP and others use the same verbs
}

func upper(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
