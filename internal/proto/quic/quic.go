// Package quic reads QUIC: versions 1 and 2 and the drafts from 22 on (RFC 8999,
// 9000, 9001, 9369), Facebook's and Google's versions. The keys of Initial
// packets follow from what is on the wire, so that the hellos are read: the
// client's gives server name, protocol and JA4, and both go to package ssl. What
// the records say follows Zeek's analyzer.
package quic

import (
	"encoding/hex"
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/tlshello"
)

// Protocol is QUIC.
var Protocol = proto.Spec{
	Name:      "quic",
	Transport: proto.UDP,
	Ports:     []uint16{443, 784, 853},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	// maxHistory bounds history, as Zeek does.
	maxHistory = 100
	// maxDiscarded is how many packets without the fixed bit history shows.
	maxDiscarded = 100
	// maxFailures bounds the Initial packets that are tried with new keys.
	maxFailures = 8
)

var errVersion = errors.New("quic: unknown version")

// parser follows the connections between one pair of ports.
type parser struct {
	c   *proto.Conn
	rec *Record // nil until a packet of the connection was seen
	tls *proto.Stream

	keys    *[2]keys  // of client and server, by role
	long    bool      // a long header was seen: not Google's first layout
	flipped bool      // the responder is the client
	crypto  [2]crypto // by direction

	googleT   bool // frames are numbered as Google did
	failures  int
	decrypted bool
	discarded int
	short     [2]scale // packets with a short header
}

// A scale counts and shows the 1st, 2nd, 4th, 8th ...
type scale struct{ n, next uint64 }

func (s *scale) hit() bool {
	s.n++
	if s.n < max(s.next, 1) {
		return false
	}
	s.next = 2 * s.n
	return true
}

// Parse reads the packets of one datagram.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	all := proto.Step{Used: len(b)}
	for len(b) > 0 {
		if b[0]&longForm == 0 && !p.long {
			p.googlePacket(d, b)
			return all, nil
		}
		p.long = true
		if b[0]&fixedBit == 0 && !p.unfixed(b) {
			p.discard(d)
			return all, nil
		}
		if b[0]&longForm == 0 {
			p.shortPacket(d)
			return all, nil
		}
		h, ok := parseHeader(b)
		if !ok {
			return all, nil
		}
		if h.family == unknown {
			return all, p.unhandled(d, h)
		}
		p.longPacket(d, h, b[:h.size])
		b = b[h.size:]
	}
	return all, nil
}

// unfixed tells whether a packet without the fixed bit is read all the same: a
// peer may clear it (RFC 9287), here in a connection whose version is known.
func (p *parser) unfixed(b []byte) bool {
	h, ok := parseHeader(b)
	return b[0]&longForm != 0 && ok && h.family == ietf && p.keys != nil
}

// discard counts a packet that is none.
func (p *parser) discard(d proto.Dir) {
	if p.discarded++; p.discarded <= maxDiscarded && p.decrypted && p.rec != nil {
		p.letter(d, 'x')
	}
}

func (p *parser) shortPacket(d proto.Dir) {
	if !p.short[d].hit() {
		return
	}
	if p.rec == nil {
		p.c.Weird("QUIC_spurious_short_header_packet_threshold_crossed", fmt.Sprint(p.short[d].n))
		return
	}
	p.letter(d, 'o')
}

// unhandled notes a version that is not known. A client that only forces a
// negotiation comes again.
func (p *parser) unhandled(d proto.Dir, h header) error {
	if h.version == 0 {
		return nil
	}
	p.open(d, h)
	p.letter(d, 'u')
	p.emit()
	if greased(h.version) {
		return nil
	}
	return fmt.Errorf("%w: %#x", errVersion, h.version)
}

func (p *parser) longPacket(d proto.Dir, h header, b []byte) {
	p.c.Confirm()
	switch h.kind {
	case packetInitial:
		p.open(d, h)
		p.letter(d, 'i')
		p.initial(d, h, b)
	case packetZeroRTT:
		p.open(d, h)
		p.letter(d, 'z')
	case packetHandshake:
		p.open(d, h)
		p.letter(d, 'h')
	case packetRetry:
		if p.rec == nil {
			p.open(d, h)
		}
		p.letter(d, 'r')
		p.emit()
		p.keys, p.crypto, p.failures = nil, [2]crypto{}, 0
	}
}

