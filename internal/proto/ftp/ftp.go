// Package ftp reads the control connections of the File Transfer Protocol (RFC
// 959, 2228, 2389, 2428, 3659 and 4217) and makes the ftp log: the commands
// that move files or arrange for it, with the replies to them. It follows the
// session's directory, so that a file is named in full, and announces the data
// connections to the flow engine. Passwords are hidden, except those of guests,
// who have none. After AUTH TLS the connection is one of TLS.
package ftp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wireline"
)

// Protocol is FTP's control connection.
var Protocol = proto.Spec{
	Name:      "ftp",
	Transport: proto.TCP,
	Ports:     []uint16{21, 2811},
	Probe:     probe,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c, torn: [2]bool{c.Partial, c.Partial}}
		p.lines[0].Max, p.lines[1].Max = maxLine, maxLine
		return p
	},
	Emits: []*record.Type{Type},
}

const (
	// maxLine bounds a line of either side.
	maxLine = 16 << 10
	// maxCommand bounds the word that a command begins with.
	maxCommand = 100
	// maxDoubt is how far into a connection a reply that is none means that
	// the connection is not FTP.
	maxDoubt = 10 << 10
)

var errReply = errors.New("ftp: not a reply")

// parser follows one control connection.
type parser struct {
	c       *proto.Conn
	s       *session
	lines   [2]wireline.Splitter
	torn    [2]bool // the next line may be the end of one whose start is missing
	bytes   int
	multi   int  // code of a reply of several lines that has not ended, or 0
	command bool // a command was understood
	auth    string
	tls     *proto.Stream
	adat    *adat
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
		if line = plain(line); len(line) == 0 {
			continue
		}
		if err := p.line(d, line); err != nil {
			return proto.Step{Used: used}, err
		}
	}
	return proto.Step{Used: used}, nil
}

func (p *parser) line(d proto.Dir, line []byte) error {
	torn := p.torn[d]
	p.torn[d] = false
	if d == proto.Orig {
		p.request(line)
		return nil
	}
	err := p.reply(line)
	if err != nil && (torn || p.bytes > maxDoubt) {
		return nil
	}
	return err
}

func (p *parser) session() *session {
	if p.s == nil {
		p.s = newSession(p.c)
	}
	return p.s
}

// request reads a command (RFC 959 section 4.1).
func (p *parser) request(line []byte) {
	word, arg := wireline.Word(line)
	if len(word) < 3 || bytes.IndexFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		if p.command {
			p.c.Weird("FTP_invalid_command", "")
		}
		return
	}
	if len(word) > maxCommand {
		if p.command {
			p.c.Weird("FTP_max_command_length_exceeded", strconv.Itoa(len(word)))
		}
		return
	}
	if !p.command {
		p.command = true
		p.c.Confirm()
	}
	name := strings.ToUpper(string(word))
	if name == "AUTH" {
		p.auth = string(arg)
	}
	p.adat.request(name, arg)
	p.session().request(name, string(arg))
}

// reply reads a line of a reply (RFC 959 section 4.2).
func (p *parser) reply(line []byte) error {
	code := wireline.Code(line)
	if p.multi != 0 {
		if code != p.multi || len(line) < 4 || line[3] != ' ' {
			p.session().reply(0, line, true)
			return nil
		}
		p.multi = 0
	}
	switch {
	case code < 100:
		return fmt.Errorf("%w: %.40q", errReply, line)
	case len(line) == 3:
		line = nil
	case line[3] == '-':
		p.multi, line = code, line[4:]
	case line[3] == ' ':
		line = line[3:]
	default:
		return fmt.Errorf("%w: %.40q", errReply, line)
	}
	line = bytes.TrimLeft(line, " \t")
	if code == 234 && strings.HasPrefix(strings.ToUpper(p.auth), "TLS") || code == 234 && strings.EqualFold(p.auth, "SSL") {
		p.tls = p.c.Inner("ssl")
	}
	p.secure(code, line)
	p.session().reply(code, line, p.multi != 0)
	return nil
}

// Gap implements proto.Parser: the next line of d may lack its start.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tls != nil {
		return p.tls.Gap(d, n)
	}
	p.torn[d], p.multi = true, 0
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
	p.adat.close()
	if p.tls != nil {
		p.tls.Close()
	}
	if p.s != nil {
		p.s.close()
	}
}

// The bytes of Telnet (RFC 854) that FTP's control connection may hold.
const (
	iac  = 255
	will = 251
	sb   = 250
	se   = 240
)

// plain takes Telnet's commands out of a line, in place of what is sent before
// ABOR (RFC 959 section 4.1.3).
func plain(line []byte) []byte {
	if bytes.IndexByte(line, iac) < 0 {
		return line
	}
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); i++ {
		if line[i] != iac {
			out = append(out, line[i])
			continue
		}
		if i++; i == len(line) {
			break
		}
		switch {
		case line[i] == iac:
			out = append(out, iac)
		case line[i] >= will:
			i++
		case line[i] == sb:
			end := bytes.Index(line[i:], []byte{iac, se})
			if end < 0 {
				return out
			}
			i += end + 1
		}
	}
	return out
}
