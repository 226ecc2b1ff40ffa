// Package socks reads SOCKS 4, 4a and 5 (RFC 1928, 1929, 1961;
// https://www.openssh.com/txt/socks4.protocol) and makes one socks record of
// each connection through a proxy. What the proxy carries is found out by its
// content and read in turn.
package socks

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/wire"
)

// Protocol is SOCKS.
var Protocol = proto.Spec{
	Name:      "socks",
	Transport: proto.TCP,
	Ports:     []uint16{1080, 9050, 9150, 1081, 10808},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type, network.TunnelType},
}

// zeekTunnel is what Zeek's tunnel.log calls it.
const zeekTunnel = "Tunnel::SOCKS"

const (
	// maxName bounds the strings of SOCKS 4, which end with NUL.
	maxName = 512
	// maxToken bounds a message of GSSAPI.
	maxToken = 1<<16 - 1
	// maxPreface bounds what a proxy that dialled out says before it is asked:
	// which tunnel it is, or nothing.
	maxPreface = 8
)

var (
	errVersion = errors.New("socks: neither version 4 nor 5")
	errMessage = errors.New("socks: malformed message")
)

// stage is what comes next of a direction.
type stage uint8

const (
	atHello   stage = iota // version 5: methods; version 4: the request, or its answer
	atLogin                // of the method
	atRequest              // version 5: the request, or its answer
	atEnd                  // the direction's part is done
)

// parser follows one connection.
type parser struct {
	c      *proto.Conn
	stage  [2]stage
	rec    *Tunnel
	method uint8
	chosen bool // the proxy chose a method
	done   bool // written
	over   bool // refused, or not understood any more
	tunnel *proto.Stream

	begun   bool
	reverse bool  // the responder is the client
	preface uint8 // bytes of the originator before that
}

// begin finds out who is the client. Of an originator that is the proxy, what
// comes first is no SOCKS and used; need is how much of a responder must be there.
func (p *parser) begin(d proto.Dir, b []byte) (used, need int) {
	switch {
	case d == proto.Resp:
		n := 2
		if len(b) >= n {
			n += int(b[1] & 3)
		}
		if len(b) < n && b[0] == 5 && !p.c.Partial {
			return 0, n
		}
		p.reverse = !p.c.Partial && len(b) >= n && reverseHello(b[:n])
	case (p.preface > 0 || b[0] < ' ' && b[0] != 4 && b[0] != 5) && int(p.preface)+len(b) <= maxPreface:
		p.preface += uint8(len(b)) // #nosec G115 -- bounded
		return len(b), 0
	}
	p.begun = true
	return 0, 0
}

// role is the direction d as the protocol has it.
func (p *parser) role(d proto.Dir) proto.Dir {
	if p.reverse {
		return d.Other()
	}
	return d
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if !p.begun {
		if used, need := p.begin(d, b); !p.begun {
			return proto.Step{Used: used, Need: need}, nil
		}
	}
	d = p.role(d)
	used := 0
	for used < len(b) {
		rest := b[used:]
		if p.over {
			return proto.Step{Used: len(b)}, nil
		}
		if p.stage[d] == atEnd { // some clients do not wait for the proxy
			if p.tunnel == nil {
				p.tunnel = p.inside()
			}
			_ = p.tunnel.Feed(d, rest) // it never fails
			return proto.Step{Used: len(b)}, nil
		}
		c := wire.At(rest)
		need, err := p.message(d, &c)
		if err != nil {
			p.finish(false)
			return proto.Step{Used: used}, err
		}
		if need > 0 {
			return proto.Step{Used: used, Need: need}, nil
		}
		used += c.Off()
	}
	return proto.Step{Used: len(b)}, nil
}

