package imap

import (
	"bytes"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/sasl"
	"longwatch/internal/wireline"
)

// commands are those of RFC 9051 and 3501 section 6, and of extensions.
var commands = set("CAPABILITY NOOP LOGOUT STARTTLS AUTHENTICATE LOGIN ENABLE SELECT EXAMINE CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE " +
	"LIST LSUB NAMESPACE STATUS APPEND IDLE CHECK CLOSE UNSELECT EXPUNGE SEARCH FETCH STORE COPY MOVE UID ID GETQUOTA GETQUOTAROOT SETQUOTA " +
	"SORT THREAD COMPRESS XLIST GETACL MYRIGHTS GETMETADATA NOTIFY")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// verb is the command of a line, after its tag, in upper case.
func verb(line []byte) string {
	_, rest := wireline.Word(line)
	word, _ := wireline.Word(rest)
	return strings.ToUpper(string(word[:min(len(word), 16)]))
}

// open returns the record, begun at the first call.
func (p *parser) open() *Record {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head()}
	}
	return p.rec
}

func clip(b []byte) string { return string(b[:min(len(b), maxWord)]) }

// request reads a line of the client.
func (p *parser) request(line []byte) {
	tag, rest := wireline.Word(line)
	word, arg := wireline.Word(rest)
	name := strings.ToUpper(string(word[:min(len(word), 16)]))
	if !commands[name] {
		if p.auth != "" {
			p.credential(line)
		}
		return
	}
	p.c.Confirm()
	r := p.open()
	if !slices.Contains(r.Commands, name) && len(r.Commands) < maxNames {
		r.Commands = append(r.Commands, name)
	}
	switch name {
	case "LOGIN":
		who, _ := astring(arg)
		r.User, r.Auth = clip(who), name
	case "AUTHENTICATE":
		mechanism, first := wireline.Word(arg)
		p.auth, p.step = strings.ToUpper(clip(mechanism)), 0
		r.Auth = p.auth
		if len(first) > 0 { // RFC 4959
			p.credential(first)
		}
	case "SELECT", "EXAMINE":
		box, _ := astring(arg)
		if s := clip(box); s != "" && !slices.Contains(r.Mailboxes, s) && len(r.Mailboxes) < maxNames {
			r.Mailboxes = append(r.Mailboxes, s)
		}
	case "ID":
		r.Client = identification(arg)
	}
	if len(p.waiting) == maxWaiting {
		p.waiting = p.waiting[1:]
	}
	p.waiting = append(p.waiting, command{clip(tag), name})
}

// credential takes from a line of an authentication exchange who it is for. The
// rest is forgotten.
func (p *parser) credential(line []byte) {
	p.step++
	if who := sasl.Identity(p.auth, p.step, line); who != "" {
		p.open().User = who
	}
}

// astring reads one argument, quoted or not.
func astring(b []byte) (v, rest []byte) {
	b = bytes.TrimLeft(b, " ")
	if len(b) == 0 || b[0] != '"' {
		return wireline.Word(b)
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
			if i < len(b) {
				v = append(v, b[i])
			}
		case '"':
			return v, b[i+1:]
		default:
			v = append(v, b[i])
		}
	}
	return v, nil
}

// identification is name and version of a client: ("name" "x" "version" "1").
func identification(b []byte) string {
	b = bytes.Trim(b, "() ")
	var name, version []byte
	for range 32 {
		var key, value []byte
		if key, b = astring(b); len(key) == 0 {
			break
		}
		switch value, b = astring(b); strings.ToLower(string(key)) {
		case "name":
			name = value
		case "version":
			version = value
		}
	}
	return clip(bytes.TrimSpace(append(append(append([]byte(nil), name...), ' '), version...)))
}

// response reads a line of the server (RFC 9051 section 7); false when it is
// none.
func (p *parser) response(line []byte) bool {
	tag, rest := wireline.Word(line)
	switch {
	case len(tag) == 0:
		return false
	case tag[0] == '+':
		return true
	case len(tag) == 1 && tag[0] == '*':
		status, text := wireline.Word(rest)
		if bytes.EqualFold(status, []byte("OK")) || bytes.EqualFold(status, []byte("PREAUTH")) {
			p.c.Confirm()
			if r := p.open(); r.Banner == "" && len(r.Commands) == 0 {
				r.Banner = clip(text)
			}
		}
		return true
	}
	i := slices.IndexFunc(p.waiting, func(c command) bool { return c.tag == clip(tag) })
	status, text := wireline.Word(rest)
	ok := bytes.EqualFold(status, []byte("OK"))
	if !ok && !bytes.EqualFold(status, []byte("NO")) && !bytes.EqualFold(status, []byte("BAD")) {
		return false
	}
	if i < 0 {
		return true
	}
	name := p.waiting[i].name
	p.waiting = slices.Delete(p.waiting, i, i+1)
	switch r := p.open(); name {
	case "LOGIN", "AUTHENTICATE":
		p.auth = ""
		r.Success, r.LastReply = record.Some(ok), clip(text)
		if !ok {
			r.Failures++
		}
	case "STARTTLS":
		if ok {
			r.TLS = true
			p.tls = p.c.Inner("ssl")
		}
	}
	return true
}

// probe looks for a greeting, or for a tag and a command.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.No
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	if d == proto.Resp {
		return probeResponse(line, whole)
	}
	tag, rest := wireline.Word(line)
	if len(tag) > 32 || !tagged(tag) {
		return proto.No
	}
	word, arg := wireline.Word(rest)
	name := strings.ToUpper(string(word[:min(len(word), 16)]))
	switch {
	case !whole:
		if len(line) > 512 {
			return proto.No
		}
		for k := range commands {
			if strings.HasPrefix(k, name) {
				return proto.Maybe
			}
		}
		return proto.No
	case !commands[name]:
		return proto.No
	}
	// Elsewhere the first word is a command: a tag has a digit.
	digit := bytes.ContainsAny(tag, "0123456789")
	switch name {
	case "CAPABILITY", "STARTTLS", "NAMESPACE", "LOGOUT":
		if len(arg) == 0 && digit {
			return proto.Yes
		}
	case "LOGIN", "AUTHENTICATE", "SELECT", "EXAMINE", "FETCH", "UID", "LSUB":
		if len(arg) > 0 && digit {
			return proto.Yes
		}
	}
	return proto.Maybe
}

// tagged tells whether b can be a tag: RFC 9051 section 9.
func tagged(b []byte) bool {
	return len(b) > 0 && bytes.IndexFunc(b, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\+`, r) }) < 0
}

func probeResponse(line []byte, whole bool) proto.Verdict {
	for _, start := range []string{"* OK ", "* PREAUTH ", "* CAPABILITY ", "* BYE "} {
		n := min(len(line), len(start))
		if bytes.EqualFold(line[:n], []byte(start)[:n]) {
			if whole && n == len(start) {
				return proto.Yes
			}
			return proto.Maybe
		}
	}
	// * 3 FETCH, * FLAGS, or the reply to a tag.
	tag, rest := wireline.Word(line)
	word, _ := wireline.Word(rest)
	switch s := strings.ToUpper(string(word[:min(len(word), 8)])); {
	case len(tag) == 1 && tag[0] == '*':
		return proto.Maybe
	case tagged(tag) && (s == "OK" || s == "NO" || s == "BAD"):
		return proto.Maybe
	}
	return proto.No
}
