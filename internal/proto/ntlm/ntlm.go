// Package ntlm reads NTLMSSP messages (MS-NLMP section 2.2) that SMB, DCE/RPC
// or HTTP carry, and makes of negotiate, challenge and authenticate one record:
// who claimed to be whom, against which server, and whether it was accepted.
//
// It is reached through Conn.Inner("ntlm"); every Feed is one message.
package ntlm

import (
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is NTLMSSP. It has no transport of its own: messages come one a call.
var Protocol = proto.Spec{
	Name: "ntlm", Transport: proto.UDP,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

// Message types (MS-NLMP section 2.2.1).
const (
	negotiate    = 1
	challenge    = 2
	authenticate = 3
)

// Flags and AV pairs that matter (MS-NLMP sections 2.2.2.5 and 2.2.2.1).
const (
	flagUnicode = 1
	flagVersion = 0x02000000

	avEnd         = 0
	avNbComputer  = 1
	avDNSComputer = 3
	avDNSTree     = 5
)

// maxPairs bounds the AV pairs of one challenge; ten kinds are defined.
const maxPairs = 32

var (
	errSignature = errors.New("ntlm: no NTLMSSP signature")
	errShort     = errors.New("ntlm: message is cut short")
	errType      = errors.New("ntlm: unknown message type")
)

type parser struct {
	c    *proto.Conn
	auth *Auth // exchange under way

}

// Parse takes one message.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	m := wire.At(b)
	if string(m.Take(8)) != "NTLMSSP\x00" {
		return step, errSignature
	}
	var err error
	switch m.L32() {
	case negotiate:
		p.flush()
		p.begin()
		p.auth.ClientVersion = version(b, 12, 32)
	case challenge:
		err = p.challenge(b)
	case authenticate:
		err = p.authenticate(b)
	default:
		err = errType
	}
	return step, err
}

// Gap forgets nothing: messages come whole or not at all.
func (p *parser) Gap(proto.Dir, int) error { return nil }

// Authenticated is told by the protocol around.
func (p *parser) Authenticated(ok bool, by proto.Authority) {
	if p.auth == nil {
		return
	}
	p.auth.Accepted = record.Some(ok)
	if by == proto.Negotiated {
		p.auth.Success = p.auth.Accepted
	}
	p.flush()
}

// Close writes an exchange whose end was not seen.
func (p *parser) Close() { p.flush() }

// flush writes the exchange, unless the connection told of the same logon
// before, as when every pipe of an SMB session logs on for itself.
func (p *parser) flush() {
	a := p.auth
	if a == nil {
		return
	}
	p.auth = nil
	refused := a.Accepted.Set && !a.Accepted.V
	if refused || p.c.Once("ntlm\x00"+a.Domain+"\x00"+a.Username+"\x00"+a.Hostname) {
		a.beyond = !p.c.Once("ntlm")
		p.c.Emit(a)
	}
}

func (p *parser) begin() {
	if p.auth == nil {
		p.auth = &Auth{Conn: p.c.Head()}
		p.c.Confirm()
	}
}

// challenge reads the server's names: TargetInfo is at 40 (MS-NLMP 2.2.1.2).
func (p *parser) challenge(b []byte) error {
	m := wire.At(b)
	m.Seek(40)
	info := field(&m, b)
	p.begin()
	p.auth.ServerVersion = version(b, 20, 48)
	if !m.OK() { // the short form of old servers ends before TargetInfo
		return nil
	}
	av := wire.At(info)
	for range maxPairs {
		id, n := av.L16(), int(av.L16())
		value := av.Take(n)
		if !av.OK() || id == avEnd {
			break
		}
		switch id {
		case avNbComputer:
			p.auth.ServerNetBIOS = wire.UTF16(value)
		case avDNSComputer:
			p.auth.ServerDNS = wire.UTF16(value)
		case avDNSTree:
			p.auth.ServerTreeName = wire.UTF16(value)
		}
	}
	return nil
}

// authenticate reads the client's names (MS-NLMP 2.2.1.3).
func (p *parser) authenticate(b []byte) error {
	m := wire.At(b)
	m.Seek(28)
	domain, user, host := field(&m, b), field(&m, b), field(&m, b)
	m.Skip(8) // EncryptedRandomSessionKey
	if !m.OK() {
		return errShort
	}
	flags := m.L32()
	text := wire.UTF16
	if m.OK() && flags&flagUnicode == 0 {
		text = func(b []byte) string { return string(b) }
	}
	p.begin()
	p.auth.Domain, p.auth.Username, p.auth.Hostname = text(domain), text(user), text(host)
	if v := version(b, 60, 64); v != "" {
		p.auth.ClientVersion = v
	}
	return nil
}

// version reads a VERSION structure (MS-NLMP section 2.2.2.10) at off, which
// the flags at flagsAt say is there. Old clients say so and have none: what
// stands there then does not end in the revision of NTLM.
func version(b []byte, flagsAt, off int) string {
	const current, beta = 0x0f, 0x0a
	m := wire.At(b)
	m.Seek(flagsAt)
	flags := m.L32()
	m.Seek(off)
	major, minor, build := m.U8(), m.U8(), m.L16()
	m.Skip(3)
	revision := m.U8()
	if !m.OK() || flags&flagVersion == 0 || revision != current && revision != beta || major == 0 && minor == 0 && build == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", major, minor, build)
}

// field reads a length, a maximum and an offset, and returns what they point
// at, or nil when that lies outside the message.
func field(m *wire.Cursor, b []byte) []byte {
	n := int(m.L16())
	m.Skip(2)
	off := int(m.L32())
	if !m.OK() || off > len(b) || n > len(b)-off {
		return nil
	}
	return b[off : off+n]
}
