// Package ldap reads LDAP version 3 and 2 (RFC 4511) over TCP and UDP, as
// directory servers and Active Directory (MS-ADTS) speak it: one record per
// operation and one per search, with Zeek's names. Security tokens of SASL and
// Sicily binds go to NTLM and Kerberos through spnego, what follows StartTLS to
// "ssl". Messages that SASL has signed but not sealed are read too.
package ldap

import (
	"bytes"
	"encoding/binary"
	"errors"

	"longwatch/internal/ber"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/spnego"
)

// Protocol is LDAP. Zeek names it by transport, ldap_tcp and ldap_udp.
var Protocol = proto.Spec{
	Name: "ldap", Transport: proto.TCP | proto.UDP, Ports: []uint16{389, 3268},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type, SearchType},
}

// Bounds on what one connection can make us keep.
const (
	// maxWhole bounds a message or SASL buffer that is read as a whole; what is
	// longer is passed over, entries found by a search too.
	maxWhole = proto.MaxUnused
	// streamAbove is the size above which entries are passed over as they come.
	streamAbove = 16 << 10
	// maxPending is how many operations, and how many searches, may wait for
	// their answers: as in Zeek, which then writes them all.
	maxPending    = 10
	maxText       = 4096
	maxAttributes = 64
)

var errMessage = errors.New("ldap: not an LDAP message")

// mode is what the connection carries now.
type mode uint8

const (
	inClear mode = iota
	unknown      // a SASL bind succeeded: the next byte tells
	wrapped      // SASL buffers with tokens of Kerberos
	sealed       // SASL buffers that say nothing
	tls
)

type lane struct {
	skip int  // bytes to pass over
	lost bool // message boundaries are unknown after a gap
}

type parser struct {
	c         *proto.Conn
	lanes     [2]lane
	mode      mode
	mechanism string // of the last SASL bind
	askedTLS  bool
	ssl       *proto.Stream
	auth      *spnego.Exchange
	messages  []*Message
	searches  []*Search
}

// Parse takes whole messages.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		l := &p.lanes[d]
		if l.skip > 0 {
			n := min(l.skip, len(rest))
			l.skip -= n
			used += n
			continue
		}
		if p.mode == tls {
			if p.ssl != nil {
				_ = p.ssl.Feed(d, rest) // its error ends the inner parser only
			}
			return proto.Step{Used: len(b)}, nil
		}
		if l.lost {
			n, found := resync(rest)
			used += n
			if !found {
				return p.wait(used, len(b), len(b)-used+1)
			}
			l.lost = false
			continue
		}
		n, need, err := p.unit(d, rest)
		if err != nil {
			return proto.Step{Used: used}, err
		}
		if need > 0 {
			return p.wait(used, len(b), need)
		}
		used += n
	}
	return proto.Step{Used: used}, nil
}

// wait asks for more, except that a datagram brings no more.
func (p *parser) wait(used, all, need int) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		p.c.Weird("ldap_truncated", "")
		return proto.Step{Used: all}, nil
	}
	return proto.Step{Used: used, Need: need}, nil
}

// unit takes one message or SASL buffer from the start of b, or says how many
// bytes it needs.
func (p *parser) unit(d proto.Dir, b []byte) (n, need int, err error) {
	if p.mode == unknown {
		if need := p.decide(b); need > 0 {
			return 0, need, nil
		}
	}
	if p.mode == inClear {
		return p.plain(d, b)
	}
	if len(b) < 4 {
		return 0, 4, nil
	}
	size := int(binary.BigEndian.Uint32(b))
	if p.mode == sealed || size > maxWhole-4 {
		p.lanes[d].skip = size
		return 4, 0, nil
	}
	if len(b) < 4+size {
		return 0, 4 + size, nil
	}
	inner := unwrap(b[4 : 4+size])
	for len(inner) > 0 {
		n, need, err := p.plain(d, inner)
		if err != nil || need > 0 {
			p.c.Weird("ldap_bad_sasl_buffer", "")
			break
		}
		inner = inner[min(n+p.lanes[d].skip, len(inner)):]
		p.lanes[d].skip = 0
	}
	return 4 + size, 0, nil
}

