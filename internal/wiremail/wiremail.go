// Package wiremail follows messages that protocols carry: their parts become
// files as they come, and each message becomes a mail record.
//
//	m := wiremail.New(c, "POP3", proto.Resp, nil)
//	m.Line(line, true)
//	m.Close()
package wiremail

import (
	"strings"

	"longwatch/internal/letter"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wirefile"
)

// A Watcher hears what a message holds, for a protocol that writes of it.
type Watcher interface {
	Begin()                    // a part begins, within the innermost open one
	Header(name, value string) // of the innermost open part
	File(*wirefile.File)       // content begins
}

// Message is one that is being transferred. It belongs to one goroutine.
type Message struct {
	c      *proto.Conn
	source string
	dir    proto.Dir
	w      Watcher // nil: nobody asks
	s      *letter.Stream
	b      *letter.Builder
	start  record.Time
	ref    record.Ref
	part   []string       // names of the open parts
	file   *wirefile.File // of the innermost open part
}

// New starts a message that direction d of c carries. source is the protocol as
// Zeek writes it in files.log: SMTP, POP3.
func New(c *proto.Conn, source string, d proto.Dir, w Watcher) *Message {
	m := &Message{c: c, source: source, dir: d, w: w, b: letter.NewBuilder(!c.HashFiles), start: c.Now(), ref: c.Engine.Ref()}
	m.s = letter.NewStream(handler{m})
	return m
}

// Line takes one line without its end; crlf says that it had one.
func (m *Message) Line(b []byte, crlf bool) { m.s.Line(b, crlf) }

// Gap says that n bytes are missing here.
func (m *Message) Gap(n int) {
	m.b.Gap()
	m.open().Gap(uint64(n))
}

// Pad counts n bytes of the innermost open part as seen that are none of its
// own: what Zeek does not take off.
func (m *Message) Pad(n int) {
	if m.file != nil {
		m.file.Pad(n)
	}
}

// Close ends the message and writes it.
func (m *Message) Close() {
	m.s.Close()
	if rec := m.b.Message(); rec != nil {
		rec.UID, rec.TS, rec.Ref = m.c.ID.UID, m.start, m.ref
		m.c.Emit(rec)
	}
}

// open is the file of the innermost open part.
func (m *Message) open() *wirefile.File {
	if m.file == nil {
		m.file = wirefile.New(m.c, m.source, m.dir)
		if n := len(m.part); n > 0 && m.part[n-1] != "" {
			m.file.SetName(m.part[n-1])
		}
		if m.w != nil {
			m.w.File(m.file)
		}
	}
	return m.file
}

// finish ends the file of the innermost part.
func (m *Message) finish() {
	if m.file == nil {
		return
	}
	m.file.Close()
	if m.c.HashFiles {
		m.b.Content(m.file.Summary())
	}
	m.file = nil
}

// handler is what the reader of the message tells of its parts.
type handler struct{ *Message }

// Begin implements letter.Handler.
func (m handler) Begin() {
	m.finish()
	m.part = append(m.part, "")
	if m.w != nil {
		m.w.Begin()
	}
	m.b.Begin()
}

// Header implements letter.Handler.
func (m handler) Header(name, value string) {
	if m.w != nil {
		m.w.Header(name, value)
	}
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

// Data implements letter.Handler.
func (m handler) Data(b []byte) {
	m.open().Write(b)
	m.b.Data(b)
}

// End implements letter.Handler.
func (m handler) End() {
	m.finish()
	if n := len(m.part); n > 0 {
		m.part = m.part[:n-1]
	}
	m.b.End()
}
