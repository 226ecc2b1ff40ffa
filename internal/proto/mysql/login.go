package mysql

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

const (
	// maxVersion bounds the server's version text.
	maxVersion = 128
	// sslRequest is the length of the client's answer that asks for TLS: what
	// comes before the user in a login.
	sslRequest = 32
	// maxAttributes bounds the attributes of a login that are looked at.
	maxAttributes = 64
)

// greeting reads the server's first packet.
func (p *parser) greeting(b []byte) error {
	c := wire.At(b)
	switch c.U8() {
	case 0xff: // refused before the login: there is nothing to write
		p.phase = phaseCommand
		return nil
	case 10:
		p.version = string(terminated(&c))
		c.Skip(4 + 8 + 1) // thread, first part of the scramble, filler
		p.server = uint32(c.L16())
		c.Skip(1 + 2) // collation, status
		p.server |= uint32(c.L16()) << 16
	case 9:
		p.version = string(terminated(&c))
	default:
		return malformed("greeting")
	}
	if len(p.version) > maxVersion {
		p.version = p.version[:maxVersion]
	}
	p.phase = phaseAuth
	return nil
}

// login reads the client's answer to the greeting (HandshakeResponse41, 320
// and SSLRequest).
func (p *parser) login(b []byte, length int) error {
	c := wire.At(b)
	p.client = uint32(c.L16())
	if p.client&caps41 == 0 {
		c.Skip(3) // largest packet
		return p.account(&c)
	}
	p.client |= uint32(c.L16()) << 16
	c.Skip(4 + 1 + 23) // largest packet, collation, filler
	if !c.OK() {
		return malformed("login")
	}
	p.asked = true
	p.noEOF = p.client&p.server&capNoEOF != 0
	if p.client&capSSL != 0 && length == sslRequest {
		p.c.Confirm()
		p.tls = p.c.Inner("ssl")
		p.done = p.tls == nil
		return nil
	}
	return p.account(&c)
}

// account reads who logs in.
func (p *parser) account(c *wire.Cursor) error {
	p.asked = true
	p.user = cut(terminated(c))
	if !c.OK() {
		return malformed("login")
	}
	p.c.Confirm()
	p.begin("login", p.user)
	r := p.rec
	r.Server = p.version
	switch {
	case p.client&caps41 == 0:
		terminated(c)
	case p.client&capLenencAuth != 0:
		text(c)
	case p.client&capSecure != 0:
		c.Skip(int(c.U8()))
	default:
		terminated(c)
	}
	if p.client&capWithDB != 0 {
		r.Database = cut(terminated(c))
	}
	if p.client&capPluginAuth != 0 {
		r.Plugin = cut(terminated(c))
	}
	if p.client&capAttributes != 0 {
		r.Program = program(c)
	}
	return nil
}

// program finds the client's own name among its attributes. Attributes that
// do not add up say nothing.
func program(c *wire.Cursor) string {
	n := number(c)
	if n > uint64(c.Len()) {
		return ""
	}
	list := c.Sub(int(n)) // #nosec G115 -- bounded by what is there
	name := ""
	for range maxAttributes {
		if list.Len() == 0 {
			break
		}
		key, value := text(&list), text(&list)
		if !list.OK() {
			break
		}
		switch string(key) {
		case "program_name":
			return cut(value)
		case "_client_name":
			name = cut(value)
		}
	}
	return name
}

// changeUser reads COM_CHANGE_USER: a login without a greeting.
func (p *parser) changeUser(b []byte) {
	c := wire.At(b)
	user := cut(terminated(&c))
	c.Skip(int(c.U8()))
	database := cut(terminated(&c))
	c.Skip(2) // collation
	p.user = user
	p.begin("change_user", user)
	if !c.OK() {
		return
	}
	p.rec.Database = database
	if p.client&capPluginAuth != 0 {
		p.rec.Plugin = cut(terminated(&c))
	}
	if p.client&capAttributes != 0 {
		p.rec.Program = program(&c)
	}
}

// authReply reads what the server says to a login.
func (p *parser) authReply(b []byte) error {
	c := wire.At(b)
	switch c.U8() {
	case 0x00:
		rows := number(&c)
		p.succeed(rows)
		p.loggedIn()
	case 0x01: // more data of the plugin
	case 0xfe:
		if p.rec != nil && c.Len() > 0 {
			p.rec.Plugin = cut(terminated(&c))
		}
	case 0xff:
		p.failed(&c)
		p.phase = phaseCommand
	default:
		return malformed("answer to a login")
	}
	return nil
}

// loggedIn begins the commands, compressed if both sides can.
func (p *parser) loggedIn() {
	p.phase, p.answer = phaseCommand, answerNone
	if both := p.client & p.server & capsCompressed; both != 0 && p.packed[0] == nil {
		zstd := both&capCompress == 0
		p.packed[proto.Orig], p.packed[proto.Resp] = newPacked(zstd), newPacked(zstd)
	}
}

// probe takes a server's greeting, or where the capture begins later a
// client's statement.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if d == proto.Orig {
		return probeQuery(b)
	}
	c := wire.At(b)
	length, seq, version := int(little24(&c)), c.U8(), c.U8()
	if !c.OK() {
		if len(b) > 3 && b[3] != 0 || len(b) > 2 && b[2] != 0 {
			return proto.No
		}
		return proto.Maybe
	}
	if seq != 0 || version != 10 && version != 9 || length < 20 || length > 1024 {
		return proto.No
	}
	end := bytes.IndexByte(c.Rest(), 0)
	text := c.Rest()
	if end >= 0 {
		text = text[:end]
	}
	if len(text) > maxVersion || len(text) > 0 && (text[0] < '0' || text[0] > '9') {
		return proto.No
	}
	for _, ch := range text {
		if ch < ' ' || ch > '~' {
			return proto.No
		}
	}
	if end < 0 {
		return proto.Maybe
	}
	if version == 9 {
		return proto.Yes
	}
	c.Skip(end + 1 + 4 + 8)
	filler := c.U8()
	c.Skip(2 + 1 + 2 + 2 + 1)
	reserved := c.Take(6)
	switch {
	case !c.OK() && len(b) < head+length:
		return proto.Maybe
	case filler != 0 || c.OK() && !bytes.Equal(reserved, make([]byte, 6)):
		return proto.No
	}
	return proto.Yes
}

// statements begin what clients send most.
var statements = [][]byte{
	[]byte("select "), []byte("insert "), []byte("update "), []byte("delete "), []byte("show "), []byte("set "),
	[]byte("replace "), []byte("commit"), []byte("rollback"), []byte("begin"), []byte("start "), []byte("call "),
	[]byte("use "), []byte("/*"),
}

// probeQuery takes COM_QUERY that fills its packet.
func probeQuery(b []byte) proto.Verdict {
	c := wire.At(b)
	length, seq, cmd := int(little24(&c)), c.U8(), c.U8()
	if !c.OK() {
		if len(b) > 3 && b[3] != 0 {
			return proto.No
		}
		return proto.Maybe
	}
	if seq != 0 || cmd != 3 || length < 4 || len(b) > head+length {
		return proto.No
	}
	query := c.Rest()
	if length > 2 && len(query) > 2 && query[0] == 0 && query[1] == 1 {
		query = query[2:] // no query attributes
	}
	for _, s := range statements {
		if len(query) >= len(s) && bytes.EqualFold(query[:len(s)], s) {
			return proto.Yes
		}
	}
	return proto.No
}
