// Package ntp reads the Network Time Protocol: synchronization (RFC 5905, with
// extension fields of RFC 7822), control messages of mode 6 (RFC 9327) and the
// private ones of mode 7 (ntp_request.h of the reference implementation). Each
// message is one record, with Zeek's names.
package ntp

import (
	"encoding/hex"
	"errors"
	"math"
	"net/netip"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is NTP.
var Protocol = proto.Spec{
	Name: "ntp", Transport: proto.UDP, Ports: []uint16{zeekPort},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type, ControlType, PrivateType},
}

const (
	zeekPort = 123 // the one port on which Zeek looks for NTP

	stdLen     = 48
	controlLen = 12
	privateLen = 8
	maxExts    = 32 // extension fields read of one message
	maxData    = 4096
)

// Modes (RFC 5905 section 7.3).
const (
	modeClient  = 3
	modeServer  = 4
	modeLast    = 5
	modeControl = 6
	modePrivate = 7
)

var errMessage = errors.New("ntp: not an NTP message")

type parser struct {
	c       *proto.Conn
	flipped [2]bool // roles were exchanged because of a message of this direction
}

// Parse takes one datagram.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	first := b[0]
	version, mode := first>>3&7, first&7
	if mode == 0 || version == 0 || version > 4 {
		return step, errMessage
	}
	p.roles(d, mode)
	var r record.Record
	switch {
	case mode <= modeLast:
		r = p.standard(b)
	case mode == modeControl:
		r = p.control(b)
	default:
		r = p.private(b)
	}
	if r == nil {
		return step, errMessage
	}
	p.c.Confirm()
	p.c.Emit(r)
	return step, nil
}

// roles mends a connection that was seen from a server's message on.
func (p *parser) roles(d proto.Dir, mode uint8) {
	wrong := mode == modeServer && d == proto.Orig || mode == modeClient && d == proto.Resp
	if wrong && !p.flipped[d] {
		p.flipped[d] = true
		p.c.Flip()
	}
}

// beyond tells that Zeek would not look at this connection.
func (p *parser) beyond() bool { return p.c.ID.RespP != zeekPort && p.c.ID.OrigP != zeekPort }

func (p *parser) standard(b []byte) record.Record {
	c := wire.At(b)
	first := c.U8()
	m := &Message{Conn: p.c.Head(), Leap: first >> 6, Version: first >> 3 & 7, Mode: first & 7, beyond: p.beyond()}
	m.Stratum = c.U8()
	m.Poll, m.Precision = power(c.U8()), power(c.U8())
	m.RootDelay, m.RootDisp = short(c.U32()), short(c.U32())
	id := c.Take(4)
	m.RefTime, m.OrgTime, m.RecTime, m.XmtTime = stamp(c.U64()), stamp(c.U64()), stamp(c.U64()), stamp(c.U64())
	if !c.OK() {
		return nil
	}
	if m.Stratum > 1 {
		m.RefID = netip.AddrFrom4([4]byte(id)).String()
	} else {
		m.RefID = string(id)
	}
	m.extensions(&c)
	return m
}

// Lengths of a key and its digest behind the extension fields: none but the
// key of a crypto-NAK, MD5, SHA-1 (RFC 5905 section 7.3).
const (
	macNone = 4
	macMD5  = 20
	macSHA1 = 24
)

// extensions reads what follows the header: extension fields while more is
// left than the longest authentication, then that.
func (m *Message) extensions(c *wire.Cursor) {
	for n := 0; c.Len() > macSHA1 && n < maxExts; n++ {
		kind, size := c.Take(2), int(c.U16())
		body := c.Take(size - 4)
		if !c.OK() {
			m.beyond = true
			return
		}
		m.NumExts++
		m.ExtTypes = append(m.ExtTypes, hex.EncodeToString(kind))
		m.beyond = m.beyond || !autokey(body)
	}
	switch c.Len() {
	case macNone, macMD5, macSHA1:
		m.KeyID = record.Some(c.U32())
	}
}

// autokey tells whether an extension field has the layout of RFC 5906, the
// only one that Zeek reads.
func autokey(body []byte) bool {
	c := wire.At(body)
	c.Skip(2 + 4 + 4) // of which the first two bytes are past type and length
	n := int(c.U32())
	if n > len(body)+4-18 {
		return false
	}
	c.Skip(n)
	c.Skip(int(c.U32()))
	return c.OK()
}

func (p *parser) control(b []byte) record.Record {
	c := wire.At(b)
	first, op := c.U8(), c.U8()
	m := &Control{
		Conn: p.c.Head(), Version: first >> 3 & 7, Mode: first & 7,
		Response: op&0x80 != 0, Error: op&0x40 != 0, More: op&0x20 != 0, OpCode: op & 0x1f, beyond: p.beyond(),
	}
	m.Sequence, m.Status, m.Association = c.U16(), c.U16(), c.U16()
	c.Skip(2) // offset of the data in the whole answer
	n := int(c.U16())
	data := c.Take(n)
	if !c.OK() {
		return nil
	}
	m.Data = string(data[:min(n, maxData)])
	if c.Len() == 12 {
		m.KeyID, m.Checksum = record.Some(c.U32()), string(c.Take(8))
	}
	return m
}

func (p *parser) private(b []byte) record.Record {
	c := wire.At(b)
	first, second := c.U8(), c.U8()
	m := &Private{
		Conn: p.c.Head(), Version: first >> 3 & 7, Mode: first & 7, Response: first&0x80 != 0, More: first&0x40 != 0,
		Auth: second&0x80 != 0, Sequence: second & 0x7f, Implementation: c.U8(), ReqCode: c.U8(), beyond: p.beyond(),
	}
	items := c.U16()
	m.Err, m.Items = uint8(items>>12), items&0xfff
	data := c
	m.ItemSize = c.U16() & 0xfff
	if !c.OK() {
		return nil
	}
	m.Data = string(data.Take(int(m.Items)))
	if m.Auth {
		data.Skip(macMD5)
	}
	m.beyond = m.beyond || !data.OK()
	return m
}

// power is two to a signed exponent, in seconds, within what a duration holds.
func power(b uint8) time.Duration {
	s := math.Ldexp(1e9, int(int8(b))) // #nosec G115 -- the field is signed
	return time.Duration(math.Round(min(s, math.MaxInt64/2)))
}

// short is NTP short format: seconds and their fraction, 16 bits each.
func short(v uint32) time.Duration {
	return time.Duration(uint64(v) * 1e9 >> 16) // #nosec G115 -- below 2^46
}

// epoch is 1970 in seconds from 1900.
const epoch = 2208988800

// stamp is NTP timestamp format; zero is unknown and stays zero.
func stamp(v uint64) record.Opt[record.Time] {
	if v == 0 {
		return record.Some(record.Time(0))
	}
	sec, frac := int64(v>>32), int64(v&0xffffffff*1e9>>32) // #nosec G115 -- 32 bits each
	return record.Some(record.Time((sec-epoch)*1e9 + frac))
}

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return errMessage }

// Close implements proto.Parser.
func (p *parser) Close() {}
