package rdp

import (
	"bytes"
	"errors"
	"strconv"

	"longwatch/internal/ber"
	"longwatch/internal/cert"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Keys of the user data of GCC conference creation (section 2.2.1.3, 2.2.1.4).
var (
	clientKey = []byte("Duca")
	serverKey = []byte("McDn")
)

// Types of settings blocks (section 2.2.1.3.1).
const (
	clientCore     = 0xc001
	clientNetwork  = 0xc003
	serverSecurity = 0x0c02
)

// maxBlocks bounds the blocks of one message; eight kinds are defined.
const maxBlocks = 32

// want32 is RNS_UD_CS_WANT_32BPP_SESSION.
const want32 = 2

const (
	certRSA  = 1
	certX509 = 2
)

var errMCS = errors.New("rdp: MCS connect is malformed")

// data reads an MCS PDU. After the connects only what is encrypted, or of no
// interest, follows.
func (p *parser) data(b []byte) error {
	if len(b) < 2 || b[0] != mcsConnect {
		p.c.Confirm()
		return nil
	}
	// The tag is one of two bytes: taken for one of one byte, its second is the
	// identifier of a value that ber knows.
	kind := b[1]
	body, _, ok := ber.Next(b[1:])
	if !ok {
		return errMCS
	}
	switch kind {
	case mcsInitial:
		return p.clientConnect(body.Body)
	case mcsResponse:
		return p.serverConnect(body.Body)
	}
	return nil
}

// element returns element i of a run of BER values.
func element(b []byte, i int) (v ber.Value, ok bool) {
	for range i + 1 {
		if v, b, ok = ber.Next(b); !ok {
			return v, false
		}
	}
	return v, true
}

// perLength passes over a length of PER with one or two bytes.
func perLength(c *wire.Cursor) {
	if c.U8()&0x80 != 0 {
		c.Skip(1)
	}
}

// connectData passes over the object identifier of T.124 and a length.
func connectData(c *wire.Cursor) {
	c.Skip(7)
	perLength(c)
}

// clientConnect reads section 2.2.1.3: user data is the seventh element.
func (p *parser) clientConnect(b []byte) error {
	user, ok := element(b, 6)
	if !ok {
		return errMCS
	}
	c := wire.At(user.Body)
	connectData(&c)
	c.Skip(8)
	if !bytes.Equal(c.Take(4), clientKey) {
		return errMCS
	}
	perLength(&c)
	p.blocks(c.Rest())
	return nil
}

// serverConnect reads section 2.2.1.4: result, called id, parameters, user data.
func (p *parser) serverConnect(b []byte) error {
	user, ok := element(b, 3)
	if !ok {
		return errMCS
	}
	c := wire.At(user.Body)
	connectData(&c)
	c.Skip(5)
	result := c.U8()
	c.Skip(3)
	if !bytes.Equal(c.Take(4), serverKey) {
		return errMCS
	}
	perLength(&c)
	p.c.Confirm()
	p.session().Result = named(results, uint32(result), "result")
	p.blocks(c.Rest())
	return nil
}

func (p *parser) blocks(b []byte) {
	c := wire.At(b)
	for range maxBlocks {
		kind, size := c.L16(), int(c.L16())
		block := c.Sub(size - 4)
		if !c.OK() {
			break
		}
		switch kind {
		case clientCore:
			p.c.Confirm()
			p.core(&block)
		case clientNetwork:
			p.network(&block)
		case serverSecurity:
			p.c.Confirm()
			p.security(&block)
		}
	}
}

// core reads section 2.2.1.3.2, whose later half is optional.
func (p *parser) core(c *wire.Cursor) {
	c.Skip(4)
	width, height := c.L16(), c.L16()
	c.Skip(4)
	layout, build, name := c.L32(), c.L32(), c.Take(32)
	if !c.OK() {
		return
	}
	s := p.session()
	s.DesktopWidth, s.DesktopHeight = record.Some(width), record.Some(height)
	s.KeyboardLayout = layoutName(layout)
	s.ClientBuild = named(builds, build, "client_build")
	s.ClientName = wire.UTF16(name)
	c.Skip(12 + 64 + 2 + 2 + 4) // keyboard, input method, old depth, product, serial
	depth := c.L16()
	c.Skip(2)
	flags := c.L16()
	if !c.OK() {
		return
	}
	s.ColorDepth = named(colorDepths, uint32(depth), "high_color_depth")
	if flags&want32 != 0 {
		s.ColorDepth = "32bit"
	}
	s.ClientProductID = wire.UTF16(c.Take(64))
}

// network reads the names of virtual channels (section 2.2.1.3.4).
func (p *parser) network(c *wire.Cursor) {
	n := c.L32()
	if n > 31 {
		p.c.Weird("RDP_channels_requested_exceeds_max", strconv.FormatUint(uint64(n), 10))
	}
	s := p.session()
	s.ClientChannels = nil
	for range min(n, maxChannels) {
		name := c.Take(8)
		c.Skip(4)
		if !c.OK() {
			return
		}
		s.ClientChannels = append(s.ClientChannels, string(bytes.TrimRight(name, "\x00")))
	}
}

// security reads section 2.2.1.4.3.
func (p *parser) security(c *wire.Cursor) {
	method, level := c.L32(), c.L32()
	if !c.OK() {
		return
	}
	s := p.session()
	s.EncryptionMethod = named(methods, method, "encryption_method")
	s.EncryptionLevel = named(levels, level, "encryption_level")
	if method > 0 && level > 0 {
		s.SecurityProtocol = securityProtocols[0]
		p.phase = opaque
	}
	random, size := c.L32(), c.L32()
	c.Skip(int(random))
	chain := c.Sub(int(size))
	if c.OK() && size > 0 {
		p.certificates(s, &chain)
	}
}

// certificates reads section 2.2.1.4.3.1. There is one of Microsoft's own
// format, or a chain of X.509.
func (p *parser) certificates(s *Session, c *wire.Cursor) {
	version := c.L32()
	if !c.OK() {
		return
	}
	kind := version &^ (1 << 31)
	s.CertType = named(certTypes, kind, "cert_type")
	s.CertPermanent = record.Some(version>>31 == 0)
	switch kind {
	case certRSA:
		s.CertCount++
	case certX509:
		for range min(c.L32(), maxCerts) {
			der := c.Take(int(c.L32()))
			if !c.OK() {
				return
			}
			s.CertCount++
			if x, err := cert.Parse(der); err == nil {
				head := p.c.Head()
				p.c.Emit(x.Record(head.Head, true, false))
			}
		}
	}
}
