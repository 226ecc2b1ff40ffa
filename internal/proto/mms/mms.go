// Package mms reads the Manufacturing Message Specification (ISO 9506), which
// IEC 61850 substations and many controllers speak, into one record per service:
// what was read, written, operated, loaded or started, and how it ended. It is
// reached through COTP (see package cotp) and finds its way through the session
// (X.225), presentation (X.226) and association control (X.227) layers, or
// begins at once where a device leaves them out.
package mms

import (
	"errors"

	"longwatch/internal/ber"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is MMS, inside COTP.
var Protocol = proto.Spec{
	Name: "mms", Transport: proto.TCP,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

// Session protocol data units (X.225 section 8.3).
const (
	sessionData      = 0x01 // also "give tokens", which stands before it
	sessionConnect   = 0x0d
	sessionAccept    = 0x0e
	sessionFirst     = 0x08 // of those that only end a session
	sessionLast      = 0x0c
	sessionAbort     = 0x19
	sessionAccepted  = 0x1a
	longLength       = 0xff
	paramUserData    = 0xc1
	paramExtendedUse = 0xc2
)

// maxPending is how many requests wait for their response.
const maxPending = 64

// maxValue bounds a message; COTP bounds it too.
const maxValue = 512 << 10

var errMessage = errors.New("mms: neither a session nor an MMS message")

type parser struct {
	c         *proto.Conn
	pending   []*pending
	confirmed bool
}

// Parse takes whole session units, or bare MMS messages.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for {
		n, need, err := p.unit(d, b[used:])
		if err != nil || n == 0 {
			return proto.Step{Used: used, Need: need}, err
		}
		used += n
	}
}

// unit handles the unit at the start of b and returns its length, or how many
// bytes it needs.
func (p *parser) unit(d proto.Dir, b []byte) (n, need int, err error) {
	if len(b) < 2 {
		return 0, 2, nil
	}
	switch kind := b[0]; {
	case kind == sessionData:
		if b[1] != 0 { // tokens and enclosures are not used here
			return 0, 0, errMessage
		}
		return 2, 0, nil
	case kind == 0x61 || kind&0xc0 == 0x80: // data of the session, or of none
		n, sized, ok := ber.Size(b)
		switch {
		case !ok || n > maxValue:
			return 0, 0, errMessage
		case !sized:
			return 0, len(b) + 1, nil
		case len(b) < n:
			return 0, n, nil
		}
		if kind == 0x61 {
			p.presentation(d, b[:n])
		} else {
			p.message(d, b[:n])
		}
		return n, 0, nil
	case kind == sessionConnect, kind == sessionAccept, kind >= sessionFirst && kind <= sessionLast, kind == sessionAbort, kind == sessionAccepted:
		c := wire.At(b)
		c.Skip(1)
		n := int(c.U8())
		if n == longLength {
			n = int(c.U16())
		}
		if !c.OK() {
			return 0, 4, nil
		}
		params := c.Sub(n)
		if !c.OK() {
			return 0, c.Off() + n, nil
		}
		if kind == sessionConnect || kind == sessionAccept {
			p.connect(d, &params)
		}
		return c.Off(), 0, nil
	}
	return 0, 0, errMessage
}

// Gap drops nothing: what is awaited may still come.
func (p *parser) Gap(proto.Dir, int) error { return nil }

// Close writes the requests that have no response.
func (p *parser) Close() {
	for _, x := range p.pending {
		p.c.Emit(x.m)
	}
	p.pending = nil
}

// connect looks for the user data of a session's first units.
func (p *parser) connect(d proto.Dir, c *wire.Cursor) {
	for c.Len() > 0 {
		kind := c.U8()
		n := int(c.U8())
		if n == longLength {
			n = int(c.U16())
		}
		value := c.Take(n)
		if kind != paramUserData && kind != paramExtendedUse {
			continue
		}
		set, _, ok := ber.Next(value) // CP-type or CPA-PPDU, X.226 section 8.2
		if !ok || !set.Is(ber.Universal, ber.Set) {
			return
		}
		if normal, ok := child(set, ber.Context, 2); ok {
			if data, ok := child(normal, ber.Application, 1); ok {
				p.values(d, data)
			}
		}
	}
}

// child finds the first value of a class and tag within v.
func child(v ber.Value, class ber.Class, tag uint8) (ber.Value, bool) {
	for b := v.Body; len(b) > 0; {
		in, rest, ok := ber.Next(b)
		if !ok {
			break
		}
		if in.Is(class, tag) {
			return in, true
		}
		b = rest
	}
	return ber.Value{}, false
}

// presentation takes the user data of the presentation layer (fully encoded).
func (p *parser) presentation(d proto.Dir, b []byte) {
	if data, _, ok := ber.Next(b); ok {
		p.values(d, data)
	}
}

// values takes the values of a PDV list, and what association control wraps.
func (p *parser) values(d proto.Dir, data ber.Value) {
	for b := data.Body; len(b) > 0; {
		list, rest, ok := ber.Next(b)
		if !ok {
			return
		}
		b = rest
		single, ok := child(list, ber.Context, 0)
		if !ok {
			continue
		}
		inner, ok := single.Inside()
		if !ok {
			continue
		}
		if inner.Class == ber.Context {
			p.message(d, single.Body)
			continue
		}
		// AARQ, AARE and their like: user information is an EXTERNAL in [30].
		const userInformation, external = 30, 8
		info, ok := child(inner, ber.Context, userInformation)
		if !ok {
			continue
		}
		if x, ok := child(info, ber.Universal, external); ok {
			if single, ok := child(x, ber.Context, 0); ok {
				p.message(d, single.Body)
			}
		}
	}
}
