// Package syslog reads syslog on the wire, over UDP (RFC 3164, RFC 5426) and TCP
// (RFC 6587: messages with their length in front, or ended by a line feed or a
// zero). Each message is one record; what it says inside is left as text.
package syslog

import (
	"bytes"
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is syslog.
var Protocol = proto.Spec{
	Name: "syslog", Transport: proto.UDP | proto.TCP, Ports: []uint16{port, 601},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	port        = 514
	maxPriority = 191     // facility 23, severity 7
	maxMessage  = 1 << 16 // on a stream
)

var (
	errMessage = errors.New("syslog: not a syslog message")
	errLength  = errors.New("syslog: message longer than its bound")
)

var facilities = [...]string{
	"KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP", "NTP", "AUDIT", "ALERT", "CLOCK",
	"LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7",
}

var severities = [...]string{"EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"}

const unspecified = "UNSPECIFIED"

// number reads decimal digits at the start of b, at most seven.
func number(b []byte) (n, digits int) {
	for digits < len(b) && digits < 7 && b[digits] >= '0' && b[digits] <= '9' {
		n = n*10 + int(b[digits]-'0')
		digits++
	}
	return n, digits
}

// priority reads "<number>". n is the length, 0 when there is none.
func priority(b []byte) (value, n int) {
	if len(b) == 0 || b[0] != '<' {
		return 0, 0
	}
	v, d := number(b[1:])
	if d == 0 || 1+d >= len(b) || b[1+d] != '>' {
		return 0, 0
	}
	return v, d + 2
}

// probe wants a priority and text behind it, on streams possibly behind a
// length. Text alone is left to the port.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	msg := b
	if b[0] >= '1' && b[0] <= '9' {
		n, d := number(b)
		if d == len(b) {
			return proto.Maybe
		}
		if d > 5 || n < 8 || b[d] != ' ' {
			return plain(b)
		}
		msg = b[d+1:]
	}
	v, n := priority(msg)
	switch {
	case n == 0 && len(msg) < 5 && len(msg) < len(b):
		return proto.Maybe
	case n == 0 || v > maxPriority || n > 3 && msg[1] == '0':
		return plain(b)
	case len(msg) < n+8:
		return proto.Maybe
	case printable(msg[n:min(len(msg), n+64)]):
		return proto.Yes
	}
	return proto.No
}

// plain lets the port decide about text.
func plain(b []byte) proto.Verdict {
	if printable(b[:min(len(b), 64)]) {
		return proto.Maybe
	}
	return proto.No
}

func printable(b []byte) bool {
	for _, x := range b {
		if x < ' ' && x != '\n' && x != '\r' && x != '\t' && x != 0 || x == 0x7f {
			return false
		}
	}
	return true
}

type parser struct {
	c    *proto.Conn
	seen bool    // a message was understood
	torn [2]bool // passing over what is left of a message
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		return proto.Step{Used: len(b)}, p.datagram(b)
	}
	used := 0
	for used < len(b) {
		n, err := p.frame(d, b[used:])
		if err != nil {
			return proto.Step{Used: used}, err
		}
		if n == 0 && !p.torn[d] {
			break
		}
		used += n
	}
	return proto.Step{Used: used}, nil
}

func (p *parser) datagram(b []byte) error {
	if b[0] == '<' {
		if _, n := priority(b); n == 0 {
			return errMessage
		}
	}
	p.emit(b)
	return nil
}

// frame reads one message of a stream and returns its length, 0 when it is not
// whole. What begins like no message is the rest of one of which a part is
// missing, and ends as messages do.
func (p *parser) frame(d proto.Dir, b []byte) (int, error) {
	switch {
	case p.torn[d]:
		n := bytes.IndexAny(b, "\n\x00")
		if n < 0 {
			return len(b), nil
		}
		p.torn[d] = false
		return n + 1, nil
	case b[0] == '\n' || b[0] == '\r' || b[0] == 0:
		return 1, nil
	case b[0] >= '1' && b[0] <= '9':
		n, digits := number(b)
		switch {
		case digits == len(b) && digits < 6:
			return 0, nil
		case digits == len(b) || b[digits] != ' ' || n > maxMessage:
			return 0, p.tear(d)
		case len(b) < digits+1+n:
			return 0, nil
		}
		p.emit(b[digits+1 : digits+1+n])
		return digits + 1 + n, nil
	case b[0] != '<':
		return 0, p.tear(d)
	}
	n := bytes.IndexAny(b, "\n\x00")
	if n < 0 {
		if len(b) > maxMessage {
			return 0, errLength
		}
		return 0, nil
	}
	p.emit(bytes.TrimSuffix(b[:n], []byte("\r")))
	return n + 1, nil
}

// tear passes over the rest of a message, when there has been one.
func (p *parser) tear(d proto.Dir) error {
	if !p.seen {
		return errMessage
	}
	p.c.Weird("syslog_torn_message", "")
	p.torn[d] = true
	return nil
}

func (p *parser) emit(b []byte) {
	r := &Record{Conn: p.c.Head(), Proto: "udp", Facility: unspecified, Severity: unspecified}
	r.beyond = p.c.Transport == proto.TCP || p.c.ID.RespP != port
	if p.c.Transport == proto.TCP {
		r.Proto = "tcp"
	}
	v, n := priority(b)
	if n > 0 {
		p.seen = true
		p.c.Confirm()
		r.Severity = severities[v&7]
		if f := v >> 3 & 0x7f; f < len(facilities) {
			r.Facility = facilities[f]
		} else {
			r.Facility = fmt.Sprintf("?-%d", f)
		}
	}
	r.Message = string(b[n:])
	p.c.Emit(r)
}

// Gap implements proto.Parser: the message is torn.
func (p *parser) Gap(d proto.Dir, _ int) error { return p.tear(d) }

// Close implements proto.Parser.
func (p *parser) Close() {}
