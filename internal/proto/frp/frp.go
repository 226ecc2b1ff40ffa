// Package frp reads FRP, a reverse proxy that brings services behind a firewall
// to a server outside (https://github.com/fatedier/frp, pkg/msg). Its client
// logs in on one connection, or stream of yamux, and opens another for every
// visitor that the server has for it. After the login the control connection is
// encrypted; a work connection is what it carries, which is found out by its
// content and read in turn:
//
//	client: w {"run_id":"…"}    server: s {"proxy_name":"rdp","src_addr":"198.51.100.7"}    then RDP
package frp

import (
	"bytes"
	"encoding/json"
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is FRP.
var Protocol = proto.Spec{
	Name:      "frp",
	Transport: proto.TCP,
	Ports:     []uint16{7000},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	headLen = 9 // type and length
	// maxBody is FRP's own bound.
	maxBody = 10240
	// md5Len is the length of the proof that a token makes.
	md5Len = 32
)

// The messages that begin a connection, and their answers.
const (
	login       = 'o'
	loginDone   = '1'
	work        = 'w'
	workStart   = 's'
	visitor     = 'v'
	visitorDone = '3'
)

var errMessage = errors.New("frp: malformed message")

// answers pairs the messages of the client with those of the server.
var answers = map[byte]byte{login: loginDone, work: workStart, visitor: visitorDone}

// kinds are the values of Message.Kind.
var kinds = map[byte]string{login: "login", work: "work", visitor: "visitor"}

// probe takes a message that begins a connection: a type, a length of eight
// bytes and JSON.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	switch b[0] {
	case login, work, visitor:
		if d == proto.Resp {
			return proto.No
		}
	case loginDone, workStart, visitorDone:
		if d == proto.Orig {
			return proto.No
		}
	default:
		return proto.No
	}
	for _, ch := range b[1:min(len(b), 7)] {
		if ch != 0 {
			return proto.No
		}
	}
	if len(b) < headLen+2 {
		return proto.Maybe
	}
	if n := bodyLen(b); n < 2 || n > maxBody || b[headLen] != '{' || b[headLen+1] != '"' && b[headLen+1] != '}' {
		return proto.No
	}
	return proto.Yes
}

// bodyLen is the length that the head of a message gives, at most maxBody+1.
func bodyLen(b []byte) int {
	c := wire.At(b)
	c.U8()
	return int(min(c.U64(), maxBody+1)) // #nosec G115 -- bounded
}

// parser follows one connection or stream.
type parser struct {
	c      *proto.Conn
	rec    *Message
	began  byte // type of the client's message
	said   [2]bool
	over   bool // the rest is encrypted, or not understood
	tunnel *proto.Stream
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	switch {
	case p.over || p.said[d] && p.began == login:
		return proto.Step{Used: len(b)}, nil
	case p.said[d]:
		if p.tunnel == nil {
			p.tunnel = p.inside()
		}
		_ = p.tunnel.Feed(p.role(d), b) // it never fails
		return proto.Step{Used: len(b)}, nil
	}
	if len(b) < headLen {
		return proto.Step{Need: headLen}, nil
	}
	n := bodyLen(b)
	if n > maxBody {
		p.over = true
		return proto.Step{}, errMessage
	}
	if len(b) < headLen+n {
		return proto.Step{Need: headLen + n}, nil
	}
	if err := p.message(d, b[0], b[headLen:headLen+n]); err != nil {
		p.over = true
		return proto.Step{}, err
	}
	return proto.Step{Used: headLen + n}, nil
}

// body holds what is kept of any message.
type body struct {
	Version, Hostname, OS, Arch, User, Error string
	PrivilegeKey                             string `json:"privilege_key"`
	RunID                                    string `json:"run_id"`
	PoolCount                                uint64 `json:"pool_count"`
	ProxyName                                string `json:"proxy_name"`
	SrcAddr                                  string `json:"src_addr"`
	SrcPort                                  uint16 `json:"src_port"`
}

// message reads the first message of a direction.
func (p *parser) message(d proto.Dir, kind byte, text []byte) error {
	var m body
	if !bytes.HasPrefix(text, []byte("{")) || json.Unmarshal(text, &m) != nil {
		return errMessage
	}
	if p.rec == nil {
		p.rec = &Message{Conn: p.c.Head()}
	}
	r := p.rec
	if d == proto.Resp {
		if p.began != 0 && answers[p.began] != kind {
			return errMessage
		}
		r.Answered, r.Error = true, m.Error
		r.Source, r.SourcePort = m.SrcAddr, record.Opt[uint16]{V: m.SrcPort, Set: m.SrcPort != 0}
		r.Proxy = m.ProxyName
		if r.RunID == "" {
			r.RunID = m.RunID
		}
	} else {
		if kinds[kind] == "" {
			return errMessage
		}
		p.began, r.Kind = kind, kinds[kind]
		r.Version, r.Hostname, r.OS, r.Arch, r.User = m.Version, m.Hostname, m.OS, m.Arch, m.User
		r.RunID, r.Auth = m.RunID, proof(m.PrivilegeKey)
		if m.PoolCount > 0 {
			r.PoolCount = record.Some(m.PoolCount)
		}
	}
	p.said[d] = true
	p.c.Confirm()
	if p.said[d.Other()] {
		p.emit()
	}
	return nil
}

// proof names what a client proves itself with.
func proof(key string) string {
	switch {
	case key == "":
		return "none"
	case len(key) == md5Len:
		return "token"
	}
	return "oidc"
}

func (p *parser) emit() {
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
		p.over = p.over || p.began == login
	}
}

// inside begins to read what a connection carries. Behind a work connection the
// server's visitor is who asks, and the client who answers.
func (p *parser) inside() *proto.Stream {
	if p.began == visitor {
		return p.c.Guess()
	}
	c := *p.c
	c.ID.OrigH, c.ID.OrigP, c.ID.RespH, c.ID.RespP = c.ID.RespH, c.ID.RespP, c.ID.OrigH, c.ID.OrigP
	return c.Guess()
}

// role is the direction d as what is inside knows it.
func (p *parser) role(d proto.Dir) proto.Dir {
	if p.began == visitor {
		return d
	}
	return d.Other()
}

// Gap implements proto.Parser: before the tunnel is open it ends reading.
func (p *parser) Gap(d proto.Dir, n int) error {
	switch {
	case !p.said[d]:
		p.over = true
	case p.tunnel != nil:
		_ = p.tunnel.Gap(p.role(d), n)
	}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tunnel != nil {
		p.tunnel.End(p.role(d))
	}
}

// Close writes what is half done.
func (p *parser) Close() {
	p.emit()
	if p.tunnel != nil {
		p.tunnel.Close()
	}
}
