package pop3

import (
	"bytes"
	"encoding/base64"
)

// credential takes from a line of an authentication exchange who it is for. The
// rest is forgotten.
func (p *parser) credential(line []byte) {
	p.step++
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Decode(raw, bytes.TrimSpace(line))
	if err != nil {
		return
	}
	if who := identity(p.auth, p.step, raw[:n]); len(who) > 0 {
		p.open().User = word256(who)
	}
}

// identity is the user that line number step of an exchange names: PLAIN (RFC
// 4616) has it between two NUL, CRAM-MD5 (RFC 2195) before the digest, LOGIN
// sends it alone.
func identity(mechanism string, step int, b []byte) []byte {
	switch {
	case step != 1:
	case mechanism == "LOGIN":
		return b
	case mechanism == "PLAIN":
		if parts := bytes.Split(b, []byte{0}); len(parts) == 3 {
			return parts[1]
		}
	case mechanism == "CRAM-MD5":
		if i := bytes.LastIndexByte(b, ' '); i >= 0 {
			return b[:i]
		}
	}
	return nil
}
