// Package kerberos reads Kerberos V5 (RFC 4120) over UDP and TCP, and inside
// GSS-API tokens, into one record per exchange with Zeek's names: who asked
// for a ticket to what, with which cipher, and what the answer was.
//
// Over TCP every message has a length of four bytes in front (section 7.2.2);
// a token's message has none, and the two are told apart by the first byte.
package kerberos

import (
	"encoding/binary"
	"errors"

	"longwatch/internal/ber"
	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is Kerberos V5.
var Protocol = proto.Spec{
	Name: "krb", Transport: proto.UDP | proto.TCP, Ports: []uint16{88},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type, cert.Type},
}

// tcpService is what Zeek calls Kerberos with record marking.
const tcpService = "krb_tcp"

// maxMessage bounds a message: tickets with many groups reach 64 KiB.
const maxMessage = 1 << 18

// Message types (RFC 4120 section 7.5.7), which are also application tags.
const (
	asReq, asRep   = 10, 11
	tgsReq, tgsRep = 12, 13
	apReq, apRep   = 14, 15
	safe, cred     = 20, 22
	krbError       = 30
)

// Bits of KDCOptions (section 5.4.1).
const (
	optForwardable = 1
	optRenewable   = 8
)

var (
	errMessage = errors.New("kerberos: not a Kerberos message")
	errLength  = errors.New("kerberos: message length out of bounds")
	errGap     = errors.New("kerberos: message boundaries lost in a gap")
)

type parser struct {
	c  *proto.Conn
	ex *Exchange // request whose answer is awaited
}

// probe wants the tag of a message, its sequence, and version 5 as the first
// element (the second number of a KDC-REQ's elements is 1, of all others 0).
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) > 0 && b[0] == 0 {
		if len(b) < 8 {
			return proto.Maybe
		}
		if n := binary.BigEndian.Uint32(b); n < 16 || n > maxMessage {
			return proto.No
		}
		b = b[4:]
	}
	const enough = 24
	short := proto.No
	if len(b) < enough {
		short = proto.Maybe
	}
	if len(b) == 0 || !known(b[0]) {
		return proto.No
	}
	// Only the headers are walked: the message may not be whole yet.
	want := byte(0xa0)
	if b[0] == 0x60|asReq || b[0] == 0x60|tgsReq {
		want = 0xa1
	}
	for _, tag := range []byte{b[0], 0x30, want, 0x02} {
		if len(b) == 0 {
			return short
		}
		if b[0] != tag {
			return proto.No
		}
		n, sized, ok := ber.Size(b)
		switch {
		case !ok || n > maxMessage:
			return proto.No
		case !sized:
			return short
		}
		head := 2
		if b[1] >= 0x80 {
			head += int(b[1] & 0x7f)
		}
		b = b[head:]
	}
	switch {
	case len(b) == 0:
		return short
	case b[0] == 5:
		return proto.Yes
	}
	return proto.No
}

// known tells whether a byte is the identifier of a message.
func known(id byte) bool {
	tag := id & 0x1f
	return id&0xe0 == 0x60 && (tag >= asReq && tag <= apRep || tag >= safe && tag <= cred || tag == krbError)
}

// Parse takes whole messages.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		head, n := 0, 0
		service := p.c.Parser
		if rest[0] == 0 {
			if len(rest) < 4 {
				return p.wait(used, len(b), 4)
			}
			head, n = 4, int(binary.BigEndian.Uint32(rest))
			service = tcpService
		} else {
			size, sized, ok := ber.Size(rest)
			if !ok || !known(rest[0]) {
				return proto.Step{Used: used}, errMessage
			}
			if !sized {
				return p.wait(used, len(b), len(rest)+1)
			}
			n = size
		}
		if n > maxMessage {
			return proto.Step{Used: used}, errLength
		}
		if len(rest) < head+n {
			return p.wait(used, len(b), head+n)
		}
		if err := p.message(d, rest[head:head+n], service); err != nil {
			return proto.Step{Used: used}, err
		}
		used += head + n
	}
	return proto.Step{Used: used}, nil
}

// wait asks for more, except that a datagram brings no more.
func (p *parser) wait(used, all, need int) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		p.c.Weird("krb_truncated", "")
		return proto.Step{Used: all}, nil
	}
	return proto.Step{Used: used, Need: need}, nil
}

