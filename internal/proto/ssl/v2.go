package ssl

import (
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/tlshello"
	"longwatch/internal/wire"
)

// The messages of SSL 2.0 that are read (draft-hickman-netscape-ssl-00).
const (
	v2Error       = 0
	v2ClientHello = 1
	v2MasterKey   = 2
	v2ServerHello = 4
)

// oldHello tells whether a record may be a hello of SSL 2.0: the client's has
// the version that it wants after the message type, the server's two flags.
func oldHello(d proto.Dir, b []byte) bool {
	c := wire.At(b[2:])
	kind, version := c.U8(), c.U16()
	switch {
	case kind == v2ClientHello && d == proto.Orig:
		return version == tlshello.SSL2 || version >= tlshello.SSL3 && version <= tlshello.TLS12
	case kind == v2ServerHello && d == proto.Resp:
		return version&0xff < 2
	}
	return false
}

// oldRecord reads one record of SSL 2.0, head included.
func (p *parser) oldRecord(d proto.Dir, b []byte) error {
	c := wire.At(b[2:])
	kind := c.U8()
	if p.encrypted[d] {
		return nil
	}
	switch kind {
	case v2ClientHello:
		return p.oldClientHello(&c)
	case v2ServerHello:
		p.v2 = true
		return p.oldServerHello(d, &c)
	case v2MasterKey:
		p.s.open(p.c).Established = true
		p.finish()
	case v2Error:
		p.s.letter(p.c, d, 'l')
		p.s.rec.LastAlert = alertName(uint32(c.U16()))
	default:
		return fmt.Errorf("%w: %d of SSL 2.0", errHandshake, kind)
	}
	return nil
}

func (p *parser) oldClientHello(c *wire.Cursor) error {
	version := c.U16()
	suites, id, challenge := int(c.U16()), int(c.U16()), int(c.U16())
	c.Skip(suites)
	session := c.Take(id)
	c.Skip(challenge)
	if !c.OK() || !tlshello.Known(version) {
		return fmt.Errorf("%w: SSL 2.0 client hello", errShort)
	}
	if id := padded(session); id != [sessionLen]byte{} {
		p.s.id, p.s.offered = id, true
	}
	p.s.letter(p.c, proto.Orig, 'c')
	p.c.Confirm()
	return nil
}

func (p *parser) oldServerHello(d proto.Dir, c *wire.Cursor) error {
	c.Skip(2) // session hit, kind of certificate
	version := c.U16()
	certLen, suitesLen := int(c.U16()), int(c.U16())
	c.Skip(2) // length of the connection's identifier, which comes last
	der := c.Take(certLen)
	suites := c.Sub(suitesLen)
	if !c.OK() || version != tlshello.SSL2 {
		return fmt.Errorf("%w: SSL 2.0 server hello", errVersion)
	}
	r := p.s.open(p.c)
	p.s.version = version
	r.Version = versionName(version)
	r.Cipher = cipherName(suites.U24())
	p.s.letter(p.c, d, 's')
	p.s.certificate(p.c, d, der, 0)
	return nil
}
