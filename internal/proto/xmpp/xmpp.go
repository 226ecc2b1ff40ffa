// Package xmpp reads XMPP, the protocol of Jabber (RFC 6120 and 6121), between
// clients, servers and components, over TCP and in WebSockets (RFC 7395), and
// makes one xmpp record of each connection: the domains, how the client logs
// in and whether it may. After STARTTLS it hands the bytes on.
package xmpp

import (
	"bytes"
	"encoding/base64"
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is XMPP.
var Protocol = proto.Spec{
	Name:      "xmpp",
	Transport: proto.TCP,
	Ports:     []uint16{5222, 5269, 5280, 5347, 5298},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	maxMechanisms = 32
	maxValue      = 1024 // of a name, an address, a text
)

var errTag = errors.New("xmpp: not XML")

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	half    [2]half
	rec     *Session
	asked   bool // the client wants TLS
	tls     *proto.Stream
	done    bool // compressed, or over
	written bool
	binary  bool
	pushed  bool // the client's part of the binary form was seen
}

// half is one direction's place within its XML.
type half struct {
	inTag   bool   // within a tag too long to be looked at
	quote   byte   // the quotation mark that is open
	seen    int    // bytes of the tag that were searched for its end
	text    []byte // behind the last tag
	element string // that the text belongs to
	failing bool   // within <failure> or <stream:error>
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		if p.tls != nil {
			_ = p.tls.Feed(d, rest) // its end is not ours
			break
		}
		if p.done {
			break
		}
		if p.binary || p.rec == nil && (rest[0] == pushHello || rest[0] == pushWelcome) {
			p.binary = true
			return p.push(d, rest)
		}
		n, need, err := p.token(d, rest)
		if err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		if n == 0 {
			return proto.Step{Used: used, Need: need}, nil
		}
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// open returns the record, begun at the first call.
func (p *parser) open() *Session {
	if p.rec == nil {
		p.rec = &Session{Conn: p.c.Head()}
	}
	return p.rec
}

// element takes a tag: its name without the prefix, and its attributes.
func (p *parser) element(d proto.Dir, name string, attrs []byte) {
	h := &p.half[d]
	switch name {
	case "stream:stream", "stream", "open":
		p.stream(d, attrs)
	case "/stream:stream":
		if p.c.Partial {
			p.c.Confirm()
		}
	case "message":
		p.open().Messages++
		p.stanza()
	case "presence":
		p.open().Presences++
		p.stanza()
	case "iq":
		p.open().Queries++
		p.stanza()
	case "auth", "authenticate":
		if r := p.open(); d == proto.Orig && r.Mechanism == "" {
			r.Mechanism = attribute(attrs, "mechanism")
		}
	case "starttls":
		p.asked = p.asked || d == proto.Orig
	case "proceed":
		if d == proto.Resp && p.asked {
			p.startTLS()
		}
	case "compressed":
		if d == proto.Resp {
			p.done = true
		}
	case "success":
		if r := p.open(); d == proto.Resp && !r.Success.Set {
			r.Success = record.Some(true)
		}
	case "failure":
		if d == proto.Resp && !p.asked {
			p.open().Success = record.Some(false)
		}
		h.failing = true
	case "stream:error":
		h.failing = true
	case "/failure", "/stream:error":
		h.failing = false
	default:
		if h.failing && name[0] != '/' && p.open().Error == "" && name != "text" {
			p.rec.Error = name
		}
	}
}

// stanza confirms the protocol where the stream's head was not captured.
func (p *parser) stanza() {
	if p.c.Partial {
		p.c.Confirm()
	}
}

// stream reads the head of a stream.
func (p *parser) stream(d proto.Dir, attrs []byte) {
	r := p.open()
	if d == proto.Resp {
		if r.Server == "" {
			r.Server = attribute(attrs, "from")
		}
		return
	}
	p.c.Confirm()
	if r.To == "" {
		r.To = attribute(attrs, "to")
	}
	if from := attribute(attrs, "from"); from != "" {
		r.From = from
	}
	r.Version = attribute(attrs, "version")
	switch ns := attribute(attrs, "xmlns"); ns {
	case "jabber:client", "urn:ietf:params:xml:ns:xmpp-framing":
		r.Kind = "client"
	case "jabber:server":
		r.Kind = "server"
	case "jabber:component:accept", "jabber:component:connect":
		r.Kind = "component"
	}
}

// ended takes the text within an element.
func (p *parser) ended(d proto.Dir, name string, text []byte) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return
	}
	r := p.open()
	switch {
	case d == proto.Resp && name == "mechanism":
		if len(r.Mechanisms) < maxMechanisms && !r.Success.Set && r.Mechanism == "" {
			r.Mechanisms = append(r.Mechanisms, string(text))
		}
	case d == proto.Resp && name == "jid":
		r.JID = string(text)
	case d == proto.Orig && name == "username": // XEP-0078
		r.User = string(text)
	case d == proto.Orig && name == "name" && r.Client == "": // XEP-0092
		r.Client = string(text)
	case d == proto.Orig && (name == "auth" || name == "initial-response") && r.User == "":
		r.User = saslUser(r.Mechanism, text)
	}
}

// saslUser finds who logs in, in the first message of PLAIN (RFC 4616) or
// SCRAM (RFC 5802). The password is not kept.
func saslUser(mechanism string, text []byte) string {
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(raw, text)
	if err != nil {
		return ""
	}
	raw = raw[:n]
	switch {
	case mechanism == "PLAIN" || mechanism == "X-OAUTH2":
		if parts := bytes.SplitN(raw, []byte{0}, 3); len(parts) == 3 {
			return string(parts[1])
		}
	case bytes.HasPrefix([]byte(mechanism), []byte("SCRAM-")):
		if _, user, ok := bytes.Cut(raw, []byte(",n=")); ok {
			user, _, _ = bytes.Cut(user, []byte(","))
			return string(user)
		}
	}
	return ""
}

// startTLS hands the connection on.
func (p *parser) startTLS() {
	p.open().TLS = true
	p.finish()
	p.done = true
	p.tls = p.c.Inner("ssl")
}

// Gap implements proto.Parser: reading goes on with the next tag.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tls != nil {
		_ = p.tls.Gap(d, n)
	}
	p.half[d] = half{}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tls != nil {
		p.tls.End(d)
	}
}

// Close writes the record.
func (p *parser) Close() {
	if p.tls != nil {
		p.tls.Close()
	}
	p.finish()
}

func (p *parser) finish() {
	if p.rec != nil && !p.written {
		p.written = true
		p.c.Emit(p.rec)
	}
}