// decide finds out, as Zeek does, what follows a SASL bind: a message begins
// with 0x30, anything else is a buffer. Buffers of Kerberos begin with 05 04.
func (p *parser) decide(b []byte) (need int) {
	if b[0] == 0x30 {
		p.mode = inClear
		return 0
	}
	const head = 4 + 2
	if len(b) < head {
		return head
	}
	p.mode = sealed
	if b[4] == 5 && b[5] == 4 && (p.mechanism == "" || bytes.HasPrefix([]byte(p.mechanism), []byte("GSS"))) {
		p.mode = wrapped
	}
	return 0
}

// unwrap returns what a wrap token of Kerberos carries (RFC 4121 section
// 4.2.6.2) when it is signed only: the checksum stands before it when the token
// is rotated by all of it, else behind.
func unwrap(b []byte) []byte {
	const head = 16
	if len(b) < head || b[0] != 5 || b[1] != 4 || b[2]&2 != 0 {
		return nil
	}
	extra, rotated := int(binary.BigEndian.Uint16(b[4:])), int(binary.BigEndian.Uint16(b[6:]))
	b = b[head:]
	switch {
	case extra > len(b):
		return nil
	case rotated == extra:
		return b[extra:]
	case rotated == 0:
		return b[:len(b)-extra]
	}
	return nil
}

// plain takes one message. Long entries are counted by their head; the lane
// then passes over the rest.
func (p *parser) plain(d proto.Dir, b []byte) (n, need int, err error) {
	h, v := parseHead(b)
	switch v {
	case proto.No:
		return 0, 0, errMessage
	case proto.Maybe:
		return 0, len(b) + 1, nil
	}
	if h.size > maxWhole || h.size > streamAbove && (h.op == searchEntry || h.op == searchReference) {
		p.confirm()
		if h.op == searchEntry {
			p.entry(&h)
		} else if h.op != searchReference {
			p.c.Weird("ldap_message_too_large", "")
		}
		p.lanes[d].skip = h.size - h.at
		return h.at, 0, nil
	}
	if len(b) < h.size {
		return 0, h.size, nil
	}
	p.confirm()
	op, controls, _ := ber.Next(b[h.opAt:h.size])
	p.message(d, &h, op.Body, controls)
	return h.size, 0, nil
}

func (p *parser) confirm() {
	if p.c.Transport == proto.UDP {
		p.c.Engine.Confirm(p.c, "ldap_udp")
	} else {
		p.c.Engine.Confirm(p.c, "ldap_tcp")
	}
}

// Gap goes on behind it when it lies in what is passed over, else looks for the
// next message.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.mode == tls {
		if p.ssl != nil {
			_ = p.ssl.Gap(d, n)
		}
		return nil
	}
	l := &p.lanes[d]
	k := min(l.skip, n)
	if l.skip -= k; n > k {
		if p.mode != inClear {
			p.mode = sealed
			return errMessage // buffers have nothing to recognise them by
		}
		l.lost = true
	}
	return nil
}

// resync looks for the next message.
func resync(b []byte) (skip int, found bool) {
	for ; skip < len(b); skip++ {
		if b[skip] == 0x30 {
			if _, v := parseHead(b[skip:]); v != proto.No {
				return skip, v == proto.Yes
			}
		}
	}
	return skip, false
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.ssl != nil {
		p.ssl.End(d)
	}
}

// Close writes what was not answered.
func (p *parser) Close() {
	p.flushMessages()
	p.flushSearches()
	if p.auth != nil {
		p.auth.Close()
	}
	if p.ssl != nil {
		p.ssl.Close()
	}
}
