package ssh

import (
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// The messages of SSH 1.5 that are read (draft-ylonen-ssh-protocol-00).
const (
	oldPublicKey  = 2
	oldSessionKey = 3
)

// oldPacket reads one packet of SSH 1.5: length, padding to a multiple of
// eight, type, data and checksum. Encryption follows the first of each side.
func (p *parser) oldPacket(d proto.Dir, b []byte) (n, need int, err error) {
	c := wire.At(b)
	length := int(c.U32())
	if !c.OK() {
		return 0, 4, nil
	}
	if length < 5 || length > maxPacket {
		return 0, 0, fmt.Errorf("%w: %d", errPacket, length)
	}
	padding := 8 - length%8
	body := c.Take(padding + length)
	if !c.OK() {
		return 0, 4 + padding + length, nil
	}
	m := wire.At(body[padding : len(body)-4])
	switch m.U8() {
	case oldPublicKey:
		p.oldHostKey(&m)
	case oldSessionKey:
		p.c.Confirm()
	}
	p.stage[d] = stageEncrypted
	return 4 + padding + length, 0, nil
}

// oldHostKey takes the host key out of SSH_SMSG_PUBLIC_KEY; the fingerprint is
// over modulus and exponent.
func (p *parser) oldHostKey(c *wire.Cursor) {
	c.Skip(8 + 4) // cookie, bits of the server key
	oldNumber(c)
	oldNumber(c)
	c.Skip(4) // bits of the host key
	exponent, modulus := oldNumber(c), oldNumber(c)
	if c.OK() {
		p.fingerprint(modulus, exponent)
	}
}

// oldNumber is an integer of SSH 1.5: its bits, then its octets.
func oldNumber(c *wire.Cursor) []byte { return c.Take((int(c.U16()) + 7) / 8) }
