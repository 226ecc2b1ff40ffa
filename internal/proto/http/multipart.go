package http

import (
	"bytes"
	"mime"
	"strings"
)

// maxPartLine bounds a header line of a part; longer ones are passed over.
const maxPartLine = 8 << 10

// multipart splits a body into its parts (RFC 2046 section 5.1) as it comes.
// The line end before a boundary belongs to the boundary, so it waits.
type multipart struct {
	b     *body
	out   func([]byte) // takes a part's content
	mark  []byte       // two hyphens and the boundary
	state partState
	start bool   // at the beginning of a line
	line  []byte // beginning of a line that may be a boundary, or of a header
	eol   []byte // end of the line before, which may belong to a boundary
	cr    bool   // a CR that may belong to a line end
}

type partState uint8

const (
	preamble partState = iota
	partHeaders
	partData
	epilogue
)

// multipartBoundary returns the boundary of a multipart content type.
func multipartBoundary(kind string) (string, bool) {
	if len(kind) < 10 || !strings.EqualFold(kind[:10], "multipart/") {
		return "", false
	}
	_, params, err := mime.ParseMediaType(kind)
	if b := params["boundary"]; err == nil && b != "" && len(b) <= 256 {
		return b, true
	}
	_, after, ok := strings.Cut(kind, "boundary=") // many writers quote wrongly
	after, _, _ = strings.Cut(after, ";")
	after = strings.Trim(after, ` "'`)
	return after, ok && after != "" && len(after) <= 256
}

// begin starts a body with parts between boundaries; without one, the body is a
// single message with headers (RFC 2046 section 5.2).
func (m *multipart) begin(b *body, boundary string) {
	*m = multipart{b: b, out: b.content, start: true, line: m.line[:0], mark: append(append(m.mark[:0], "--"...), boundary...)}
	if boundary == "" {
		m.mark, m.state = m.mark[:0], partHeaders
	}
}

// write takes body bytes. It returns how many lie behind the last boundary.
func (m *multipart) write(p []byte) int {
	for len(p) > 0 && m.state != epilogue {
		switch {
		case m.state == partHeaders:
			p = m.headerLine(p)
		case len(m.mark) == 0:
			m.content(p)
			p = nil
		case m.start:
			p = m.lineStart(p)
		default:
			p = m.data(p)
		}
	}
	return len(p)
}

// content writes to the part, if there is one.
func (m *multipart) content(p []byte) {
	if m.state == partData && len(p) > 0 {
		m.out(p)
	}
}

// data takes the rest of a line, and returns what follows it.
func (m *multipart) data(p []byte) []byte {
	m.content(m.eol)
	m.eol = m.eol[:0]
	if m.cr {
		m.cr = false
		if p[0] == '\n' {
			m.eol, m.start = append(m.eol, '\r', '\n'), true
			return p[1:]
		}
		m.content([]byte{'\r'})
	}
	i := bytes.IndexByte(p, '\n')
	n := i
	if i < 0 {
		n = len(p)
	}
	if n > 0 && p[n-1] == '\r' {
		n--
	}
	m.content(p[:n])
	if i < 0 {
		m.cr = n < len(p)
		return nil
	}
	m.eol, m.start = append(m.eol, p[n:i+1]...), true
	return p[i+1:]
}

// lineStart takes the beginning of a line as long as it may be a boundary, and
// returns what follows.
func (m *multipart) lineStart(p []byte) []byte {
	if want := m.mark[min(len(m.line), len(m.mark)):]; len(want) > 0 {
		n := min(len(want), len(p))
		if !bytes.Equal(p[:n], want[:n]) {
			m.notBoundary()
			return p
		}
		m.line = append(m.line, p[:n]...)
		p = p[n:]
		if len(m.line) < len(m.mark) {
			return nil
		}
	}
	i := bytes.IndexByte(p, '\n')
	if i < 0 {
		if len(m.line)+len(p) > len(m.mark)+maxPartLine {
			m.notBoundary()
			return p
		}
		m.line = append(m.line, p...)
		return nil
	}
	if len(m.line)+i > len(m.mark)+maxPartLine {
		m.notBoundary()
		return p
	}
	m.line = append(m.line, p[:i]...)
	if !m.boundary() {
		m.notBoundary()
		return p[i:]
	}
	return p[i+1:]
}

// notBoundary gives what was held to the part.
func (m *multipart) notBoundary() {
	m.content(m.eol)
	m.eol = m.eol[:0]
	line := m.line
	if n := len(line); n > 0 && line[n-1] == '\r' {
		m.cr, line = true, line[:n-1]
	}
	m.content(line)
	m.line, m.start = m.line[:0], false
}

// boundary ends a part if the line that is held is a boundary.
func (m *multipart) boundary() bool {
	if len(m.line) < len(m.mark) {
		return false
	}
	rest := bytes.TrimRight(m.line[len(m.mark):], " \t\r")
	last := bytes.HasPrefix(rest, []byte("--"))
	if len(rest) > 0 && !last {
		return false
	}
	m.line, m.eol = m.line[:0], m.eol[:0]
	m.endPart()
	m.state = partHeaders
	if last {
		m.state = epilogue
	}
	return true
}

// headerLine collects one header line of a part, and returns what follows it.
func (m *multipart) headerLine(p []byte) []byte {
	i := bytes.IndexByte(p, '\n')
	n := i
	if i < 0 {
		n = len(p)
	}
	m.line = append(m.line, p[:min(n, max(0, maxPartLine-len(m.line)))]...)
	if i < 0 {
		return nil
	}
	m.header(bytes.TrimRight(m.line, "\r"))
	m.line = m.line[:0]
	return p[i+1:]
}

// header takes one header line of a part; the empty one ends them.
func (m *multipart) header(line []byte) {
	if len(line) == 0 {
		m.state, m.start = partData, true
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	v := strings.TrimSpace(string(value))
	e := &m.b.entity
	switch strings.ToLower(string(name)) {
	case "content-disposition":
		if f := parameterName(v, "filename"); f != "" {
			e.name = f
		}
	case "content-type":
		if f := parameterName(v, "name"); f != "" && e.name == "" {
			e.name = f
		}
	case "content-length":
		if n, ok := number(v); ok {
			e.length.V, e.length.Set = n, true
		}
	case "content-range":
		if r, ok := parseRange(v); ok {
			e.ranged.V, e.ranged.Set = r, true
		}
	}
}

func (m *multipart) endPart() {
	if m.state == partData {
		m.b.endEntity()
	}
	m.b.entity = entity{}
}

// gap passes over a hole: it belongs to the part that is being read.
func (m *multipart) gap(n uint64) {
	if m.state != partData {
		m.line = m.line[:0]
		return
	}
	if len(m.mark) > 0 {
		m.flush()
	}
	m.start = false
	if m.b.entity.file != nil {
		m.b.entity.file.Gap(n)
	}
}

// flush gives all that is held to the part.
func (m *multipart) flush() {
	m.notBoundary()
	if m.cr {
		m.content([]byte{'\r'})
		m.cr = false
	}
}

// end finishes a body; the last boundary often has no line end, or is missing.
func (m *multipart) end() {
	if m.state == partData && len(m.mark) > 0 && !m.boundary() {
		m.flush()
	}
	m.endPart()
	m.state = epilogue
}
