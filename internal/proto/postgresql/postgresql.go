// Package postgresql reads the frontend/backend protocol of PostgreSQL,
// version 3 (https://www.postgresql.org/docs/current/protocol.html), and makes
// the postgresql records that Zeek makes: of the request for TLS, of the login,
// of each query and of the end. TLS that was agreed upon is handed on.
package postgresql

import (
	"errors"
	"fmt"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is PostgreSQL.
var Protocol = proto.Spec{
	Name:      "postgresql",
	Transport: proto.TCP,
	Ports:     []uint16{5432, 5433, 6432, 26257, 5439},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return newParser(c) },
	Emits:     []*record.Type{Type},
}

const (
	// maxKept is how much of a message is looked at.
	maxKept = 8 << 10
	// maxArg bounds a value of a record.
	maxArg = 4096
	// maxMessage bounds a message: PostgreSQL itself allows 1 GiB.
	maxMessage = 1 << 30
	// maxStartup is PostgreSQL's own bound of a startup message.
	maxStartup = 10000
)

// The codes that stand in the place of a version in a startup message.
const (
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104
)

var errMessage = errors.New("postgresql: malformed message")

// stage is what comes next of a direction.
type stage uint8

const (
	atStartup stage = iota // without a type: startup, requests for encryption; the answer is one byte
	atMessages
)

// parser follows one connection.
type parser struct {
	c     *proto.Conn
	stage [2]stage
	skip  [2]int // bytes of a large message still to come
	asked uint32 // code of the request that the server has to answer with one byte
	rec   *Exchange
	tls   *proto.Stream
	over  bool // encrypted otherwise, or cancelled

	user, database, application string
	version                     string
	counting                    bool // rows are
	rows                        uint64
}

func newParser(c *proto.Conn) *parser {
	p := &parser{c: c}
	if c.Partial {
		p.stage = [2]stage{atMessages, atMessages}
	}
	return p
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
		if p.over {
			break
		}
		if n := min(p.skip[d], len(rest)); n > 0 {
			p.skip[d] -= n
			used += n
			continue
		}
		n, need, err := p.next(d, rest)
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

// next reads one message.
func (p *parser) next(d proto.Dir, b []byte) (n, need int, err error) {
	if p.asked != 0 && d == proto.Orig {
		return 0, len(b) + 1, nil // how to read this, the server has yet to say
	}
	if p.stage[d] == atStartup {
		if d == proto.Orig {
			return p.startup(b)
		}
		if p.asked != 0 {
			return 1, 0, p.agree(b[0])
		}
		p.stage[d] = atMessages
	}
	c := wire.At(b)
	kind, length := c.U8(), int64(c.U32())
	if !c.OK() {
		return 0, 5, nil
	}
	if length < 4 || length > maxMessage || !isKind(d, kind) {
		return 0, 0, fmt.Errorf("%w: type %q, length %d", errMessage, kind, length)
	}
	kept := int(min(length-4, maxKept))
	body := c.Take(kept)
	if !c.OK() {
		return 0, 5 + kept, nil
	}
	p.skip[d] = int(length) - 4 - kept
	if d == proto.Orig {
		p.frontend(kind, body)
	} else {
		p.backend(kind, body)
	}
	return 5 + kept, 0, nil
}

// isKind tells whether messages of this type exist in a direction.
func isKind(d proto.Dir, kind byte) bool {
	if d == proto.Orig {
		return strings.IndexByte("BCDEFHPQSXcdfp", kind) >= 0
	}
	return strings.IndexByte("123ACDEGHIKNRSTVWZcdnstv", kind) >= 0
}

// startup reads a message without a type.
func (p *parser) startup(b []byte) (n, need int, err error) {
	c := wire.At(b)
	length, code := int(c.U32()), c.U32()
	switch {
	case !c.OK():
		return 0, 8, nil
	case length < 8 || length > maxStartup:
		return 0, 0, fmt.Errorf("%w: startup of %d bytes", errMessage, length)
	}
	body := c.Take(length - 8)
	if !c.OK() {
		return 0, length, nil
	}
	switch {
	case code == codeSSL && length == 8:
		p.asked = code
		p.open().Frontend = "ssl_request"
	case code == codeGSS && length == 8:
		p.asked = code
		r := p.open()
		r.Frontend, r.Beyond = "gss_request", true
	case code == codeCancel:
		r := p.open()
		r.Frontend, r.Beyond = "cancel", true
		p.c.Confirm()
		p.emit()
		p.over = true
	case code>>16 == 3:
		p.parameters(body)
	default:
		return 0, 0, fmt.Errorf("%w: version %d.%d", errMessage, code>>16, code&0xffff)
	}
	return length, 0, nil
}

// agree takes the byte with which the server answers a request for encryption.
func (p *parser) agree(answer byte) error {
	r := p.open()
	code := p.asked
	p.asked = 0
	switch {
	case answer == 'E': // an error of a server that knows no such request
		p.stage[proto.Resp] = atMessages
		return errMessage
	case answer != 'N' && answer != 'S' && answer != 'G':
		return errMessage
	}
	p.c.Confirm()
	r.Backend, r.BackendArg = "ssl_reply", record.Some(string(answer))
	if code == codeGSS {
		r.Backend = "gss_reply"
	}
	r.Success = record.Some(answer != 'N')
	p.emit()
	if answer == 'N' {
		return nil
	}
	if p.over = true; code == codeSSL {
		p.tls = p.c.InnerWith("ssl", proto.Unseen{})
	}
	return nil
}

// parameters reads those of a startup message: names and values, in pairs.
func (p *parser) parameters(b []byte) {
	for len(b) > 0 {
		var name, value string
		name, b = terminated(b)
		value, b = terminated(b)
		switch name {
		case "user":
			p.user = value
		case "database":
			p.database = value
		case "application_name":
			p.application = value
		}
	}
	p.stage[proto.Orig] = atMessages
	p.open().Frontend = "startup"
	p.c.Confirm()
}

// terminated takes the string at the beginning of b.
func terminated(b []byte) (s string, rest []byte) {
	for i, ch := range b {
		if ch == 0 {
			return cut(b[:i]), b[i+1:]
		}
	}
	return cut(b), nil
}

func cut(b []byte) string { return string(b[:min(len(b), maxArg)]) }

// open returns the record, begun at the first call.
func (p *parser) open() *Exchange {
	if p.rec == nil {
		p.rec = &Exchange{Conn: p.c.Head(), Beyond: p.c.Partial}
	}
	return p.rec
}

// emit writes the record, if there is one.
func (p *parser) emit() {
	if r := p.rec; r != nil {
		r.User, r.Database, r.Application = p.user, p.database, p.application
		p.c.Emit(r)
		p.rec = nil
	}
}

// Gap implements proto.Parser: within a large message it is stepped over,
// elsewhere it ends reading.
func (p *parser) Gap(d proto.Dir, n int) error {
	switch {
	case p.tls != nil:
		_ = p.tls.Gap(d, n)
	case n <= p.skip[d]:
		p.skip[d] -= n
	default:
		p.finish()
	}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tls != nil {
		p.tls.End(d)
	}
}

// Close writes what is half done.
func (p *parser) Close() {
	if p.tls != nil {
		p.tls.Close()
	}
	p.finish()
}

func (p *parser) finish() {
	p.over = true
	p.emit()
}
