// Package smtp reads the Simple Mail Transfer Protocol (RFC 5321) with chunks
// (RFC 3030), pipelining (RFC 2920), STARTTLS (RFC 3207) and authentication
// (RFC 4954, of which nothing is kept). It makes the smtp log, a files record
// of every part of a message, and a mail record of every message, which is what
// detectors of mail read.
package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/network"
	"longwatch/internal/wireline"
	"longwatch/internal/wiremail"
)

// Protocol is SMTP.
var Protocol = proto.Spec{
	Name:      "smtp",
	Transport: proto.TCP,
	Ports:     []uint16{25, 587},
	Probe:     probe,
	New:       newParser,
	Emits:     []*record.Type{Type, network.FileType, mail.Type},
}

const (
	// maxLine bounds a line: RFC 5321 section 4.5.3.1.6 allows 1000 bytes,
	// some senders use far more.
	maxLine = 64 << 10
	// maxWaiting bounds the commands without a reply.
	maxWaiting = 1000
	// maxDoubt is how far into a connection a reply that is none means that
	// the connection is not SMTP.
	maxDoubt = 10 << 10
	// maxInvalid bounds the transactions out of order of a connection.
	maxInvalid = 25
)

var (
	errReply   = errors.New("smtp: not a reply")
	errInvalid = errors.New("smtp: too many transactions out of order")
)

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	lines   [2]wireline.Splitter
	torn    [2]bool
	state   state
	waiting []string // commands whose replies have not come, oldest first
	bytes   int
	multi   int    // code of a reply of several lines that has not ended, or 0
	replied string // command that the last reply was for
	known   bool   // a command was understood
	log     session
	message *wiremail.Message // being transferred
	chunk   chunk
	tls     *proto.Stream
}

func newParser(c *proto.Conn) proto.Parser {
	p := &parser{c: c, torn: [2]bool{c.Partial, c.Partial}, waiting: []string{cmdConnect}}
	p.lines[0].Max, p.lines[1].Max = maxLine, maxLine
	p.log.c = c
	p.log.partial = c.Partial
	if c.Partial {
		p.waiting = nil
		p.state = stateRecover
	}
	return p
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		if p.tls != nil {
			_ = p.tls.Feed(d, b[used:])
			return proto.Step{Used: len(b)}, nil
		}
		if d == proto.Orig && p.chunk.left > 0 {
			used += p.bdat(b[used:])
			continue
		}
		line, n := p.lines[d].Next(b[used:])
		if n == 0 {
			return proto.Step{Used: used}, nil
		}
		used += n
		p.bytes += n
		if line == nil {
			continue
		}
		if err := p.line(d, bytes.TrimRight(line, "\r")); err != nil {
			return proto.Step{Used: used}, err
		}
	}
	return proto.Step{Used: used}, nil
}

func (p *parser) line(d proto.Dir, line []byte) error {
	torn := p.torn[d]
	p.torn[d] = false
	if d == proto.Orig {
		return p.sent(line)
	}
	code := wireline.Code(line)
	if code < 100 || code > 599 {
		if torn || p.bytes > maxDoubt || p.state == stateTLS {
			return nil
		}
		return fmt.Errorf("%w: %.40q", errReply, line)
	}
	p.reply(code, line)
	return nil
}

// sent reads a line of the client, which the state says what to take for.
func (p *parser) sent(line []byte) error {
	switch p.state {
	case stateGap, stateTLS:
		return nil
	case stateData:
		if len(line) == 1 && line[0] == '.' {
			return p.command(cmdEnd, nil)
		}
		p.message.Line(bytes.TrimPrefix(line, []byte(".")), true)
		return nil
	case stateAuth:
		return p.command(cmdAnswer, nil)
	}
	word, arg := wireline.Word(line)
	if len(word) > len("X-ANONYMOUSTLS") {
		return nil
	}
	if name := strings.ToUpper(string(word)); known[name] {
		return p.command(name, arg)
	}
	return nil
}

// command follows one command of the client.
func (p *parser) command(cmd string, arg []byte) error {
	if !p.known {
		p.known = true
		p.c.Confirm()
	}
	p.queue(cmd)
	if cmd == cmdEnd {
		p.commanded(cmd)
	}
	if err := p.log.request(cmd, string(arg)); err != nil {
		return err
	}
	switch {
	case cmd == cmdEnd:
		return nil
	case cmd == "BDAT":
		if !p.chunked(string(arg)) {
			return nil
		}
	case p.chunk.open:
		p.c.Weird("smtp_missing_bdat_last_chunk", "")
		p.end()
	}
	p.commanded(cmd)
	if cmd == "BDAT" {
		p.chunkEnd() // of none
	}
	return nil
}

// reply follows a line of a reply (RFC 5321 section 4.2).
func (p *parser) reply(code int, line []byte) {
	if code != p.multi {
		p.multi = 0
	}
	if p.multi == 0 {
		if p.state == stateGap {
			p.state = stateRecover
		}
		p.replied = p.next()
		p.answered(p.replied, code)
	}
	text := line[3:]
	p.multi = 0
	if len(text) > 0 && text[0] == '-' {
		p.multi = code
		text = text[1:]
	}
	p.log.reply(p.replied, strconv.Itoa(code)+" "+string(bytes.TrimLeft(text, " \t")), p.multi != 0)
}

// startTLS hands the connection to TLS.
func (p *parser) startTLS() {
	p.state = stateTLS
	p.tls = p.c.Inner("ssl")
	p.log.secure()
}

// Gap implements proto.Parser.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tls != nil {
		return p.tls.Gap(d, n)
	}
	p.torn[d] = true
	if p.message != nil && d == proto.Orig {
		p.message.Gap(n)
	}
	if p.message != nil {
		p.end()
	}
	p.waiting, p.multi = nil, 0
	p.state = stateGap
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
	p.end()
	p.log.close()
}
