package smtp

import (
	"net/url"
	"regexp"
	"strings"

	"longwatch/internal/letter"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wirefile"
)

// message is one that is being transferred. Its parts go to files as they come,
// and it becomes a mail record.
type message struct {
	p     *parser
	s     *letter.Stream
	b     *letter.Builder
	start record.Time
	ref   record.Ref
	part  []string       // names of the open parts
	file  *wirefile.File // of the innermost open part
}

// begin starts a message.
func (p *parser) begin(st state) {
	if p.message != nil {
		p.c.Weird("smtp_nested_mail_transaction", "")
		p.message.close()
	}
	p.state = st
	p.message = &message{p: p, b: letter.NewBuilder(!p.c.HashFiles), start: p.c.Now(), ref: p.c.Engine.Ref()}
	p.message.s = letter.NewStream(p.message)
}

// end finishes the message, if there is one.
func (p *parser) end() {
	p.chunkClose()
	if p.message != nil {
		p.message.close()
		p.message = nil
	}
}

func (m *message) line(b []byte, crlf bool) { m.s.Line(b, crlf) }

func (m *message) gap(n int) {
	m.b.Gap()
	m.open().Gap(uint64(n))
}

// open is the file of the innermost open part.
func (m *message) open() *wirefile.File {
	if m.file == nil {
		m.file = wirefile.New(m.p.c, "SMTP", proto.Orig)
		m.file.SetDepth(m.p.log.entities)
		if n := len(m.part); n > 0 && m.part[n-1] != "" {
			m.file.SetName(m.part[n-1])
		}
		m.p.log.file(m.file.FUID())
	}
	return m.file
}

func (m *message) close() {
	m.s.Close()
	if rec := m.b.Message(); rec != nil {
		rec.UID, rec.TS, rec.Ref = m.p.c.ID.UID, m.start, m.ref
		m.p.c.Emit(rec)
	}
}

// Begin implements letter.Handler.
func (m *message) Begin() {
	m.finish()
	m.part = append(m.part, "")
	m.p.log.begin()
	m.b.Begin()
}

// naming is a parameter that names a part, in Content-Disposition and in
// Content-Type.
var (
	naming  = regexp.MustCompile(`(?i)name[ \t]*\*?=[ \t]*`)
	charset = regexp.MustCompile("^[a-zA-Z0-9!#$%&+-^_`{}~]+'[a-zA-Z0-9!#$%&+-^_`{}~]*'")
)

// Header implements letter.Handler.
func (m *message) Header(name, value string) {
	m.p.log.header(name, value)
	m.b.Header(name, value)
	if len(m.part) == 0 {
		return
	}
	if strings.EqualFold(name, "Content-Disposition") || strings.EqualFold(name, "Content-Type") {
		if n := fileName(value); n != "" {
			m.part[len(m.part)-1] = n
		}
	}
}

// fileName is the last name that a header gives to a part, without the
// character set of RFC 2231.
func fileName(v string) string {
	at := naming.FindAllStringIndex(v, 16)
	if len(at) == 0 {
		return ""
	}
	v = v[at[len(at)-1][1]:]
	if quoted, ok := strings.CutPrefix(v, `"`); ok {
		v, _, _ = strings.Cut(quoted, `"`)
	}
	v = v[len(charset.FindString(v)):]
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// Data implements letter.Handler.
func (m *message) Data(b []byte) {
	m.open().Write(b)
	m.b.Data(b)
}

// finish ends the file of the innermost part.
func (m *message) finish() {
	if m.file == nil {
		return
	}
	m.file.Close()
	if m.p.c.HashFiles {
		m.b.Content(m.file.Summary())
	}
	m.file = nil
}

// End implements letter.Handler.
func (m *message) End() {
	m.finish()
	if n := len(m.part); n > 0 {
		m.part = m.part[:n-1]
	}
	m.b.End()
}
