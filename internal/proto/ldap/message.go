package ldap

import (
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/ber"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/spnego"
)

// message takes one operation: its contents, and the controls behind it.
func (p *parser) message(d proto.Dir, h *head, body, controls []byte) {
	switch h.op {
	case searchRequest:
		p.search(h, body, controls)
		return
	case searchEntry:
		p.entry(h)
		return
	case searchReference:
		return
	case searchDone:
		s := p.searchOf(h.id)
		r := resultOf(body)
		s.Result, s.Diagnostic = r.name(), r.diagnostic
		p.searches = slices.DeleteFunc(p.searches, func(o *Search) bool { return o == s })
		p.c.Emit(s)
		return
	}
	m := p.messageOf(h.id)
	if m.Opcode == "" || h.op != bindResponse {
		m.Opcode = opcodes[h.op]
	}
	switch h.op {
	case bindRequest:
		p.bind(d, m, body)
		return
	case modifyRequest:
		p.modify(m, body)
		return
	case addRequest, modDNRequest, compareRequest:
		if v, _, ok := ber.Next(body); ok {
			m.Entry = text(v.Body)
		}
		return
	case delRequest:
		m.Object = text(body)
		return
	case extendedRequest:
		if v, _, ok := ber.Next(body); ok && len(v.Body) > 0 {
			m.Object = text(v.Body) + " (" + extensionName(string(v.Body)) + ")"
			p.askedTLS = p.askedTLS || string(v.Body) == startTLS
		}
		return
	case intermediate:
		return
	case abandonRequest:
		if id, ok := (ber.Value{Body: body}).Int(); ok {
			m.Object = strconv.FormatInt(id, 10)
		}
	case unbindRequest:
	default:
		p.answer(d, h, m, body)
	}
	p.messages = slices.DeleteFunc(p.messages, func(o *Message) bool { return o == m })
	p.c.Emit(m)
}

// answer reads a result (section 4.1.9) and what comes of it.
func (p *parser) answer(d proto.Dir, h *head, m *Message, body []byte) {
	r := resultOf(body)
	m.Result, m.Diagnostic = r.name(), r.diagnostic
	switch {
	case h.op == bindResponse:
		p.bound(d, m, &r)
	case h.op == extendedResponse && p.askedTLS && r.code == resultOK:
		p.mode = tls
		p.ssl = p.c.Inner("ssl")
	}
}

// bind reads section 4.2.
func (p *parser) bind(d proto.Dir, m *Message, body []byte) {
	version, rest, _ := ber.Next(body)
	name, rest, _ := ber.Next(rest)
	auth, _, ok := ber.Next(rest)
	if !ok || auth.Class != ber.Context {
		p.c.Weird("ldap_bad_bind", "")
		return
	}
	if n, ok := version.Int(); ok {
		m.Version = record.Some(n)
	}
	m.Object = text(name.Body)
	if m.Opcode = binds[auth.Tag]; m.Opcode == "" {
		p.c.Weird("LDAP_unknown_auth_type", strconv.Itoa(int(auth.Tag)))
		m.Opcode = "unknown"
	}
	switch {
	case auth.Tag == simple:
		if len(auth.Body) > 0 {
			m.Argument = "REDACTED"
		}
	case auth.Tag == sasl:
		mechanism, rest, ok := ber.Next(auth.Body)
		if !ok {
			return
		}
		m.Argument = text(mechanism.Body)
		p.mechanism = m.Argument
		if credentials, _, ok := ber.Next(rest); ok {
			p.token(d, credentials.Body)
		}
	case auth.Tag >= sicilyAt && auth.Tag <= sicilyAt+2:
		if len(auth.Body) > 0 {
			m.Argument = "NTLMSSP"
			p.token(d, auth.Body)
		}
	}
}

// bound reads the server's token, which Sicily puts where a name would stand,
// and tells how the logon ended.
func (p *parser) bound(d proto.Dir, m *Message, r *result) {
	if p.auth != nil {
		p.token(d, r.matched)
		for rest := r.rest; len(rest) > 0; {
			v, next, ok := ber.Next(rest)
			if !ok {
				break
			}
			if v.Is(ber.Context, 7) {
				p.token(d, v.Body)
			}
			rest = next
		}
		if r.code != saslInProgress && m.Opcode != binds[sicilyAt] && m.Opcode != binds[sicilyAt+1] {
			p.auth.Done(r.code == resultOK)
		}
	}
	if r.code == resultOK && p.mechanism != "" {
		p.mode = unknown
	}
}

// token hands a security token on. The logons stay out of Zeek's formats: a
// Zeek without its optional parsers knows no LDAP, and the row that one with
// them writes of a Kerberos logon has been nothing but addresses until lately.
func (p *parser) token(d proto.Dir, b []byte) {
	if len(b) == 0 {
		return
	}
	if p.auth == nil {
		p.auth = spnego.NewAside(p.c, true)
	}
	p.auth.Token(d, b)
}

