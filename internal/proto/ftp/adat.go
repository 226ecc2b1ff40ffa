package ftp

import (
	"bytes"
	"encoding/base64"

	"longwatch/internal/proto"
)

// adat reads the TLS handshake that GSI, the security of GridFTP, carries in
// ADAT commands and replies in Base64 (RFC 2228 section 3).
type adat struct {
	tls     *proto.Stream
	started bool
}

// secure follows the replies of a security exchange.
func (p *parser) secure(code int, msg []byte) {
	if p.adat == nil {
		if code == 334 && p.auth == "GSSAPI" {
			if tls := p.c.Inner("ssl"); tls != nil {
				p.adat = &adat{tls: tls}
			}
		}
		return
	}
	switch code {
	case 232, 234, 421, 431, 500, 501, 503, 535, 631, 632, 633:
		p.adat.close()
	case 235, 334, 335:
		if token, ok := bytes.CutPrefix(msg, []byte("ADAT=")); ok {
			p.adat.feed(proto.Resp, token)
		}
		if code == 235 {
			p.adat.close()
		}
	}
}

// request follows a command of the client. a may be nil.
func (a *adat) request(name string, arg []byte) {
	if a == nil || a.tls == nil {
		return
	}
	switch name {
	case "AUTH": // begins anew
		a.close()
	case "ADAT":
		a.feed(proto.Orig, arg)
	}
}

// feed passes a token on. The first one shows whether it is GSI: it begins with
// a record of TLS instead of a mechanism.
func (a *adat) feed(d proto.Dir, token []byte) {
	if a.tls == nil {
		return
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(token)))
	n, err := base64.StdEncoding.Decode(b, bytes.TrimSpace(token))
	if b = b[:n]; err != nil || d == proto.Orig && !a.started && !record16(b) {
		a.close()
		return
	}
	a.started = a.started || d == proto.Orig
	_ = a.tls.Feed(d, b)
}

// record16 tells whether b is one record of a TLS handshake.
func record16(b []byte) bool {
	return len(b) >= 5 && b[0] == 0x16 && len(b)-5 == int(b[3])<<8|int(b[4])
}

// close ends the exchange. a may be nil.
func (a *adat) close() {
	if a != nil && a.tls != nil {
		a.tls.Close()
		a.tls = nil
	}
}
