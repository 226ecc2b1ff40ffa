// Package rdp reads the opening of Remote Desktop connections (MS-RDPBCGR): the
// X.224 request with its cookie, the negotiation of security, and, when that is
// RDP's own, the settings that client and server exchange and the server's
// certificates. It makes of them one record with Zeek's names. TLS, which
// CredSSP too goes through, is followed by "ssl"; what is encrypted otherwise is
// passed over.
package rdp

import (
	"encoding/binary"
	"errors"
	"time"

	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is RDP over TCP.
var Protocol = proto.Spec{
	Name: "rdp", Transport: proto.TCP, Ports: []uint16{3389},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type, cert.Type},
}

// Bounds on what one message can make us keep.
const (
	maxChannels = 64   // the protocol allows 31
	maxCerts    = 32   // chains have two
	maxText     = 1024 // of a cookie or routing token
)

// settleIn is how long after the first request what is learnt still goes into
// the record: Zeek writes it then.
const settleIn = 10 * time.Second

var (
	errFrame = errors.New("rdp: not a TPKT")
	errGap   = errors.New("rdp: message boundaries lost in a gap")
)

// phase is what the connection carries now.
type phase uint8

const (
	plain  phase = iota
	tls          // both directions go to ssl
	opaque       // RDP's own encryption, or a session in the clear whose rest says nothing
)

type parser struct {
	c     *proto.Conn
	s     *Session
	phase phase
	ssl   *proto.Stream
	done  bool // the record is written
}

// Parse takes whole TPKTs (RFC 1006 section 6), then what was negotiated.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		if p.phase == plain && d == proto.Orig && rest[0] == 0x16 && p.s != nil {
			p.secure() // the answer was not seen
		}
		switch p.phase {
		case tls:
			if p.ssl != nil {
				_ = p.ssl.Feed(d, rest) // its error ends the inner parser only
			}
			return proto.Step{Used: len(b)}, nil
		case opaque:
			return proto.Step{Used: len(b)}, nil
		}
		if len(rest) < tpktHeader {
			return proto.Step{Used: used, Need: tpktHeader}, nil
		}
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if rest[0] != 3 || n < tpktHeader+3 {
			if p.s != nil && rest[0] != 3 && p.s.EncryptionMethod != "" {
				p.phase = opaque // fast path (section 2.2.9)
				continue
			}
			return proto.Step{Used: used}, errFrame
		}
		if len(rest) < n {
			return proto.Step{Used: used, Need: n}, nil
		}
		if err := p.message(rest[tpktHeader:n]); err != nil {
			return proto.Step{Used: used}, err
		}
		used += n
	}
	return proto.Step{Used: used}, nil
}

// Gap is for ssl to judge; elsewhere the next message's start is unknown.
func (p *parser) Gap(d proto.Dir, n int) error {
	switch {
	case p.phase == plain:
		return errGap
	case p.ssl != nil:
		_ = p.ssl.Gap(d, n)
	}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.ssl != nil {
		p.ssl.End(d)
	}
}

// Close writes the record.
func (p *parser) Close() {
	p.write()
	if p.ssl != nil {
		p.ssl.Close()
	}
}

func (p *parser) write() {
	if p.s != nil && !p.done {
		p.c.Emit(p.s)
	}
	p.done = true
}

// session is the record to fill. Once it is written, what is filled is lost.
func (p *parser) session() *Session {
	if p.s == nil {
		p.s = &Session{Conn: p.c.Head()}
	} else if !p.done && p.c.Now().Sub(p.s.TS) > settleIn {
		p.write()
	}
	if p.done {
		return &Session{}
	}
	return p.s
}

// secure hands what follows to ssl.
func (p *parser) secure() {
	p.phase = tls
	p.ssl = p.c.Inner("ssl")
}