// message reads one message. need is how long it is at least, when it is not
// all there.
func (p *parser) message(d proto.Dir, c *wire.Cursor) (need int, err error) {
	have := c.Len()
	switch {
	case p.stage[d] == atHello && d == proto.Orig:
		err = p.hello(c)
	case p.stage[d] == atHello:
		err = p.choice(c)
	case p.stage[d] == atLogin && d == proto.Orig:
		if !p.chosen {
			return have + 1, nil
		}
		p.login(c)
	case p.stage[d] == atLogin:
		p.loggedIn(c)
	case d == proto.Orig:
		err = p.request(c)
	default:
		err = p.answer(c)
	}
	if err == nil && !c.OK() {
		need = have + 1
		if have > maxToken+4 {
			err = errMessage
		}
	}
	return need, err
}

// open returns the record, begun at the first call.
func (p *parser) open(version uint64) *Tunnel {
	if p.rec == nil {
		p.rec = &Tunnel{Conn: p.c.Head(), Version: version, Reverse: p.reverse}
		if p.reverse {
			p.rec.Preface = p.preface
		}
	}
	return p.rec
}

// hello reads the client's first message.
func (p *parser) hello(c *wire.Cursor) error {
	switch c.U8() {
	case 5:
		c.Skip(int(c.U8())) // methods
		if c.OK() {
			p.stage[proto.Orig] = atLogin
		}
		return nil
	case 4:
		return p.request4(c)
	}
	return errVersion
}

// request4 reads the request of version 4, or 4a where the address is 0.0.0.x
// and a name follows.
func (p *parser) request4(c *wire.Cursor) error {
	command, port, addr := c.U8(), c.U16(), c.U32()
	user, ok := terminated(c)
	name := ""
	if ok && addr <= 0xff {
		name, ok = terminated(c)
	}
	if !ok {
		if c.OK() && c.Len() > 2*maxName {
			return errMessage
		}
		c.Skip(c.Len() + 1) // fails: more has to come
		return nil
	}
	r := p.open(4)
	r.Command = commandName(command)
	r.UserID = user
	r.RequestHost, r.RequestName, r.RequestPort = ip4(addr), name, record.Some(port)
	p.report()
	p.stage[proto.Orig] = atEnd
	return nil
}

func terminated(c *wire.Cursor) (string, bool) {
	rest := c.Rest()
	end := bytes.IndexByte(rest, 0)
	if end < 0 || end > maxName {
		return "", false
	}
	c.Skip(end + 1)
	return string(rest[:end]), true
}

