// Package wireguard reads the outside of WireGuard: its handshakes and how much
// a tunnel carries. Reference: https://www.wireguard.com/papers/wireguard.pdf
// section 5.4.
package wireguard

import (
	"bytes"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is WireGuard.
var Protocol = proto.Spec{
	Name:      "wireguard",
	Transport: proto.UDP,
	Ports:     []uint16{51820},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

// The messages: a type, three bytes that are zero, and a length that is fixed
// for all but data.
const (
	initiation = 1
	response   = 2
	cookie     = 3
	data       = 4

	initiationSize = 148
	responseSize   = 92
	cookieSize     = 64
	dataHead       = 16
	keepaliveSize  = dataHead + 16 // a tag of nothing
	blockSize      = 16            // what data is padded to
)

// kindOf is the type of a message whose length fits; 0 for anything else.
func kindOf(b []byte) uint8 {
	if len(b) < keepaliveSize || b[0] == 0 || b[0] > data || b[1]|b[2]|b[3] != 0 {
		return 0
	}
	var fits bool
	switch b[0] {
	case initiation:
		fits = len(b) == initiationSize
	case response:
		fits = len(b) == responseSize
	case cookie:
		fits = len(b) == cookieSize
	default:
		fits = len(b)%blockSize == 0
	}
	if !fits {
		return 0
	}
	return b[0]
}

// probe takes a handshake. Of data alone, as in a capture that begins in the
// middle, two messages of one direction are needed, which the engine gives one
// behind the other: to the same receiver, the counter a little further on.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch kindOf(b) {
	case 0:
		return proto.No
	case initiation, response:
		return proto.Yes
	case cookie:
		return proto.Maybe
	}
	if !chosen(b[4:8]) {
		return proto.No
	}
	for at := keepaliveSize; at < len(b); at += blockSize {
		i := bytes.Index(b[at:], b[:8])
		if i < 0 {
			break
		}
		at += i
		if at%blockSize == 0 && follows(b, b[at:]) {
			return proto.Yes
		}
	}
	return proto.Maybe
}

// chosen tells whether a receiver index looks random, as those that peers
// choose are: at most one byte of it is zero.
func chosen(index []byte) bool { return bytes.Count(index, []byte{0}) <= 1 }

// follows tells whether the counter of message b is a little above that of a.
func follows(a, b []byte) bool {
	const near = 1 << 10
	ca, cb := wire.At(a), wire.At(b)
	ca.Skip(8)
	cb.Skip(8)
	from, to := ca.L64(), cb.L64()
	return cb.OK() && to > from && to-from <= near && to < 1<<40
}

type parser struct {
	c   *proto.Conn
	rec *Record
}

// Parse reads one message.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	all := proto.Step{Used: len(b)}
	kind := kindOf(b)
	if kind == 0 {
		p.c.Weird("wireguard_unknown_message", fmt.Sprint(len(b)))
		return all, nil
	}
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head()}
		p.c.Confirm()
	}
	r := p.rec
	switch kind {
	case initiation:
		r.Initiations++
	case response:
		r.Responses++
	case cookie:
		r.Cookies++
	case data:
		if len(b) == keepaliveSize {
			r.Keepalives++
		}
		if d == proto.Orig {
			r.OrigData++
		} else {
			r.RespData++
		}
		r.Established = r.OrigData > 0 && r.RespData > 0
	}
	return all, nil
}

// Gap implements proto.Parser; datagrams have no gaps.
func (p *parser) Gap(proto.Dir, int) error { return nil }

// Close emits the record.
func (p *parser) Close() {
	if p.rec != nil {
		p.c.Emit(p.rec)
	}
}