// initial decrypts an Initial packet, unless the hello of its direction is
// there already.
func (p *parser) initial(d proto.Dir, h header, b []byte) {
	if p.crypto[d].done || h.family == early {
		return
	}
	if h.family == googleQ4 {
		p.clientMessage(d, b)
		return
	}
	plain, ok := p.decrypt(d, h, b)
	if !ok {
		return
	}
	p.decrypted = true
	if h.family == googleQ5 {
		p.crypto[d].done = p.clientMessage(d, plain)
		return
	}
	p.googleT = h.family == googleT
	p.frames(d, plain)
}

// decrypt tries the keys there are, then those that follow from the packet's
// own connection ID: it is the client's first, or the first after a Retry that
// was not captured.
func (p *parser) decrypt(d proto.Dir, h header, b []byte) ([]byte, bool) {
	if p.keys != nil {
		role := 0
		if p.fromServer(d) {
			role = 1
		}
		if plain, ok := p.keys[role].open(b, h.number); ok {
			return plain, true
		}
		if role == 1 {
			return nil, false
		}
	}
	if p.failures >= maxFailures {
		return nil, false
	}
	fresh := initialKeys(h.version, h.dcid)
	if fresh == nil {
		return nil, false
	}
	plain, ok := fresh[0].open(b, h.number)
	if !ok {
		p.failures++
		return nil, false
	}
	p.keys, p.flipped = fresh, d == proto.Resp
	return plain, true
}

func (p *parser) fromServer(d proto.Dir) bool { return (d == proto.Resp) != p.flipped }

// hello hands on the first handshake message of d when it is whole.
func (p *parser) hello(d proto.Dir) {
	m, ok := p.crypto[d].message()
	if !ok || p.crypto[d].done {
		return
	}
	const client, server = 1, 2
	body := m[messageHead:]
	switch m[0] {
	case client:
		h, _, ok := tlshello.ParseClient(body, false)
		if ok && p.rec != nil {
			p.rec.ServerName, p.rec.Protocol = string(h.ServerName), string(h.Protocol)
			p.rec.JA4 = h.JA4('q')
			p.letter(d, 's')
		}
	case server:
		if _, ok := tlshello.ParseServer(body); ok && p.rec != nil {
			p.letter(d, 's')
		}
	}
	p.feed(d, m)
	p.crypto[d] = crypto{done: true}
	if p.crypto[0].done && p.crypto[1].done {
		p.keys = nil
	}
}

// feed gives a handshake message to the parser of TLS, in a record as TLS has
// it over TCP.
func (p *parser) feed(d proto.Dir, m []byte) {
	if p.tls == nil {
		if p.tls = p.c.Inner("ssl"); p.tls == nil {
			return
		}
	}
	const handshake, tls12 = 22, 3
	head := []byte{handshake, 3, tls12, byte(len(m) >> 8), byte(len(m))} // #nosec G115 -- at most maxHello
	_ = p.tls.Feed(d, append(head, m...))                                // an error ends that parser, not this one
}

// open begins the record, or adds what another packet says of the connection.
func (p *parser) open(d proto.Dir, h header) {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head(), Version: versionName(h.version)}
	}
	if p.fromServer(d) {
		p.rec.ServerSCID = record.Some(hex.EncodeToString(h.scid))
		return
	}
	if len(h.dcid) > 0 && !p.rec.ClientDCID.Set {
		p.rec.ClientDCID = record.Some(hex.EncodeToString(h.dcid))
	}
	p.rec.ClientSCID = record.Some(hex.EncodeToString(h.scid))
}

// letter adds a packet to the history.
func (p *parser) letter(d proto.Dir, l byte) {
	if len(p.rec.History) >= maxHistory {
		return
	}
	if !p.fromServer(d) {
		l -= 'a' - 'A'
	}
	p.rec.History += string(rune(l))
	if len(p.rec.History) == maxHistory {
		p.c.Weird("QUIC_max_history_length_reached", "")
	}
}

func (p *parser) emit() {
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}

// Gap implements proto.Parser; datagrams have no gaps.
func (p *parser) Gap(proto.Dir, int) error { return nil }

// Close emits what is half done.
func (p *parser) Close() {
	p.emit()
	if p.tls != nil {
		p.tls.Close()
	}
}
