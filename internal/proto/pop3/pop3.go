// Package pop3 reads the Post Office Protocol (RFC 1939, 2449, 2595 and 5034):
// who opened which mailbox, whether the server let them in, and the messages
// that were fetched, each of which becomes a mail record and its parts files. Passwords and the
// lines of authentication exchanges are never kept.
package pop3

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/network"
	"longwatch/internal/wireline"
	"longwatch/internal/wiremail"
)

// Protocol is POP3.
var Protocol = proto.Spec{
	Name:      "pop3",
	Transport: proto.TCP,
	Ports:     []uint16{110},
	Probe:     probe,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c, torn: [2]bool{c.Partial, c.Partial}, fresh: !c.Partial}
		p.lines[0].Max, p.lines[1].Max = maxLine, maxLine
		return p
	},
	Emits: []*record.Type{Type, mail.Type, network.FileType},
}

const (
	// maxLine bounds a line of a message or reply.
	maxLine = 64 << 10
	// maxWaiting bounds the commands without a reply.
	maxWaiting = 64
	// maxWord bounds what a record keeps of a name or reply.
	maxWord = 256
	// maxDoubt is how far into a connection a reply that is none means that
	// the connection is not POP3.
	maxDoubt = 10 << 10
)

var errReply = errors.New("pop3: not a reply")

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	rec     *Record
	lines   [2]wireline.Splitter
	torn    [2]bool
	fresh   bool // the greeting has not come
	bytes   int
	waiting []command // whose replies have not come, oldest first
	multi   string    // command whose reply of several lines is coming
	auth    string    // mechanism of the exchange that goes on
	step    int       // lines of it that the client sent

	message *wiremail.Message
	tls     *proto.Stream
}

type command struct {
	name string
	bare bool // without an argument
}

// commands are those of RFC 1939, 2449, 2595 and 5034; true: the reply can have
// several lines.
var commands = map[string]bool{
	"USER": false, "PASS": false, "APOP": false, "AUTH": false, "STAT": false, "LIST": true, "RETR": true, "DELE": false, "RSET": false,
	"NOOP": false, "LAST": false, "QUIT": false, "TOP": true, "CAPA": true, "UIDL": true, "STLS": false, "XSENDER": false, "UTF8": false, "LANG": true,
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		if p.tls != nil {
			_ = p.tls.Feed(d, b[used:])
			return proto.Step{Used: len(b)}, nil
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
		torn := p.torn[d]
		p.torn[d] = false
		if d == proto.Orig {
			p.sent(line)
		} else if err := p.reply(line, torn); err != nil {
			return proto.Step{Used: used}, err
		}
	}
	return proto.Step{Used: used}, nil
}

// open returns the record, begun at the first call.
func (p *parser) open() *Record {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head()}
	}
	return p.rec
}

// sent reads a line of the client.
func (p *parser) sent(line []byte) {
	word, arg := wireline.Word(line)
	name := strings.ToUpper(string(word[:min(len(word), 16)]))
	_, known := commands[name]
	if p.auth != "" && (!known || p.step == 0) {
		p.credential(line)
		return
	}
	if !known {
		return
	}
	r := p.open()
	if !slices.Contains(r.Commands, name) {
		r.Commands = append(r.Commands, name)
	}
	switch name {
	case "USER":
		r.User, r.Auth = word256(arg), "USER"
	case "APOP": // name, digest
		who, _ := wireline.Word(arg)
		r.User, r.Auth = word256(who), "APOP"
	case "AUTH":
		mechanism, first := wireline.Word(arg)
		if len(mechanism) > 0 {
			p.auth, p.step = strings.ToUpper(word256(mechanism)), 0
			r.Auth = p.auth
		}
		if len(first) > 0 {
			p.credential(first)
		}
	case "LIST", "UIDL", "STAT":
		r.Listed = record.Some(true)
	case "DELE":
		r.Deleted++
	}
	if len(p.waiting) == maxWaiting {
		p.c.Weird("pop3_client_too_many_pending_commands", "")
		p.waiting = p.waiting[1:]
	}
	p.waiting = append(p.waiting, command{name, len(arg) == 0})
}

func word256(b []byte) string { return string(b[:min(len(b), maxWord)]) }

// next takes the command that the next reply is for.
func (p *parser) next() command {
	if len(p.waiting) == 0 {
		return command{}
	}
	c := p.waiting[0]
	if p.waiting = p.waiting[1:]; len(p.waiting) == 0 {
		p.waiting = nil
	}
	return c
}

// reply reads a line of the server.
func (p *parser) reply(line []byte, torn bool) error {
	if p.multi != "" {
		p.text(line)
		return nil
	}
	word, text := wireline.Word(line)
	switch {
	case bytes.EqualFold(word, []byte("+OK")):
		p.answered(true, text)
	case bytes.EqualFold(word, []byte("-ERR")):
		p.answered(false, text)
	case len(word) == 1 && word[0] == '+': // goes on with the exchange
	case torn || len(line) == 0 || p.bytes > maxDoubt:
	default:
		return fmt.Errorf("%w: %.40q", errReply, line)
	}
	return nil
}

// answered follows the first line of a reply.
func (p *parser) answered(ok bool, text []byte) {
	if p.fresh {
		p.fresh = false
		p.open().Banner = word256(text)
		return
	}
	c := p.next()
	if c.name == "" {
		return
	}
	p.c.Confirm()
	r := p.open()
	switch c.name {
	case "AUTH":
		if c.bare && ok { // lists the mechanisms
			p.multi = c.name
			return
		}
		p.auth = ""
		p.login(ok, text)
	case "PASS", "APOP":
		p.login(ok, text)
	case "USER":
		if !ok {
			p.login(ok, text)
		}
	case "STLS":
		if ok {
			r.TLS = true
			p.tls = p.c.Inner("ssl")
		}
	case "RETR":
		if ok {
			p.begin()
		}
	}
	if ok && commands[c.name] && (c.bare || c.name != "LIST" && c.name != "UIDL" && c.name != "LANG") {
		p.multi = c.name
	}
}

func (p *parser) login(ok bool, text []byte) {
	r := p.open()
	r.Success, r.LastReply = record.Some(ok), word256(text)
	if !ok {
		r.Failures++
	}
}

// begin starts a message.
func (p *parser) begin() {
	p.open().Retrieved++
	p.message = wiremail.New(p.c, "POP3", proto.Resp, nil)
}

// text takes a line of a reply of several.
func (p *parser) text(line []byte) {
	rest, dot := bytes.CutPrefix(line, []byte("."))
	switch {
	case dot && len(rest) == 0:
		p.multi = ""
		p.end()
	case p.message != nil:
		p.message.Line(rest, true)
		if dot { // Zeek counts the dots that were put before lines
			p.message.Pad(1)
		}
	}
}

// end finishes the message, if there is one.
func (p *parser) end() {
	if p.message == nil {
		return
	}
	p.message.Close()
	p.message = nil
}

// Gap implements proto.Parser.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tls != nil {
		return p.tls.Gap(d, n)
	}
	p.torn[d] = true
	if p.message != nil && d == proto.Resp {
		p.message.Gap(n)
	}
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
	if p.rec != nil && len(p.rec.Commands) > 0 {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}
