// Package stun reads STUN (RFC 8489, RFC 5389 and the classic RFC 3489) and
// TURN (RFC 8656) with its channels, over UDP and TCP, into one record of each
// connection: the addresses a host has outside its network, the peers it
// reaches through a relay, software and user names. Microsoft's variant
// (MS-TURN) puts the messages of TCP into frames that look like TLS.
//
// WebRTC sends DTLS and media between the same ports (RFC 7983): DTLS goes to
// its own parser, media is passed over.
package stun

import (
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is STUN with TURN.
var Protocol = proto.Spec{
	Name: "stun", Transport: proto.UDP | proto.TCP, Ports: []uint16{3478, 3479, 3480, 3481, 5349, 19302},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	headLen = 20
	cookie  = 0x2112a442 // RFC 8489 section 5

	maxAttributes = 64 // attributes read of one message
	maxPeers      = 32
	maxMethods    = 16
	maxText       = 763 // RFC 8489: the longest of USERNAME, REALM and SOFTWARE
)

var (
	errMessage = errors.New("stun: not a STUN message")
	errGap     = errors.New("stun: message boundaries lost in a gap")
)

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	rec     *Record
	framing framing       // of a stream
	dtls    *proto.Stream // what shares the ports
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		p.datagram(d, b)
		return proto.Step{Used: len(b)}, nil
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		if len(rest) < 4 {
			return proto.Step{Used: used, Need: 4}, nil
		}
		if p.framing == unknown {
			p.framing = framingOf(rest)
		}
		n, err := p.stretch(rest)
		if err != nil {
			return proto.Step{Used: used}, err
		}
		if len(rest) < n {
			return proto.Step{Used: used, Need: n}, nil
		}
		switch {
		case p.framing == framed && n > 2:
			p.datagram(d, rest[2:n])
		case p.framing != framed && !isFrame(rest):
			p.message(d, rest[:n])
		}
		used += n
	}
	return proto.Step{Used: used}, nil
}

// framing is how messages lie in a stream.
type framing uint8

const (
	unknown framing = iota
	plain           // one behind the other (RFC 8656 section 12.5)
	framed          // with a length of two bytes, as ICE does (RFC 4571)
	msTURN          // behind headers that look like TLS
)

func framingOf(b []byte) framing {
	switch {
	case isFrame(b):
		return msTURN
	case isFramed(b):
		return framed
	}
	return plain
}

// isFrame tells whether b begins with a frame header of MS-TURN: type 2 or 3
// (control or data), a zero, and a length.
func isFrame(b []byte) bool { return (b[0] == 2 || b[0] == 3) && b[1] == 0 }

// isFramed tells whether b begins with a length of RFC 4571 and the message
// that it counts. The length of a message without attributes, 20, reads as
// a type that no method has. Fewer bytes cannot hold a message.
func isFramed(b []byte) bool {
	c := wire.At(b)
	n, kind := int(c.U16()), c.U16()
	return n >= headLen && n&^0x3fff == 0 && kind < 0x1000 && b[0] != 2 && b[0] != 3 && !isMethod(uint16(n)) // #nosec G115 -- 16 bits
}

// stretch is the length of what comes next in the stream. Four bytes are there.
func (p *parser) stretch(b []byte) (int, error) {
	c := wire.At(b)
	kind, n := c.U16(), int(c.U16())
	switch {
	case p.framing == framed:
		return 2 + int(kind), nil
	case p.framing == msTURN && isFrame(b):
		return 4, nil
	case p.framing == plain:
		n = (n + 3) &^ 3
	}
	switch {
	case isChannel(kind):
		return 4 + n, nil
	case kind < 0x4000 && (len(b) < 8 || wireCookie(b[4:])):
		return headLen + n, nil
	}
	return 0, errMessage
}

// size is the length of the message at b, without padding; 0 when there is
// none. Four bytes are there.
func size(b []byte) int {
	c := wire.At(b)
	kind, n := c.U16(), int(c.U16())
	switch {
	case kind < 0x4000:
		return headLen + n
	case isChannel(kind):
		return 4 + n
	}
	return 0
}

// isChannel tells whether the first two bytes are a channel number. RFC 5766
// allowed 0x4000 to 0x7fff, RFC 8656 section 12 reserves all from 0x5000.
func isChannel(kind uint16) bool { return kind >= 0x4000 && kind < 0x8000 }

// datagram sorts what shares the ports by the first byte (RFC 7983 section 7).
func (p *parser) datagram(d proto.Dir, b []byte) {
	switch {
	case b[0] < 4, b[0] >= 0x40 && b[0] < 0x80, len(b) >= headLen && wireCookie(b[4:]):
		if len(b) >= 4 {
			if n := size(b); n > 0 && n <= len(b) {
				p.message(d, b[:n])
			}
		}
	case b[0] >= 20 && b[0] < 64:
		p.pass(d, b)
	}
}

// pass hands a datagram to the DTLS parser.
func (p *parser) pass(d proto.Dir, b []byte) {
	if p.dtls == nil {
		if p.dtls = p.c.Inner("dtls"); p.dtls == nil {
			return
		}
	}
	_ = p.dtls.Feed(d, b) // after an error it takes nothing more
}

// open returns the record, begun at the first call.
func (p *parser) open() *Record {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head(), Proto: "udp", Classic: true}
		if p.c.Transport == proto.TCP {
			p.rec.Proto = "tcp"
		}
	}
	return p.rec
}

// message reads one whole message, with padding or without.
func (p *parser) message(d proto.Dir, b []byte) {
	c := wire.At(b)
	kind, n := c.U16(), int(c.U16())
	if isChannel(kind) {
		r := p.open()
		r.ChannelMessages++
		r.ChannelBytes += uint64(n) // #nosec G115 -- 16 bits
		r.Classic = false
		p.relayed(d, c.Take(n))
		return
	}
	id := c.Take(16)
	attrs := c.Take(n)
	if !c.OK() || kind >= 0x4000 {
		return
	}
	m := message{d: d, id: id, cookie: wireCookie(id), kind: kind, ms: hasMSCookie(attrs)}
	if !m.cookie && !m.ms && !classicType(kind) {
		return
	}
	p.count(&m)
	if !p.attributes(&m, attrs) {
		p.c.Weird("stun_truncated_attribute", "")
		return
	}
	p.c.Confirm()
}

// relayed takes the payload of a channel: DTLS of the peer is read, once the
// relay was understood to be one.
func (p *parser) relayed(d proto.Dir, b []byte) {
	if len(b) > 13 && b[0] >= 20 && b[0] < 64 && b[1] == 0xfe {
		p.pass(d, b)
	}
	p.c.Confirm()
}

// count notes method and class.
func (p *parser) count(m *message) {
	r := p.open()
	r.Classic = r.Classic && !m.cookie && !m.ms
	name := m.name()
	known := false
	for _, s := range r.Methods {
		known = known || s == name
	}
	if !known && len(r.Methods) < maxMethods {
		r.Methods = append(r.Methods, name)
	}
	switch m.class() {
	case request:
		r.Requests++
	case indication:
		r.Indications++
	case success:
		r.Responses++
	case failure:
		r.Errors++
	}
}

// Gap implements proto.Parser.
func (p *parser) Gap(proto.Dir, int) error { return errGap }

// Close writes the record.
func (p *parser) Close() {
	if p.dtls != nil {
		p.dtls.Close()
		p.dtls = nil
	}
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}