func ip4(v uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// choice reads the proxy's first message: the method of version 5, or the
// answer of version 4, which begins with 0.
func (p *parser) choice(c *wire.Cursor) error {
	switch c.U8() {
	case 5:
		method := c.U8()
		if !c.OK() {
			return nil
		}
		p.method, p.chosen = method, true
		p.stage[proto.Resp] = atLogin
		if method == 0 || method == 0xff {
			p.stage[proto.Resp] = atRequest
			if p.stage[proto.Orig] == atLogin {
				p.stage[proto.Orig] = atRequest
			}
		}
		p.over = method == 0xff || method != 0 && method != methodPassword && method != methodGSS
		if p.over {
			p.c.Confirm()
			r := p.open(5)
			r.Method, r.Unanswered = methodName(method), true
		}
		return nil
	case 0:
		status, port, addr := c.U8(), c.U16(), c.U32()
		if !c.OK() {
			return nil
		}
		r := p.open(4)
		r.Status = name4(status)
		r.BoundHost, r.BoundPort = ip4(addr), record.Some(port)
		p.stage[proto.Resp] = atEnd
		p.c.Confirm()
		p.finish(true)
		return nil
	}
	return errVersion
}

// login reads a message of the method that the proxy chose.
func (p *parser) login(c *wire.Cursor) {
	switch p.method {
	case methodPassword:
		version := c.U8()
		user := c.Take(int(c.U8()))
		c.Skip(int(c.U8())) // the password is not kept
		if !c.OK() {
			return
		}
		if version != 1 {
			p.c.Weird("socks5_unsupported_authentication", strconv.Itoa(int(version)))
		}
		p.open(5).User = string(user)
		p.stage[proto.Orig] = atRequest
	case methodGSS:
		p.token(proto.Orig, c)
	default:
		p.stage[proto.Orig] = atRequest
	}
}

// loggedIn reads the proxy's side of the method.
func (p *parser) loggedIn(c *wire.Cursor) {
	if p.method == methodGSS {
		p.token(proto.Resp, c)
		return
	}
	c.Skip(1)
	code := c.U8()
	if !c.OK() {
		return
	}
	p.c.Confirm()
	p.open(5).Status = name5(code)
	p.stage[proto.Resp] = atRequest
}

// token passes over a message of GSSAPI (RFC 1961 section 3). When the proxy
// has said how messages are protected, nothing more is to be seen.
func (p *parser) token(d proto.Dir, c *wire.Cursor) {
	version, kind := c.U8(), c.U8()
	if kind == 0xff { // refused
		p.over = true
		return
	}
	c.Skip(int(c.U16()))
	if !c.OK() {
		return
	}
	r := p.open(5)
	r.Method, r.Unanswered = methodName(methodGSS), true
	p.c.Confirm()
	p.over = version != 1 || kind == 2 && d == proto.Resp || kind > 2
}

// request reads what the client wants of version 5.
func (p *parser) request(c *wire.Cursor) error {
	version, command := c.U8(), c.U8()
	reserved := c.U8()
	addr, name, err := address(c)
	port := c.U16()
	switch {
	case err != nil:
		return err
	case !c.OK():
		return nil
	case version != 5 || reserved != 0:
		return errMessage
	}
	r := p.open(5)
	r.Command, r.Method = commandName(command), methodName(p.method)
	r.RequestHost, r.RequestName, r.RequestPort = addr, name, record.Some(port)
	p.report()
	p.stage[proto.Orig] = atEnd
	return nil
}

// answer reads what the proxy says to it.
func (p *parser) answer(c *wire.Cursor) error {
	version, status := c.U8(), c.U8()
	c.Skip(1)
	addr, name, err := address(c)
	port := c.U16()
	switch {
	case err != nil:
		return err
	case !c.OK():
		return nil
	case version != 5:
		return errVersion
	}
	r := p.open(5)
	r.Status = name5(status)
	r.BoundHost, r.BoundName, r.BoundPort = addr, name, record.Some(port)
	p.stage[proto.Resp] = atEnd
	p.c.Confirm()
	p.finish(true)
	return nil
}

// address reads an address of version 5.
func address(c *wire.Cursor) (addr netip.Addr, name string, err error) {
	switch kind := c.U8(); kind {
	case 1:
		addr = ip4(c.U32())
	case 3:
		name = string(c.Take(int(c.U8())))
	case 4:
		if b := c.Take(16); b != nil {
			addr = netip.AddrFrom16([16]byte(b))
		}
	default:
		if c.OK() {
			err = errMessage
		}
	}
	return addr, name, err
}

// inside begins to read what the proxy carries, between the client and it.
func (p *parser) inside() *proto.Stream {
	if !p.reverse {
		return p.c.Guess()
	}
	c := *p.c
	c.ID.OrigH, c.ID.OrigP, c.ID.RespH, c.ID.RespP = c.ID.RespH, c.ID.RespP, c.ID.OrigH, c.ID.OrigP
	return c.Guess()
}

// Gap implements proto.Parser: before the tunnel is open it ends reading.
func (p *parser) Gap(d proto.Dir, n int) error {
	p.begun = true
	d = p.role(d)
	switch {
	case p.stage[d] != atEnd:
		p.over = true
	case p.tunnel != nil:
		_ = p.tunnel.Gap(d, n)
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
	if p.tunnel != nil {
		p.tunnel.Close()
	}
	p.finish(false)
}

// finish writes the record once; answered tells whether the proxy spoke.
func (p *parser) finish(answered bool) {
	if p.rec == nil || p.done || answered && p.stage[proto.Orig] != atEnd {
		return
	}
	p.done = true
	p.rec.Unanswered = p.rec.Unanswered || !answered && p.stage[proto.Resp] != atEnd
	p.c.Emit(p.rec)
}

// report tells of the proxy that a request went to, as Zeek does; one that
// dialled out to its client has no place in that record.
func (p *parser) report() {
	if !p.reverse {
		p.c.Proxy(zeekTunnel)
	}
}
