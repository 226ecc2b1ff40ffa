// Package ipsec reads IKE, which negotiates the keys of IPsec: version 1 (RFC
// 2408, 2409) and 2 (RFC 7296), on its own port and through NAT (RFC 3948),
// where ESP shares the port. The service is named ipsec; the records are ike.
package ipsec

import (
	"encoding/hex"
	"slices"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is IKE.
var Protocol = proto.Spec{
	Name:      "ipsec",
	Transport: proto.UDP,
	Ports:     []uint16{500, 4500},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	headSize   = 28
	markerSize = 4 // zeros before IKE where ESP shares the port

	version1 = 0x10
	version2 = 0x20

	flags1 = 0x07 // encrypted, commit, authentication only
	flags2 = 0x38 // initiator, version, response

	flagEncrypted = 0x01
	flagResponse  = 0x20
)

// header is that of a message (RFC 7296 section 3.1).
type header struct {
	initiator, responder []byte
	next, version        uint8
	exchange, flags      uint8
	marked               bool
	body                 wire.Cursor
}

// parseHeader reads the head of a message. ok says that everything in it is as
// it has to be.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) >= markerSize && b[0]|b[1]|b[2]|b[3] == 0 {
		h.marked = true
		b = b[markerSize:]
	}
	c := wire.At(b)
	h.initiator, h.responder = c.Take(8), c.Take(8)
	h.next, h.version, h.exchange, h.flags = c.U8(), c.U8(), c.U8(), c.U8()
	c.Skip(4) // message number
	n := c.U32()
	h.body = c
	if !c.OK() || int(n) != len(b) || isZero(h.initiator) {
		return h, false
	}
	if _, known := exchanges[h.exchange]; !known {
		return h, false
	}
	switch h.version & 0xf0 {
	case version1:
		return h, h.flags&^flags1 == 0 && h.exchange < 34 && (h.next < 24 || h.next >= 128)
	case version2:
		return h, h.flags&^flags2 == 0 && h.exchange >= 34 && (h.next == 0 || h.next >= pay2SA && h.next < 64)
	}
	return h, false
}

func isZero(b []byte) bool { return !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) }

// probe takes a message whose head is right in all that can be wrong. Over 4500
// ESP may come first, which nobody can tell.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if _, ok := parseHeader(b); ok {
		return proto.Yes
	}
	return proto.No
}

// maxSAs bounds the negotiations of one connection that are kept open: gateways
// renew theirs between the same two ports for ever.
const maxSAs = 16

type parser struct {
	c    *proto.Conn
	open []*negotiation // the one begun last is the last
}

// A negotiation is that of one pair of SPIs.
type negotiation struct {
	rec    *Record
	chosen bool // the responder has chosen a proposal
}

// negotiation finds or begins the one that h belongs to. The oldest gives way.
func (p *parser) negotiation(h *header) *negotiation {
	spi := hex.EncodeToString(h.initiator)
	for _, n := range p.open {
		if n.rec.InitiatorSPI == spi {
			return n
		}
	}
	if len(p.open) == maxSAs {
		p.c.Emit(p.open[0].rec)
		p.open = slices.Delete(p.open, 0, 1)
	}
	n := &negotiation{rec: &Record{Conn: p.c.Head(), InitiatorSPI: spi, Version: versionName(h.version)}}
	p.open = append(p.open, n)
	return n
}

// Parse reads one message. ESP and what keeps NAT open share the ports.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	all := proto.Step{Used: len(b)}
	h, ok := parseHeader(b)
	if !ok {
		return all, nil
	}
	p.c.Confirm()
	sa := p.negotiation(&h)
	r := sa.rec
	if !isZero(h.responder) {
		r.ResponderSPI = hex.EncodeToString(h.responder)
	}
	r.NATTraversal = r.NATTraversal || h.marked
	add(&r.Exchanges, exchanges[h.exchange])
	if h.version&0xf0 == version1 {
		if h.flags&flagEncrypted == 0 {
			sa.payloads(h.next, h.body, !isZero(h.responder))
		}
		return all, nil
	}
	sa.payloads(h.next, h.body, h.flags&flagResponse != 0)
	return all, nil
}

func versionName(v uint8) string {
	return string([]byte{'0' + v>>4, '.', '0' + v&7})
}

// Gap implements proto.Parser; datagrams have no gaps.
func (p *parser) Gap(proto.Dir, int) error { return nil }

// Close emits what is open.
func (p *parser) Close() {
	for _, n := range p.open {
		p.c.Emit(n.rec)
	}
	p.open = nil
}
