package letter

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"

	"longwatch/internal/content"
	lwmail "longwatch/internal/record/mail"
)

const (
	maxHeaders = 256 << 10 // of a message that comes line by line
	maxWire    = 256 << 10 // of a text part of one, searched for links
)

// Builder is the Handler that makes a mail record.
type Builder struct {
	m      lwmail.Message
	r      reader
	hash   bool
	fields [][2]string // headers of the message itself
	size   int
	parts  int
	open   []part
	torn   bool
}

// part is one that is open.
type part struct {
	kind        string // of Content-Type, lower case
	charset     string
	name        string
	attachment  bool
	tracker     *content.Tracker
	text        []byte
	known       *content.Summary
	outer, used bool
}

// NewBuilder begins a record. With hash it learns the attachments from their
// bytes; without, it is told by Content.
func NewBuilder(hash bool) *Builder {
	b := &Builder{hash: hash}
	b.r.m = &b.m
	return b
}

// Begin implements Handler.
func (b *Builder) Begin() {
	if n := len(b.open); n > 0 {
		b.open[n-1].outer = true
	}
	b.parts++
	b.open = append(b.open, part{kind: "text/plain"})
}

// Header implements Handler.
func (b *Builder) Header(name, value string) {
	if len(b.open) == 0 {
		return
	}
	if b.parts == 1 && b.size+len(name)+len(value) <= maxHeaders {
		b.size += len(name) + len(value)
		b.fields = append(b.fields, [2]string{name, value})
	}
	var h message.Header
	p := &b.open[len(b.open)-1]
	switch {
	case strings.EqualFold(name, "Content-Type"):
		h.Set("Content-Type", value)
		kind, params, _ := h.ContentType()
		p.kind, p.charset = strings.ToLower(kind), params["charset"]
		if p.name == "" {
			p.name = params["name"]
		}
	case strings.EqualFold(name, "Content-Disposition"):
		h.Set("Content-Disposition", value)
		disposition, params, _ := h.ContentDisposition()
		p.attachment = disposition == "attachment"
		if n := params["filename"]; n != "" {
			p.name = n
		}
	}
}

// readable tells whether the part is text for the reader of the message.
func (p *part) readable() bool {
	return p.name == "" && !p.attachment && strings.HasPrefix(p.kind, "text/")
}

// Data implements Handler.
func (b *Builder) Data(data []byte) {
	if len(b.open) == 0 || b.parts > maxParts {
		return
	}
	p := &b.open[len(b.open)-1]
	p.used = true
	if p.readable() {
		p.text = append(p.text, data[:min(len(data), maxWire-len(p.text))]...)
		return
	}
	if p.name != "" || p.attachment { // the beginning is enough to list most archives that are sent
		p.text = append(p.text, data[:min(len(data), maxWire-len(p.text))]...)
	}
	if b.hash {
		if p.tracker == nil {
			p.tracker = content.NewTracker(true)
			p.tracker.SetName(p.name)
			if b.torn {
				p.tracker.Gap()
			}
		}
		p.tracker.Write(data)
	}
}

// Gap says that something is missing here.
func (b *Builder) Gap() {
	b.torn = true
	for i := range b.open {
		if t := b.open[i].tracker; t != nil {
			t.Gap()
		}
	}
}

// Content says what the open part is, for one who follows the files anyway.
func (b *Builder) Content(s content.Summary) {
	if n := len(b.open); n > 0 {
		b.open[n-1].known = &s
	}
}

// End implements Handler.
func (b *Builder) End() {
	n := len(b.open) - 1
	if n < 0 {
		return
	}
	p := b.open[n]
	b.open = b.open[:n]
	switch {
	case p.outer || b.parts > maxParts:
	case p.readable():
		var text io.Reader = bytes.NewReader(p.text)
		if p.charset != "" {
			if r, err := charset.Reader(p.charset, text); err == nil {
				text = r
			}
		}
		_ = b.r.readable(text, p.kind == "text/html")
	case p.name != "" || p.attachment:
		var s content.Summary
		switch {
		case p.known != nil:
			s = *p.known
		case p.tracker != nil:
			s = p.tracker.Sum()
		}
		b.r.attach(p.name, s, p.text)
	}
}

// Message is the record, nil when what came was no message.
func (b *Builder) Message() *lwmail.Message {
	var h message.Header
	for _, f := range slices.Backward(b.fields) { // Add puts the newest first
		h.Add(f[0], f[1])
	}
	fields := b.r.headers(&h)
	b.r.finish(fields)
	if b.m.From == "" && b.m.MessageID == "" && b.m.Subject == "" && len(b.m.To) == 0 {
		return nil
	}
	return &b.m
}