// modify writes changes as operation(attribute=values) (section 4.6). Zeek runs
// values together; passwords we leave out.
func (p *parser) modify(m *Message, body []byte) {
	dn, rest, _ := ber.Next(body)
	list, _, ok := ber.Next(rest)
	if !ok {
		return
	}
	m.Object = text(dn.Body)
	var out []string
	size := 0
	for rest := list.Body; len(rest) > 0 && size < maxText; {
		change, next, ok := ber.Next(rest)
		if !ok {
			break
		}
		rest = next
		operation, attribute, ok := two(change.Body)
		if !ok {
			break
		}
		n, _ := operation.Int()
		one := nth(n, "add", "delete", "replace", "increment") + "(" + partial(attribute.Body) + ")"
		out, size = append(out, one), size+len(one)
	}
	m.Argument = cut(strings.Join(out, ","))
}

// partial writes an attribute with its values (section 4.1.7).
func partial(b []byte) string {
	name, values, ok := two(b)
	if !ok || len(values.Body) == 0 {
		return text(name.Body)
	}
	if strings.EqualFold(string(name.Body), "userPassword") || strings.EqualFold(string(name.Body), "unicodePwd") {
		return text(name.Body) + "=REDACTED"
	}
	var out strings.Builder
	out.WriteString(text(name.Body) + "=")
	for rest := values.Body; len(rest) > 0 && out.Len() < maxText; {
		var v ber.Value
		if v, rest, ok = ber.Next(rest); !ok {
			break
		}
		out.WriteString(text(v.Body))
	}
	return out.String()
}

// search reads section 4.5.1.
func (p *parser) search(h *head, body, controls []byte) {
	var v [8]ber.Value
	rest := body
	for i := range v {
		var ok bool
		if v[i], rest, ok = ber.Next(rest); !ok {
			p.c.Weird("ldap_bad_search", "")
			break
		}
	}
	s := p.searchOf(h.id)
	s.BaseObject = text(v[0].Body)
	scope, _ := v[1].Int()
	deref, _ := v[2].Int()
	s.Scope, s.Deref = nth(scope, "base", "single", "tree"), nth(deref, "never", "searching", "finding", "always")
	s.SizeLimit, _ = v[3].Int()
	s.Filter = strings.ToValidUTF8(new(renderer).filter(v[6], 0), "\uFFFD")
	s.Wanted = texts(v[7].Body)
	if outer, _, ok := ber.Next(controls); ok && outer.Is(ber.Context, 0) {
		for rest := outer.Body; len(rest) > 0 && len(s.Controls) < maxAttributes; {
			c, next, ok := ber.Next(rest)
			if !ok {
				break
			}
			if oid, ok := c.Inside(); ok {
				s.Controls = append(s.Controls, text(oid.Body))
			}
			rest = next
		}
	}
}

// texts reads a list of strings.
func texts(b []byte) (out []string) {
	for len(b) > 0 && len(out) < maxAttributes {
		v, rest, ok := ber.Next(b)
		if !ok {
			break
		}
		out, b = append(out, text(v.Body)), rest
	}
	return out
}

// entry counts what a search found.
func (p *parser) entry(h *head) {
	s := p.searchOf(h.id)
	s.Results++
	s.Returned += uint64(h.size)
}

// result is an LDAPResult (section 4.1.9).
type result struct {
	code       int64
	known      bool
	matched    []byte
	diagnostic string
	rest       []byte
}

func resultOf(body []byte) (r result) {
	code, rest, _ := ber.Next(body)
	r.code, r.known = code.Int()
	matched, rest, _ := ber.Next(rest)
	words, rest, _ := ber.Next(rest)
	r.matched, r.diagnostic, r.rest = matched.Body, text(words.Body), rest
	return r
}

func (r *result) name() string {
	if !r.known {
		return ""
	}
	return resultName(r.code)
}

// messageOf returns the operation of a number, begun now when it is new.
func (p *parser) messageOf(id int64) *Message {
	for _, m := range p.messages {
		if m.ID == id {
			return m
		}
	}
	if len(p.messages) == maxPending {
		p.c.Weird("LDAP_max_pending_messages_exceeded", strconv.Itoa(maxPending))
		p.flushMessages()
	}
	m := &Message{Conn: p.c.Head(), ID: id}
	p.messages = append(p.messages, m)
	return m
}

func (p *parser) searchOf(id int64) *Search {
	for _, s := range p.searches {
		if s.ID == id {
			return s
		}
	}
	if len(p.searches) == maxPending {
		p.c.Weird("LDAP_max_pending_searches_exceeded", strconv.Itoa(maxPending))
		p.flushSearches()
	}
	s := &Search{Conn: p.c.Head(), ID: id}
	p.searches = append(p.searches, s)
	return s
}

// flushMessages writes what waits for an answer. Number 0 is what a server says
// without being asked.
func (p *parser) flushMessages() {
	for _, m := range p.messages {
		if m.ID > 0 {
			p.c.Emit(m)
		}
	}
	p.messages = nil
}

func (p *parser) flushSearches() {
	for _, s := range p.searches {
		if s.ID > 0 {
			p.c.Emit(s)
		}
	}
	p.searches = nil
}

func text(b []byte) string {
	return strings.ToValidUTF8(cut(string(b[:min(len(b), maxText)])), "\uFFFD")
}

func cut(s string) string { return s[:min(len(s), maxText)] }
