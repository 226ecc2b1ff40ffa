// Package ssl reads the handshakes of SSL 2.0 and 3.0 and of TLS 1.0 to 1.3
// (RFC 6101, 2246, 4346, 5246, 8446) and makes one ssl record of each
// connection, with JA3, JA3S and JA4 fingerprints, and one x509 record of each
// certificate. What the records say follows Zeek's analyzer, so that the same
// packets give the same ssl.log. After the handshake it reads nothing more.
package ssl

import (
	"errors"
	"fmt"

	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/tlshello"
	"longwatch/internal/wire"
)

// Protocol is SSL and TLS over a stream. Other parsers reach it by name for
// STARTTLS and its like.
var Protocol = proto.Spec{
	Name:      "ssl",
	Transport: proto.TCP,
	Ports:     []uint16{443, 465, 563, 585, 614, 636, 989, 990, 992, 993, 995, 5223},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type, cert.Type, cert.OCSPType, network.FileType},
}

// The content types of records (RFC 8446 appendix B.1).
const (
	contentCipher    = 20
	contentAlert     = 21
	contentHandshake = 22
	contentData      = 23
	contentHeartbeat = 24
	contentLast      = 30 // what Zeek still takes for a record
)

const (
	recordHead = 5
	// maxAlerts bounds the alerts of one record that are looked at.
	maxAlerts = 10
	// frpByte is what FRP's clients send before the client hello.
	frpByte = 0x17
)

var (
	errVersion   = errors.New("ssl: not a version of SSL or TLS")
	errContent   = errors.New("ssl: unknown kind of record")
	errHandshake = errors.New("ssl: unknown handshake message")
	errShort     = errors.New("ssl: message ends early")
	errLength    = errors.New("ssl: handshake message too long")
)

// parser follows one connection until the handshake is done.
type parser struct {
	c    *proto.Conn
	s    session
	hand [2][]byte // handshake bytes that do not make a whole message yet

	started   [2]bool
	lost      [2]bool // bytes are missing
	encrypted [2]bool
	layer     bool // a record of SSL 3.0 or later was seen: there is no way back
	v2        bool // the server answered in SSL 2.0
	done      bool // nothing more is to be learnt
}

// Held implements proto.Holder.
func (p *parser) Held() int { return cap(p.hand[0]) + cap(p.hand[1]) }

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	if p.lost[d] {
		return proto.Step{Used: len(b)}, nil
	}
	if !p.started[d] && !p.done {
		if wait := p.start(d, b, &used); wait > 0 {
			return proto.Step{Need: wait}, nil
		}
	}
	for !p.done {
		rest := b[used:]
		if len(rest) < recordHead {
			return proto.Step{Used: used, Need: recordHead}, nil
		}
		old, n, err := p.layout(d, rest)
		if err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		if len(rest) < n {
			return proto.Step{Used: used, Need: n}, nil
		}
		if old {
			err = p.oldRecord(d, rest[:n])
		} else {
			err = p.record(d, rest[0], rest[recordHead:n])
		}
		if err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// start looks for FRP's byte before the client hello, and for a connection that
// is encrypted already. It returns how many bytes it has to see for that, 0 when
// it is done.
func (p *parser) start(d proto.Dir, b []byte, used *int) int {
	if len(b) < recordHead {
		return recordHead
	}
	p.started[d] = true
	if d == proto.Orig && frpHello(b) {
		*used = 1
		p.s.traits = append(p.s.traits, "frp_first_byte")
		return 0
	}
	if _, middle := middleRecord(b); middle && p.c.Partial && !p.layer {
		p.c.Confirm() // the handshake was not captured, and nothing is to be learnt
		p.done = true
	}
	return 0
}

// frpHello tells whether b begins as FRP's clients do: 17 16 03 01.
func frpHello(b []byte) bool {
	return len(b) >= 4 && b[0] == frpByte && b[1] == contentHandshake && b[2] == 3 && b[3] == 1
}

// layout finds out what kind of record b begins with and how long it is, head
// included. A server that answers in SSL 2.0 stays there; a client may begin
// with an SSL 2.0 hello and go on in SSL 3.0.
func (p *parser) layout(d proto.Dir, b []byte) (old bool, n int, err error) {
	c := wire.At(b)
	kind, version, length := c.U8(), c.U16(), c.U16()
	if p.v2 || (!p.layer && kind&0x80 != 0) {
		n = (int(b[0]&0x7f)<<8 | int(b[1])) + 2
		if n < recordHead || (!p.v2 && !oldHello(d, b)) {
			return true, 0, fmt.Errorf("%w: record begins % x", errVersion, b[:recordHead])
		}
		return true, n, nil
	}
	if version < tlshello.SSL3 || version > tlshello.TLS12 {
		return false, 0, fmt.Errorf("%w: %#04x in a record", errVersion, version)
	}
	if !p.layer && (kind < contentCipher || kind > contentLast) {
		return false, 0, fmt.Errorf("%w: %d", errContent, kind)
	}
	p.layer = true
	return false, recordHead + int(length), nil
}

// record reads one record of SSL 3.0 or later.
func (p *parser) record(d proto.Dir, kind uint8, b []byte) error {
	if !p.encrypted[d] && kind == contentData && !p.s.classic() {
		p.encrypted[d] = true // TLS 1.3 says nothing before it goes on encrypted
	}
	if p.encrypted[d] {
		if p.encrypted[d.Other()] {
			p.s.open(p.c).Established = true
			p.finish()
		}
		return nil
	}
	switch kind {
	case contentCipher:
		p.s.changeCipher(p.c, d)
		if !p.s.is13() {
			p.encrypted[d] = true
		}
	case contentAlert:
		p.alerts(d, b)
	case contentHandshake:
		return p.handshake(d, b)
	case contentData:
		if p.s.rec != nil && p.s.rec.Version != "" {
			p.c.Weird("ssl_early_application_data", "")
		}
	case contentHeartbeat:
		p.s.letter(p.c, d, 'b')
	default:
		return fmt.Errorf("%w: %d", errContent, kind)
	}
	return nil
}

func (p *parser) alerts(d proto.Dir, b []byte) {
	limit := maxAlerts
	if p.s.is13() {
		limit = 1 // RFC 8446 section 5.1
	}
	if len(b) > 2*limit {
		p.c.Weird("SSL_excessive_alerts_in_record", fmt.Sprint(len(b)/2))
		b = b[:2*limit]
	}
	for ; len(b) >= 2; b = b[2:] {
		p.s.letter(p.c, d, 'l')
		p.s.rec.LastAlert = alertName(uint32(b[1]))
	}
}

// Gap ends the reading, as in Zeek: what follows cannot be aligned with records.
// Where nobody has said hello yet, or Zeek reads nothing, the other direction may
// still say who is there.
func (p *parser) Gap(d proto.Dir, _ int) error {
	if (p.c.Partial || p.s.rec == nil) && !p.lost[d.Other()] {
		p.lost[d], p.hand[d] = true, nil
		p.s.unread = true
		return nil
	}
	p.done = true
	p.hand = [2][]byte{}
	return nil
}

// Close emits what the handshake has come to.
func (p *parser) Close() { p.finish() }

func (p *parser) finish() {
	p.done = true
	p.hand = [2][]byte{}
	p.s.finish(p.c)
}
