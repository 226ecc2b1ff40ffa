// Package telnet reads Telnet (RFC 854 and 855, with RFC 1091 and 2946): the
// terminal, who logs in, and whether the server let them. The last it infers
// from the words of the server. What is typed after the question for a password
// is never kept.
package telnet

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is Telnet.
var Protocol = proto.Spec{
	Name:      "telnet",
	Transport: proto.TCP,
	Ports:     []uint16{23, 2323},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

// Commands and options.
const (
	se   = 240
	sb   = 250
	will = 251
	dont = 254
	iac  = 255

	optTerminal = 24
	optEncrypt  = 38
)

const (
	// maxLine bounds what is kept of a line.
	maxLine = 256
	// maxSub bounds what is kept of a subnegotiation.
	maxSub = 64
)

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	rec     *Record
	half    [2]half
	options int
	talk    talk
	judged  bool // the server's line was looked at
	done    bool // encrypted from here on
}

// half is one direction.
type half struct {
	mode mode
	sub  []byte
	line []byte // that has not ended; the last maxLine bytes of it
	cr   bool   // the last byte was CR
}

// A mode is where in a command of Telnet a direction is.
type mode uint8

const (
	inText    mode = iota
	inCommand      // after IAC
	inOption       // after WILL, WONT, DO or DONT
	inSub          // after SB
	inSubIAC       // after IAC within SB
)

// open returns the record, begun at the first call.
func (p *parser) open() *Record {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head()}
	}
	return p.rec
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	for _, c := range b {
		if p.done {
			break
		}
		p.octet(d, c)
	}
	return proto.Step{Used: len(b)}, nil
}

// octet takes one byte: a command (RFC 854) or text.
func (p *parser) octet(d proto.Dir, c byte) {
	h := &p.half[d]
	switch h.mode {
	case inText:
		if c == iac {
			h.mode = inCommand
			return
		}
		p.text(d, h, c)
	case inCommand:
		switch {
		case c == sb:
			h.mode, h.sub = inSub, h.sub[:0]
		case c >= will && c <= dont:
			h.mode = inOption
		default: // two bytes, or an escaped 255
			h.mode = inText
		}
	case inOption:
		h.mode = inText
		if p.options++; p.options == 1 {
			p.open()
			p.c.Confirm()
		}
	case inSub:
		if c == iac {
			h.mode = inSubIAC
		} else if len(h.sub) < maxSub {
			h.sub = append(h.sub, c)
		}
	case inSubIAC:
		h.mode = inSub
		if c == se {
			h.mode = inText
			p.negotiated(d, h.sub)
		}
	}
}

// negotiated reads a subnegotiation (RFC 855).
func (p *parser) negotiated(d proto.Dir, sub []byte) {
	const is, start = 0, 3
	if len(sub) < 2 {
		return
	}
	switch {
	case sub[0] == optTerminal && sub[1] == is && d == proto.Orig:
		p.open().Terminal = printable(sub[2:])
	case sub[0] == optEncrypt && sub[1] == start:
		p.open().Encrypt = true
		p.done = true
	}
}

// text takes a byte of text. Lines end in CR LF, CR NUL or either alone.
func (p *parser) text(d proto.Dir, h *half, c byte) {
	if d == proto.Orig && !p.judged {
		p.judged = true
		p.asked(string(p.half[proto.Resp].line))
	}
	cr := h.cr
	h.cr = c == '\r'
	switch {
	case c == '\n' && cr, c == 0: // the line is over
	case c == '\r', c == '\n':
		p.line(d, string(h.line))
		h.line = h.line[:0]
	case c == 8, c == 127: // rubbed out
		h.line = h.line[:max(0, len(h.line)-1)]
	case c == 3, c == 21: // all of it
		h.line = h.line[:0]
	case c >= ' ':
		if len(h.line) == maxLine {
			h.line = append(h.line[:0], h.line[1:]...)
		}
		h.line = append(h.line, c)
	}
	if d == proto.Resp {
		p.judged = false
	}
}

// Gap implements proto.Parser.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.half[d] = half{}
	return nil
}

// Close implements proto.Parser.
func (p *parser) Close() {
	if !p.judged && !p.done {
		p.asked(string(p.half[proto.Resp].line))
	}
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}

func printable(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c >= ' ' && c < 0x7f {
			out = append(out, c)
		}
	}
	return string(out)
}
