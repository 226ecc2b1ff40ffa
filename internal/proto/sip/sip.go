// Package sip reads the Session Initiation Protocol (RFC 3261) over UDP and TCP:
// who registers or calls whom, with which software and what outcome, in records
// with Zeek's names. As in Zeek there is one transaction of a connection at a
// time; what comes before its end belongs to it.
package sip

import (
	"bytes"
	"errors"
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is SIP.
var Protocol = proto.Spec{
	Name: "sip", Transport: proto.UDP | proto.TCP, Ports: []uint16{5060},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	maxHead    = 64 << 10 // first line and headers
	maxHeaders = 256
	maxPath    = 100 // Zeek's max_request_path_length
	maxLine    = 2048
)

var (
	errHead = errors.New("sip: no SIP message")
	errGap  = errors.New("sip: message boundaries lost in a gap")
)

// known are the methods that Zeek has no weird for.
var known = map[string]bool{
	"REGISTER": true, "INVITE": true, "ACK": true, "CANCEL": true, "BYE": true, "OPTIONS": true, "NOTIFY": true, "SUBSCRIBE": true,
}

type parser struct {
	c    *proto.Conn
	rec  *Record
	skip [2]int // bytes of a body still to pass over
}

// probe looks for the version, at the start of a reply or the end of a
// request's first line.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	const version = "SIP/2.0"
	b = bytes.TrimLeft(b, "\r\n\x00")
	n := min(len(b), len(version))
	if string(b[:n]) == version[:n] {
		if n < len(version) {
			return proto.Maybe
		}
		return proto.Yes
	}
	line, _, whole := bytes.Cut(b[:min(len(b), maxLine)], []byte("\n"))
	switch {
	case whole && bytes.HasSuffix(bytes.TrimSuffix(line, []byte("\r")), []byte(" "+version)):
		return proto.Yes
	case !whole && len(b) < maxLine && request(b):
		return proto.Maybe
	}
	return proto.No
}

// request tells whether b may begin a request: capitals, a blank, sip: or tel:.
func request(b []byte) bool {
	method, rest, ok := bytes.Cut(b[:min(len(b), 32)], []byte(" "))
	for _, x := range method {
		if x < 'A' || x > 'Z' {
			return false
		}
	}
	if !ok {
		return len(b) < 16
	}
	for _, scheme := range []string{"sip:", "sips:", "tel:"} {
		n := min(len(rest), len(scheme))
		if string(rest[:n]) == scheme[:n] {
			return true
		}
	}
	return false
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		p.datagram(b)
		return proto.Step{Used: len(b)}, nil
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		switch {
		case p.skip[d] > 0:
			n := min(p.skip[d], len(rest))
			p.skip[d] -= n
			used += n
			continue
		case rest[0] == '\r' || rest[0] == '\n': // kept alive (RFC 5626 section 3.5.1)
			used++
			continue
		}
		end := headEnd(rest)
		if end == 0 {
			if len(rest) > maxHead {
				return proto.Step{Used: used}, errHead
			}
			break
		}
		length, ok := p.message(rest[:end])
		if !ok {
			return proto.Step{Used: used}, errHead
		}
		p.skip[d] = length
		used += end
	}
	return proto.Step{Used: used}, nil
}

// headEnd is the offset behind the empty line, 0 when it is not there.
func headEnd(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		i += n + 1
		switch {
		case i < len(b) && b[i] == '\n':
			return i + 1
		case i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n':
			return i + 2
		}
	}
}

// datagram reads one message. Lines of their own keep paths through firewalls
// open.
func (p *parser) datagram(b []byte) {
	if len(bytes.TrimLeft(b, "\r\n\x00")) == 0 {
		return
	}
	if _, ok := p.message(b); !ok {
		p.c.Weird("sip_malformed_message", "")
	}
}

// message reads a first line and headers, and returns how long the body is to
// be.
func (p *parser) message(b []byte) (length int, ok bool) {
	line, rest := cutLine(b)
	reply := bytes.HasPrefix(line, []byte("SIP/"))
	if reply {
		ok = p.replyLine(line)
	} else {
		ok = p.requestLine(line)
	}
	if !ok {
		return 0, false
	}
	ended := false
	for n := 0; len(rest) > 0 && n < maxHeaders; n++ {
		line, rest = cutLine(rest)
		if len(line) == 0 {
			ended = true
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return 0, false
		}
		name, value = bytes.TrimRight(name, " \t"), bytes.TrimLeft(value, " \t")
		if n := p.header(reply, string(bytes.ToUpper(name)), string(value)); n >= 0 {
			length = n
		}
	}
	if reply && (ended || len(b) == 0) && (p.c.Transport == proto.TCP || length <= len(rest)) {
		p.end()
	}
	return length, true
}

func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// open returns the transaction's record.
func (p *parser) open() *Record {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head(), beyond: p.c.Transport == proto.TCP}
	}
	return p.rec
}

// token tells whether a byte may be in a method (RFC 3261 section 25.1).
func token(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || bytes.IndexByte([]byte("_.!%*+`'~-"), b) >= 0
}

// requestLine reads "METHOD uri SIP/2.0", and passes over junk before it.
func (p *parser) requestLine(line []byte) bool {
	junk := 0
	for junk < len(line) && !token(line[junk]) {
		junk++
	}
	n := junk
	for n < len(line) && token(line[n]) {
		n++
	}
	method := line[junk:n]
	uri, version, ok := bytes.Cut(bytes.TrimLeft(line[n:], " \t"), []byte(" "))
	if len(method) == 0 || !ok || !bytes.HasPrefix(bytes.TrimLeft(version, " \t"), []byte("SIP/")) {
		return false
	}
	if junk > 0 {
		p.c.Weird("sip_junk_before_request", strconv.QuoteToASCII(string(line[:min(junk, 64)])))
	}
	p.c.Confirm()
	r := p.open()
	r.Method, r.URI = string(method), string(uri)
	if !known[r.Method] {
		p.c.Weird("unknown_SIP_method", r.Method)
	}
	return true
}

// replyLine reads "SIP/2.0 200 OK".
func (p *parser) replyLine(line []byte) bool {
	_, rest, _ := bytes.Cut(line, []byte(" "))
	rest = bytes.TrimLeft(rest, " \t")
	if len(rest) < 3 {
		return false
	}
	code, err := strconv.ParseUint(string(rest[:3]), 10, 16)
	if err != nil {
		return false
	}
	p.c.Confirm()
	r := p.open()
	r.StatusCode, r.StatusMsg = record.Some(code), string(bytes.TrimLeft(rest[3:], " \t"))
	return true
}

// end writes the record with a reply. A provisional one leaves it open.
func (p *parser) end() {
	r := *p.rec
	r.RequestPath = append([]string(nil), r.RequestPath...)
	r.ResponsePath = append([]string(nil), r.ResponsePath...)
	p.c.Emit(&r)
	if code := r.StatusCode.V; code < 100 || code >= 200 || r.Method == "" {
		p.rec = nil
	}
}

// Gap implements proto.Parser.
func (p *parser) Gap(proto.Dir, int) error { return errGap }

// Close writes the transaction without a final reply.
func (p *parser) Close() {
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}
