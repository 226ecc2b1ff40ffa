// Package irc reads Internet Relay Chat (RFC 1459, RFC 2812, and the message
// tags and STARTTLS of IRCv3) and makes the irc log: nicknames, users, channels
// that are joined, and files offered over DCC. Keys of channels are hidden.
package irc

import (
	"bytes"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wireline"
)

// Protocol is IRC.
var Protocol = proto.Spec{
	Name:      "irc",
	Transport: proto.TCP,
	Ports:     []uint16{6666, 6667, 6668, 6669},
	Probe:     probe,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c}
		p.lines[0].Max, p.lines[1].Max = maxBuffer, maxBuffer
		return p
	},
	Emits: []*record.Type{Type},
}

const (
	// maxBuffer bounds what is kept of a line.
	maxBuffer = 8 << 10
	// maxLine bounds a line that is read: RFC 2812 section 2.3.
	maxLine = 512
	// maxChannels bounds the channels of one JOIN.
	maxChannels = 64
)

const hidden = "<hidden>"

// parser follows one connection.
type parser struct {
	c     *proto.Conn
	lines [2]wireline.Splitter
	known bool // a command was understood
	nick  string
	user  string
	value string // of the last row: Zeek carries it on
	addl  string
	tls   *proto.Stream
}

// commands are those of a client: RFC 2812 section 3, and what servers added.
var commands = set("ADMIN AWAY CAP CNOTICE CPRIVMSG CONNECT DIE ENCAP ERROR INFO INVITE ISON JOIN KICK KILL KNOCK LINKS LIST LUSERS MODE " +
	"MOTD NAMES NICK NOTICE OPER PART PASS PING PONG PRIVMSG QUIT REHASH RULES SERVER SERVICE SERVLIST SETNAME SILENCE SQUERY SQUIT STATS " +
	"SUMMON TIME TOPIC TRACE USER USERHOST USERS VERSION WALLOPS WHO WHOIS WHOWAS STARTTLS")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
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
		if line != nil {
			p.line(d, line)
		}
	}
	return proto.Step{Used: used}, nil
}

// weird reports a line that is not as it should be, once it is known to be IRC.
func (p *parser) weird(name string) {
	if p.known {
		p.c.Weird(name, "")
	}
}

// line reads a message: tags, a prefix, a command and its parameters (RFC 2812
// section 2.3.1).
func (p *parser) line(d proto.Dir, line []byte) {
	if len(line) > maxLine {
		p.weird("irc_line_size_exceeded")
		return
	}
	line = bytes.TrimLeft(line, " ")
	if len(line) < 3 {
		p.weird("irc_line_too_short")
		return
	}
	if line[0] == '@' {
		_, rest, ok := bytes.Cut(line, []byte(" "))
		if !ok {
			return
		}
		line = rest
	}
	if len(line) > 0 && line[0] == ':' {
		_, rest, ok := bytes.Cut(line, []byte(" "))
		if !ok {
			p.weird("irc_invalid_line")
			return
		}
		line = bytes.TrimLeft(rest, " ")
	}
	if len(line) < 3 {
		p.weird("irc_invalid_line")
		return
	}
	word, rest, _ := bytes.Cut(line, []byte(" "))
	params := string(bytes.TrimLeft(rest, " "))
	if line[0] >= '0' && line[0] <= '9' {
		p.numeric(word)
		return
	}
	if len(word) > 20 {
		p.weird("irc_invalid_command")
		return
	}
	p.command(d, strings.ToUpper(string(word)), params)
}

// numeric reads a reply. 670 says that TLS follows (IRCv3 tls).
func (p *parser) numeric(word []byte) {
	switch code := wireline.Code(word); {
	case code < 0 || len(word) != 3:
		p.weird("irc_invalid_reply_number")
	case code == 670 && p.known:
		p.tls = p.c.Inner("ssl")
	}
}

func (p *parser) command(d proto.Dir, name, params string) {
	if d == proto.Orig && !p.known && commands[name] {
		p.known = true
		p.c.Confirm()
	}
	if name == "PRIVMSG" {
		p.private(params)
		return
	}
	if d != proto.Orig {
		return
	}
	switch name {
	case "NICK":
		nick := strings.TrimPrefix(params, ":")
		p.row(name, nick, p.addl)
		p.nick = nick
	case "USER":
		f := strings.Fields(params)
		for len(f) < 3 {
			f = append(f, "")
		}
		p.row(name, f[0], f[1]+" "+f[2]+" "+realName(f[3:]))
		p.user = f[0]
	case "JOIN":
		p.join(strings.TrimPrefix(params, ":"))
	}
}

// realName joins the words of a name in the way of Zeek, which has no blank
// after the first.
func realName(f []string) string {
	var b strings.Builder
	for i, w := range f {
		b.WriteString(w)
		if i > 0 {
			b.WriteByte(' ')
		}
	}
	return strings.TrimPrefix(b.String(), ":")
}

// row writes one row.
func (p *parser) row(command, value, addl string) {
	p.value, p.addl = value, addl
	p.c.Emit(&Record{Conn: p.c.Head(), Nick: p.nick, User: p.user, Command: command, Value: value, Addl: addl})
}

// join has a row for each channel.
func (p *parser) join(params string) {
	f := strings.Fields(params)
	if len(f) == 0 {
		p.weird("irc_invalid_join_line")
		return
	}
	var keys []string
	if len(f) > 1 {
		keys = strings.Split(f[1], ",")
	}
	for i, channel := range strings.SplitN(f[0], ",", maxChannels) {
		addl := ""
		if i < len(keys) && keys[i] != "" {
			addl = " with channel key: '" + hidden + "'"
		}
		p.row("JOIN", channel, addl)
	}
}

// private looks for an offer of a file: DCC SEND name address port size (CTCP).
func (p *parser) private(params string) {
	_, msg, _ := strings.Cut(params, " ")
	msg = strings.TrimPrefix(strings.TrimLeft(msg, " "), ":")
	msg, ok := strings.CutPrefix(msg, "\x01DCC ")
	if !ok {
		return
	}
	f := strings.Fields(strings.TrimSuffix(msg, "\x01"))
	if len(f) < 4 || len(f) > 6 {
		p.weird("irc_invalid_dcc_message_format")
		return
	}
	if _, err := strconv.ParseUint(f[2], 10, 32); err != nil {
		p.weird("irc_invalid_dcc_host")
		return
	}
	if _, err := strconv.ParseUint(f[3], 10, 16); err != nil {
		p.weird("irc_invalid_dcc_port")
		return
	}
	if f[0] != "SEND" {
		return
	}
	r := &Record{Conn: p.c.Head(), Nick: p.nick, User: p.user, Command: "DCC", Value: p.value, Addl: p.addl, DCCFileName: f[1], Offer: record.Some(true)}
	if len(f) > 4 {
		if size, err := strconv.ParseUint(f[4], 10, 63); err == nil {
			r.DCCFileSize = record.Some(size)
		}
	}
	p.c.Emit(r)
}

// Gap implements proto.Parser.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tls != nil {
		return p.tls.Gap(d, n)
	}
	p.lines[d].Reset()
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
}
