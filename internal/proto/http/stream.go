package http

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Stream is one request with its reply whose framing is not that of HTTP/1, as
// in HTTP/2. Its fields, bodies, files and record are those of any request:
//
//	s := http.NewStream(c, "2", depth)
//	s.Request("GET", "/"); s.Field(proto.Orig, "host", "example.com")
//	s.Body(proto.Orig); s.End(proto.Orig)
type Stream struct {
	p    *parser
	x    *exchange
	half [2]half
	at   [2]streamState
}

type streamState uint8

const (
	fields streamState = iota
	bodyData
	over
)

// NewStream begins a request of an HTTP version. depth is its place in the
// connection, from 1.
func NewStream(c *proto.Conn, version string, depth uint64) *Stream {
	s := &Stream{p: &parser{c: c, source: "HTTP" + version, depth: depth - 1}}
	s.x = s.p.newExchange()
	s.x.rec.Version = version
	for d := range s.half {
		s.half[d].init(s.p, proto.Dir(d)) // #nosec G115 -- two of them
		s.half[d].x = s.x
	}
	return s
}

// Request gives method and target; a target in absolute form names the host.
func (s *Stream) Request(method, target string) {
	text, odd := unescape([]byte(target))
	if odd != "" {
		s.p.c.Weird(odd, text)
	}
	s.x.seen, s.x.head, s.x.connect = true, method == "HEAD", method == "CONNECT"
	s.x.rec.Method, s.x.rec.URI = method, text
}

// Again begins with the request that asked for an upgrade: its answer comes in
// the new protocol (RFC 7540 section 3.2). What an upgrade leads to finds the
// record of that request as Conn.Arranged.
func (s *Stream) Again(r *Request) {
	x, method := s.x.rec, r.Method
	s.x.seen, s.x.head, s.x.ranged = true, method == "HEAD", true
	x.Method, x.URI, x.Host, x.Referrer, x.UserAgent, x.Origin = r.Method, r.URI, r.Host, r.Referrer, r.UserAgent, r.Origin
	s.End(proto.Orig)
}

// Status gives the code of a reply; those of interim replies (1xx) are kept
// apart, and Interim tells whether this is one.
func (s *Stream) Status(code uint64) (interim bool) {
	r := s.x.rec
	if code/100 == 1 && code != 101 {
		r.InfoCode = record.Some(code)
		return true
	}
	r.StatusCode = record.Some(code)
	return false
}

// Field takes a header field of direction d; its name is in lower case.
func (s *Stream) Field(d proto.Dir, name, value string) {
	if s.at[d] != fields || len(name) > maxName {
		return
	}
	h := &s.half[d]
	switch n, v := []byte(name), []byte(value); {
	case h.frame(n, v):
	case d == proto.Orig:
		h.request(n, v)
	case name == "server":
		h.x.rec.Server = value[:min(len(value), maxServer)]
	}
}

// Body says that the fields of d are over and its body begins.
func (s *Stream) Body(d proto.Dir) {
	if s.at[d] != fields {
		return
	}
	s.at[d] = bodyData
	h := &s.half[d]
	if d == proto.Orig {
		s.x.url = s.p.fileKey(s.x.rec)
	}
	if d == proto.Orig || s.x.rec.StatusCode.V != 206 {
		h.ranged.Set = false
	}
	h.body.begin(h)
}

// Data takes bytes of the body of d.
func (s *Stream) Data(d proto.Dir, b []byte) {
	s.Body(d)
	if s.at[d] == bodyData {
		s.half[d].body.write(b)
	}
}

// Gap says that n bytes of the body of d were never captured.
func (s *Stream) Gap(d proto.Dir, n uint64) {
	if s.at[d] == bodyData {
		s.half[d].body.gap(n, true)
	}
}

// End ends the message of d. It tells whether both are over: then the record is
// out, and the Stream may be forgotten.
func (s *Stream) End(d proto.Dir) bool {
	s.Body(d)
	if s.at[d] == bodyData {
		s.half[d].body.finish()
	}
	s.at[d] = over
	if s.at[d.Other()] == over {
		s.p.emit(s.x)
	}
	return s.at[d.Other()] == over
}

// Close ends what is half done: the connection, or the stream, broke off.
func (s *Stream) Close() {
	for d := range s.half {
		if s.at[d] == bodyData {
			s.half[d].body.cut()
			s.half[d].body.finish()
		}
		s.at[d] = over
	}
	s.p.emit(s.x)
}
