package letter

import (
	"bytes"
	"strings"
)

const (
	// maxNesting is how deep parts may lie within each other.
	maxNesting = 100
	// maxField bounds one header with its continuation lines.
	maxField = 64 << 10
	// maxBoundary bounds the boundary of a multipart; RFC 2046 section 5.1.1
	// allows 70 characters.
	maxBoundary = 512
)

// A Handler is told of the parts of a message as they go by. Every part is one
// entity of RFC 2045: the message itself, each part of a multipart, and a
// message within a message.
type Handler interface {
	Begin()                    // a part begins, within the innermost open one
	Header(name, value string) // unfolded, not decoded, of the innermost open part
	Data(b []byte)             // decoded content of the innermost open part, borrowed
	End()                      // the innermost open part ends
}

// Stream takes a message line by line. Its memory is bounded: one header, and
// the boundaries of the parts that are open.
type Stream struct {
	h    Handler
	open []*entity // outermost first
	buf  []byte
}

// entity is one open part.
type entity struct {
	body     bool // the headers are over
	field    []byte
	kind     kind
	boundary []byte
	encoding encoding
	crlf     bool   // the end of the last line waits: it may be the boundary's
	quad     uint32 // Base64: bits that wait
	nquad    uint8
	over     bool // past its closing boundary
}

type kind uint8

const (
	leaf kind = iota
	multipart
	enclosed // message/rfc822 and its like
)

type encoding uint8

const (
	binary encoding = iota
	quotedPrintable
	base64
)

// NewStream begins a message.
func NewStream(h Handler) *Stream {
	s := &Stream{h: h}
	s.begin(binary)
	return s
}

// begin opens a part. Encodings are inherited, as Zeek does.
func (s *Stream) begin(enc encoding) {
	s.open = append(s.open, &entity{encoding: enc})
	s.h.Begin()
}

// Line takes one line without its end; crlf says that it had one.
func (s *Stream) Line(line []byte, crlf bool) {
	for i := 0; i < len(s.open); i++ {
		e := s.open[i]
		if !e.body {
			s.header(e, line)
			return
		}
		switch e.kind {
		case leaf:
			s.content(i, line, crlf)
			return
		case multipart:
			if s.boundary(i, line) {
				return
			}
		case enclosed:
		}
	}
}

// boundary tells whether line delimits the parts of the multipart at i (RFC
// 2046 section 5.1.1), and follows it if so.
func (s *Stream) boundary(i int, line []byte) bool {
	e := s.open[i]
	rest, ok := bytes.CutPrefix(line, []byte("--"))
	if !ok {
		return false
	}
	if rest, ok = bytes.CutPrefix(rest, e.boundary); !ok {
		return false
	}
	s.end(i + 1)
	switch {
	case bytes.HasPrefix(rest, []byte("--")):
		if !e.over {
			e.over = true
			s.h.End()
		}
	case !e.over && len(s.open) < maxNesting:
		s.begin(e.encoding)
	}
	return true
}

// end closes the parts from i on.
func (s *Stream) end(i int) {
	for n := len(s.open) - 1; n >= i; n-- {
		e := s.open[n]
		if !e.body {
			s.field(e)
		}
		s.flush(e)
		s.open = s.open[:n]
		if !e.over {
			s.h.End()
		}
	}
}

// Close ends the message.
func (s *Stream) Close() { s.end(0) }

// header takes a line of the headers (RFC 5322 section 2.2).
func (s *Stream) header(e *entity, line []byte) {
	switch {
	case len(line) == 0 || line[0] == 0:
		s.field(e)
		e.body = true
		if e.kind == enclosed && len(s.open) < maxNesting {
			s.begin(e.encoding)
		}
	case line[0] != ' ' && line[0] != '\t':
		s.field(e)
		e.field = append(e.field[:0], line[:min(len(line), maxField)]...)
	case len(e.field) == 0:
		e.field = append(e.field[:0], bytes.TrimLeft(line, " \t")...)
	case len(e.field) < maxField:
		e.field = append(e.field, line...)
	}
}

// field finishes a header.
func (s *Stream) field(e *entity) {
	if len(e.field) == 0 {
		return
	}
	name, value, ok := splitField(e.field)
	if ok {
		switch {
		case strings.EqualFold(name, "Content-Type"):
			e.contentType(value)
		case strings.EqualFold(name, "Content-Transfer-Encoding"):
			e.transferEncoding(value)
		}
		s.h.Header(name, value)
	}
	e.field = e.field[:0]
}

// splitField reads name and value of a header; blanks may lie around the colon.
func splitField(b []byte) (name, value string, ok bool) {
	b = bytes.TrimLeft(b, " \t")
	n := 0
	for n < len(b) && b[n] > ' ' && b[n] < 0x7f && b[n] != ':' {
		n++
	}
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(b[n:], " \t"), []byte(":"))
	if n == 0 || !ok {
		return "", "", false
	}
	return string(b[:n]), string(bytes.TrimLeft(rest, " \t\r\n\v\f")), true
}

// contentType learns what the part holds.
func (e *entity) contentType(v string) {
	e.kind, e.boundary = leaf, nil
	main, params, _ := strings.Cut(v, ";")
	main, _, ok := strings.Cut(strings.TrimSpace(main), "/")
	switch main = strings.ToLower(strings.TrimSpace(main)); {
	case !ok:
	case main == "message":
		e.kind = enclosed
	case main == "multipart":
		if b := param(params, "boundary"); b != "" && len(b) <= maxBoundary {
			e.kind, e.boundary = multipart, []byte(b)
		}
	}
}

func (e *entity) transferEncoding(v string) {
	switch v = strings.TrimSpace(v); {
	case strings.EqualFold(v, "base64"):
		e.encoding = base64
	case strings.EqualFold(v, "quoted-printable"):
		e.encoding = quotedPrintable
	default:
		e.encoding = binary
	}
}

// param finds a parameter of a structured header. More is taken than RFC 2045
// section 5.1 allows: what other readers understand has to be understood.
func param(s, name string) string {
	for s != "" {
		s = strings.TrimLeft(s, " \t;")
		key, rest, ok := strings.Cut(s, "=")
		if !ok {
			return ""
		}
		rest = strings.TrimLeft(rest, " \t")
		var v string
		if strings.HasPrefix(rest, `"`) {
			v, s = quoted(rest[1:])
		} else {
			v, s, _ = strings.Cut(rest, ";")
			v = strings.TrimRight(v, " \t\r")
		}
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return v
		}
	}
	return ""
}

// quoted reads a quoted string up to its end, and returns what follows it.
func quoted(s string) (v, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}
