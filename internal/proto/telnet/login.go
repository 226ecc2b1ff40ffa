package telnet

import (
	"bytes"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// talk is how far a login has got.
type talk uint8

const (
	greeting talk = iota
	askedUser
	askedPassword
	waiting // for the server's word on a password
	over
)

// Words by which servers of many makes ask, refuse and welcome.
var (
	userWords     = []string{"login:", "username:", "user name:", "user:", "account:", "logon:"}
	passwordWords = []string{"password:", "password for", "passwd:", "passcode:", "pass:", "pin:"}
	refusals      = []string{"incorrect", "invalid", "failed", "failure", "denied", "refused", "bad password", "wrong", "not allowed", "unknown user", "not valid", "locked"}
	welcomes      = []string{"last login", "welcome", "logged in", "successful"}
)

func hasAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// asks tells whether a line that has not ended asks with one of words.
func asks(s string, words []string) bool {
	s = strings.TrimRight(s, " ")
	for _, w := range words {
		if strings.HasSuffix(s, w) || strings.HasSuffix(w, "for") && strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// line follows a whole line of either side.
func (p *parser) line(d proto.Dir, text string) {
	if d == proto.Resp {
		p.said(text)
		return
	}
	switch p.talk {
	case askedUser:
		p.open().User = strings.TrimSpace(text)
		p.talk = greeting
	case askedPassword:
		p.open().Attempts++
		p.talk = waiting
	}
}

// said looks at a whole line of the server.
func (p *parser) said(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	switch lower := strings.ToLower(text); p.talk {
	case greeting:
		if r := p.rec; r != nil && r.Attempts == 0 && r.User == "" {
			r.Banner = printable([]byte(text))
		}
	case waiting:
		switch {
		case hasAny(lower, refusals):
			p.verdict(false)
		case hasAny(lower, welcomes):
			p.verdict(true)
		}
	}
}

// asked looks at what the server wrote last, without a line's end, before the
// client answered: a question, or the prompt of a shell.
func (p *parser) asked(text string) {
	lower := strings.ToLower(text)
	switch {
	case strings.TrimSpace(text) == "":
	case asks(lower, passwordWords):
		if p.talk == waiting {
			p.verdict(false)
		}
		p.known()
		p.talk = askedPassword
	case asks(lower, userWords) && p.talk != over:
		if p.talk == waiting {
			p.verdict(false)
		}
		p.known()
		p.talk = askedUser
	case p.talk == waiting && strings.ContainsAny(last(text), "$#>%"):
		p.verdict(true)
	}
	if p.talk == over && p.rec != nil && p.rec.Prompt == "" && strings.ContainsAny(last(text), "$#>%") {
		p.rec.Prompt = printable([]byte(strings.TrimSpace(text)))
	}
}

// last is the last character of a prompt.
func last(s string) string {
	s = strings.TrimRight(s, " ")
	return s[max(0, len(s)-1):]
}

// known confirms a connection that negotiates nothing but asks for a login.
func (p *parser) known() {
	p.open()
	p.c.Confirm()
}

func (p *parser) verdict(ok bool) {
	r := p.open()
	r.Success = record.Some(ok)
	p.talk = over
	if !ok {
		r.Failures++
		p.talk = greeting
	}
}

// probe looks for the negotiation of options, which most servers begin with, or
// for the question for a login.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.No
	}
	if b[0] == iac {
		switch {
		case len(b) < 3:
			if len(b) == 2 && (b[1] < will || b[1] > dont) {
				return proto.No
			}
			return proto.Maybe
		case b[1] < will || b[1] > dont || b[2] > 50 && (b[2] < 138 || b[2] > 140) && b[2] != 255:
			return proto.No
		case len(b) > 3 && b[3] != iac && b[3] != '\r' && b[3] != '\n' && b[3] < ' ' && b[3] != 27:
			return proto.No
		}
		return proto.Yes
	}
	if d == proto.Orig {
		return proto.No
	}
	switch c := b[0]; { // how servers of other protocols begin
	case '0' <= c && c <= '9', strings.IndexByte("+-:@{<", c) >= 0, bytes.HasPrefix(b, []byte("* ")):
		return proto.No
	case bytes.HasPrefix(b, []byte("SSH-")), bytes.HasPrefix(b, []byte("HTTP/")):
		return proto.No
	}
	for _, c := range b[:min(len(b), 256)] {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' && c != 27 && c != 8 && c != 7 && c != 0 || c >= 0x80 {
			return proto.No
		}
	}
	lower := strings.ToLower(string(b[max(0, len(b)-64):]))
	if asks(lower, []string{"login:", "username:", "password:"}) {
		return proto.Yes
	}
	if len(b) > 2048 {
		return proto.No
	}
	return proto.Maybe
}