// Gap ends it: the next message's start is unknown.
func (p *parser) Gap(proto.Dir, int) error { return errGap }

// Authenticated is told by the protocol around an AP exchange.
func (p *parser) Authenticated(ok bool, _ proto.Authority) {
	if p.ex != nil && p.ex.RequestType == "AP" {
		p.ex.Success = record.Some(ok)
		p.flush()
	}
}

// Close writes a request that was not answered.
func (p *parser) Close() { p.flush() }

func (p *parser) flush() {
	if p.ex != nil {
		p.ex.beyond = !p.c.Once("krb")
		p.c.Emit(p.ex)
		p.ex = nil
	}
}

func (p *parser) exchange() *Exchange {
	if p.ex == nil {
		p.ex = &Exchange{Conn: p.c.Head()}
	}
	return p.ex
}

func (p *parser) message(d proto.Dir, b []byte, service string) error {
	v, _, ok := ber.Next(b)
	if !ok || v.Class != ber.Application {
		return errMessage
	}
	seq, ok := v.Inside()
	if !ok || !seq.Is(ber.Universal, ber.Sequence) {
		return errMessage
	}
	p.c.Engine.Confirm(p.c, service)
	f := fields(seq)
	switch v.Tag {
	case asReq:
		p.certificates(d, f[3], true)
		p.request("AS", f[4])
		p.ex.PreAuth = record.Some(proves(f[3]))
	case tgsReq:
		p.request("TGS", f[4])
	case asRep, tgsRep:
		p.certificates(d, f[2], false)
		p.reply(f)
	case apReq:
		p.flush()
		ex := p.exchange()
		ex.RequestType = "AP"
		var realm string
		if ex.Service, realm, ex.Cipher = ticket(f[3]); realm != "" {
			ex.Client = "/" + realm
		}
	case apRep: // DCE style has a third one, from the client, which says nothing new
		if p.ex != nil {
			p.ex.Success = record.Some(true)
			p.flush()
		}
	case krbError:
		p.refusal(f)
	}
	return nil
}

// request reads a KDC-REQ-BODY (section 5.4.1). A request repeated before its
// answer is one request.
func (p *parser) request(kind string, v ber.Value) {
	body := fields(v)
	ex := p.exchange()
	ex.RequestType = kind
	if kind == "AS" {
		ex.Client = principal(body[1]) + "/" + string(body[2].Body)
	}
	ex.Service = principal(body[3])
	ex.From, ex.Till = when(body[4]), when(body[5])
	ex.Forwardable = record.Some(bit(body[0], optForwardable))
	ex.Renewable = record.Some(bit(body[0], optRenewable))
	ex.Offered = ciphers(body[8])
}

// reply reads a KDC-REP (section 5.4.2).
func (p *parser) reply(f [maxFields]ber.Value) {
	ex := p.exchange()
	if ex.Client == "" {
		ex.Client = principal(f[4]) + "/" + string(f[3].Body)
	}
	if service, _, cipher := ticket(f[5]); service != "" || cipher != "" {
		ex.Service, ex.Cipher = service, cipher
	}
	ex.Success = record.Some(true)
	p.flush()
}

// refusal reads a KRB-ERROR (section 5.9.1). The demand for pre-authentication
// with its text spelt out is left out, as in Zeek: it opens every logon.
func (p *parser) refusal(f [maxFields]ber.Value) {
	text := string(f[11].Body)
	if text == "NEEDED_PREAUTH" || text == "Need to use PA-ENC-TIMESTAMP/PA-PK-AS-REQ" {
		p.ex = nil
		return
	}
	ex := p.exchange()
	if ex.Client == "" {
		ex.Client = string(f[7].Body)
		if name := principal(f[8]); name != "" {
			ex.Client = name + "/" + ex.Client
		}
	}
	if service := principal(f[10]); service != "" {
		ex.Service = service
	}
	ex.Success = record.Some(false)
	if code, ok := f[6].Int(); ok {
		ex.ErrorCode = record.Some(code)
	}
	if ex.ErrorMsg = text; text == "" {
		code, _ := f[6].Int()
		ex.ErrorMsg = errorName(code)
	}
	p.flush()
}
