// Package imap reads the Internet Message Access Protocol (RFC 3501 and 9051,
// with RFC 2971 and 7888): who logged in, which mailboxes were opened, and the
// messages that were fetched or stored, each of which becomes a mail record.
// Passwords and the lines of authentication exchanges are never kept.
package imap

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/network"
	"longwatch/internal/wireline"
	"longwatch/internal/wiremail"
)

// Protocol is IMAP.
var Protocol = proto.Spec{
	Name:      "imap",
	Transport: proto.TCP,
	Ports:     []uint16{143},
	Probe:     probe,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c, torn: [2]bool{c.Partial, c.Partial}}
		p.half[0].lines.Max, p.half[1].lines.Max = maxLine, maxLine
		return p
	},
	Emits: []*record.Type{Type, mail.Type, network.FileType},
}

const (
	// maxLine bounds a line.
	maxLine = 64 << 10
	// maxText bounds what is read of a command with its literals.
	maxText = 8 << 10
	// maxLiteral bounds a literal that is part of a command, as a name.
	maxLiteral = 1 << 10
	// maxWaiting bounds the commands without a reply.
	maxWaiting = 64
	// maxWord bounds what a record keeps of a name or reply.
	maxWord = 256
	// maxNames bounds the mailboxes and the commands of a record.
	maxNames = 64
	// maxStrange bounds the lines of a server that are none.
	maxStrange = 8
)

var errLine = errors.New("imap: not a response")

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	rec     *Record
	half    [2]half
	torn    [2]bool
	strange int
	waiting []command // whose replies have not come, oldest first
	auth    string    // mechanism of the exchange that goes on
	step    int       // lines of it that the client sent
	tls     *proto.Stream
}

// half is one direction.
type half struct {
	lines   wireline.Splitter
	text    []byte // of a command so far: it goes on after a literal
	left    uint64 // bytes of the literal that are to come
	literal literal
	message *wiremail.Message
}

type literal uint8

const (
	skipped literal = iota
	kept            // part of the command
	letters         // a message
)

type command struct{ tag, name string }

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		if p.tls != nil {
			_ = p.tls.Feed(d, b[used:])
			return proto.Step{Used: len(b)}, nil
		}
		h := &p.half[d]
		if h.left > 0 {
			n := p.inLiteral(h, b[used:])
			if n == 0 {
				break
			}
			used += n
			continue
		}
		line, n := h.lines.Next(b[used:])
		if n == 0 {
			break
		}
		used += n
		if line == nil {
			continue
		}
		if err := p.line(d, h, line); err != nil {
			return proto.Step{Used: used}, err
		}
	}
	return proto.Step{Used: used}, nil
}

// line takes a line; one that announces a literal goes on after it.
func (p *parser) line(d proto.Dir, h *half, line []byte) error {
	h.text = append(h.text, line[:min(len(line), maxText-len(h.text))]...)
	if n, ok := announced(line); ok {
		p.begin(d, h, n)
		return nil
	}
	torn := p.torn[d]
	p.torn[d] = false
	text := h.text
	h.text = h.text[:0]
	if d == proto.Orig {
		p.request(text)
		return nil
	}
	if !p.response(text) && !torn && len(text) > 0 {
		if p.strange++; p.strange > maxStrange {
			return fmt.Errorf("%w: %.40q", errLine, text)
		}
	}
	return nil
}

// announced tells whether a line ends in {n}, {n+} or ~{n}: n bytes follow that
// are taken as they are (RFC 3501 section 4.3, RFC 7888).
func announced(line []byte) (uint64, bool) {
	rest, ok := bytes.CutSuffix(line, []byte("}"))
	i := bytes.LastIndexByte(rest, '{')
	if !ok || i < 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSuffix(rest[i+1:], []byte("+"))), 10, 32)
	return n, err == nil
}

// begin starts a literal of n bytes.
func (p *parser) begin(d proto.Dir, h *half, n uint64) {
	upper := bytes.ToUpper(h.text)
	upper = upper[:bytes.LastIndexByte(upper, '{')+1]
	h.left, h.literal = n, skipped
	switch {
	case d == proto.Resp && (bytes.HasSuffix(upper, []byte("BODY[] {")) || bytes.HasSuffix(upper, []byte("RFC822 {"))):
		h.literal = letters
		p.open().Fetched++
	case d == proto.Orig && verb(upper) == "APPEND":
		h.literal = letters
		p.open().Appended++
	case n <= maxLiteral:
		h.literal = kept
		h.text = append(h.text[:max(0, bytes.LastIndexByte(h.text, '{'))], '"')
	}
	if h.literal == letters && n > 0 {
		h.message = wiremail.New(p.c, "IMAP", d, nil)
	}
	if n == 0 {
		p.endLiteral(h)
	}
}

// inLiteral takes bytes of a literal and returns how many.
func (p *parser) inLiteral(h *half, b []byte) int {
	b = b[:min(uint64(len(b)), h.left)]
	n := len(b)
	switch {
	case h.literal == kept:
		h.text = append(h.text, b[:min(n, maxText-len(h.text))]...)
	case h.message != nil:
		var line []byte
		crlf := true
		if line, n = h.lines.Next(b); n == 0 {
			if uint64(len(b)) < h.left {
				return 0
			}
			line, n, crlf = b, len(b), false
		}
		if line != nil {
			h.message.Line(line, crlf)
		}
	}
	if h.left -= uint64(n); h.left == 0 {
		p.endLiteral(h)
	}
	return n
}

func (p *parser) endLiteral(h *half) {
	if h.literal == kept {
		h.text = append(h.text, '"')
	}
	p.endMessage(h)
}

// endMessage finishes the message, if there is one.
func (p *parser) endMessage(h *half) {
	if h.message == nil {
		return
	}
	h.message.Close()
	h.message = nil
	h.lines = wireline.Splitter{Max: maxLine}
}

// Gap implements proto.Parser. What is missing may end a literal, or not.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tls != nil {
		return p.tls.Gap(d, n)
	}
	h := &p.half[d]
	p.torn[d] = true
	if h.message != nil {
		h.message.Gap(int(min(uint64(n), h.left)))
	}
	if h.left > uint64(n) {
		h.left -= uint64(n)
		return nil
	}
	p.endMessage(h)
	h.left, h.text = 0, h.text[:0]
	h.lines.Reset()
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tls != nil {
		p.tls.End(d)
	}
}

// Close implements proto.Parser.
func (p *parser) Close() {
	if p.tls != nil {
		p.tls.Close()
	}
	p.endMessage(&p.half[0])
	p.endMessage(&p.half[1])
	if p.rec != nil && len(p.rec.Commands) > 0 {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}
