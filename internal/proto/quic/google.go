package quic

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// Google's QUIC before TLS (https://www.chromium.org/quic/, "QUIC Wire Layout
// Specification" and "QUIC Crypto"): a public header of flags, connection ID
// and version, and handshake messages of tags and values in the clear.
const (
	flagVersion = 0x01
	flagReset   = 0x02
	flagID      = 0x08
	publicHead  = 1 + 8 // flags, connection ID
	// maxBefore is how far into a packet a handshake message may begin: after
	// headers, hash, and the heads of frames.
	maxBefore = 96
	// maxTags bounds the entries of a message (kMaxEntries in Chromium).
	maxTags = 128
)

// googlePublic tells whether b begins with a public header that names a version.
func googlePublic(b []byte) bool {
	if b[0]&0xc0 != 0 || b[0]&(flagVersion|flagReset|flagID) != flagVersion|flagID {
		return false
	}
	c := wire.At(b)
	c.Skip(publicHead)
	v := c.U32()
	_, ok := google(v)
	return c.OK() && ok && v>>24 == 'Q'
}

// googleAnswer tells whether b is a packet without a version in which a server
// answers a hello.
func googleAnswer(b []byte) bool {
	if b[0]&(0xc0|flagVersion|flagReset) != 0 {
		return false
	}
	for _, tag := range []string{"REJ\x00", "SHLO", "SREJ"} {
		if message(b, tag) != nil {
			return true
		}
	}
	return false
}

// message finds a handshake message with this tag near the front of a packet
// and returns it from the tag on, or nil.
func message(b []byte, tag string) []byte {
	i := bytes.Index(b[:min(len(b), maxBefore)], []byte(tag))
	if i < 0 {
		return nil
	}
	c := wire.At(b[i+4:])
	n, pad := c.L16(), c.L16()
	if !c.OK() || n == 0 || n > maxTags || pad != 0 {
		return nil
	}
	return b[i:]
}

// clientMessage reads name and program out of a client's hello (CHLO).
func (p *parser) clientMessage(d proto.Dir, b []byte) bool {
	b = message(b, "CHLO")
	if b == nil {
		return false
	}
	p.letter(d, 's')
	c := wire.At(b)
	c.Skip(4)
	n := int(c.L16())
	c.Skip(2)
	values := wire.At(b)
	values.Skip(4 + 4 + 8*n)
	from := uint32(0)
	for range n {
		tag := c.Take(4)
		to := c.L32()
		if !c.OK() || to < from || to > maxHello {
			break
		}
		v := values.Take(int(to - from))
		from = to
		switch string(tag) {
		case "SNI\x00":
			p.rec.ServerName = string(v)
		case "UAID":
			p.rec.UserAgent = string(v)
		}
	}
	return true
}

// googlePacket reads a packet with a public header.
func (p *parser) googlePacket(d proto.Dir, b []byte) {
	if !googlePublic(b) {
		if p.rec == nil && googleAnswer(b) {
			p.c.Confirm()
		}
		return
	}
	c := wire.At(b)
	c.Skip(1)
	id := c.Take(8)
	v := c.U32()
	p.open(d, header{version: v, dcid: id})
	p.letter(d, 'i')
	p.c.Confirm()
	if p.rec.ServerName == "" {
		p.clientMessage(d, b)
	}
}
