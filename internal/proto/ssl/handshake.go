package ssl

import (
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
	"longwatch/internal/wirefile"
)

// The handshake messages (IANA, TLS HandshakeType).
const (
	msgHelloRequest       = 0
	msgClientHello        = 1
	msgServerHello        = 2
	msgHelloVerify        = 3
	msgTicket             = 4
	msgCertificate        = 11
	msgServerKeyExchange  = 12
	msgCertificateRequest = 13
	msgServerHelloDone    = 14
	msgCertificateVerify  = 15
	msgClientKeyExchange  = 16
	msgFinished           = 20
	msgCertificateURL     = 21
	msgCertificateStatus  = 22
)

// letters are those of ssl_history; a message without one is not expected in
// the clear and ends the reading, as it does in Zeek.
var letters = [...]byte{
	msgHelloRequest: 'h', msgClientHello: 'c', msgServerHello: 's', msgHelloVerify: 'v', msgTicket: 't',
	msgCertificate: 'x', msgServerKeyExchange: 'k', msgCertificateRequest: 'r', msgServerHelloDone: 'n',
	msgCertificateVerify: 'y', msgClientKeyExchange: 'g', msgFinished: 'f', msgCertificateURL: 'w',
	msgCertificateStatus: 'u',
}

const (
	messageHead = 4
	// maxMessage bounds a handshake message: several times the largest
	// certificate chains in use.
	maxMessage = 1 << 18
	// maxChain bounds the certificates of one message.
	maxChain = 64
)

// handshake reads the handshake messages in the payload of a record; one that
// is not whole is kept for the next record.
func (p *parser) handshake(d proto.Dir, b []byte) error {
	kept := len(p.hand[d]) > 0
	if kept {
		p.hand[d] = append(p.hand[d], b...)
		b = p.hand[d]
	}
	for {
		c := wire.At(b)
		kind, n := c.U8(), int(c.U24())
		if c.OK() && n > maxMessage {
			return fmt.Errorf("%w: %d bytes", errLength, n)
		}
		body := c.Take(n)
		if !c.OK() {
			break
		}
		if err := p.message(d, kind, body); err != nil {
			return err
		}
		b = b[messageHead+n:]
	}
	if kept {
		p.hand[d] = p.hand[d][:copy(p.hand[d], b)]
	} else if len(b) > 0 {
		p.hand[d] = append(p.hand[d], b...)
	}
	return nil
}

// message reads one handshake message.
func (p *parser) message(d proto.Dir, kind uint8, b []byte) error {
	if int(kind) >= len(letters) || letters[kind] == 0 {
		return fmt.Errorf("%w: %d", errHandshake, kind)
	}
	letter := letters[kind]
	var err error
	switch kind {
	case msgHelloRequest:
		p.s.expect(p.c, d, proto.Resp)
	case msgClientHello:
		p.s.expect(p.c, d, proto.Orig)
		err = p.s.clientHello(p.c, b)
	case msgServerHello:
		p.s.expect(p.c, d, proto.Resp)
		var retry bool
		if retry, err = p.s.serverHello(p.c, b); retry {
			letter = 'j'
		}
	case msgCertificate:
		err = p.certificates(d, b)
	case msgServerKeyExchange:
		p.s.keyExchange(p.c, b)
	case msgClientKeyExchange:
		p.s.keySent = p.s.keySent || p.s.fromClient(d)
	case msgCertificateStatus:
		p.stapled(b)
	}
	if err != nil {
		return err
	}
	p.s.letter(p.c, d, letter)
	return nil
}

// certificates reads a Certificate message of TLS 1.2 and before; in TLS 1.3
// it is encrypted.
func (p *parser) certificates(d proto.Dir, b []byte) error {
	c := wire.At(b)
	list := c.Sub(int(c.U24()))
	for i := 0; list.Len() > 0 && i < maxChain; i++ {
		der := list.Take(int(list.U24()))
		if !list.OK() {
			break
		}
		p.s.certificate(p.c, d, der, i)
	}
	if !c.OK() || !list.OK() {
		return fmt.Errorf("%w: certificates", errShort)
	}
	return nil
}

// stapled reads a CertificateStatus message (RFC 6066 section 8).
func (p *parser) stapled(b []byte) {
	c := wire.At(b)
	kind := c.U8()
	n := int(c.U24())
	if kind != 1 || !c.OK() {
		return
	}
	if n == 0 || c.Len() == 0 {
		p.c.Weird("SSL_zero_length_stapled_OCSP_message", "")
		return
	}
	file := wirefile.New(p.c, "SSL", proto.Resp)
	file.SetMIME("application/ocsp-response")
	file.AddAnalyzer("OCSP_REPLY")
	file.Write(c.Rest())
	file.Close()
}
