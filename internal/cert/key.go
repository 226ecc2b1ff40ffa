package cert

import "math/big"

// maxKeyBits bounds the RSA and DSA numbers that are looked at; OpenSSL
// refuses to work with more than 16384 bits.
const maxKeyBits = 1 << 17

// Key is a public key as far as records tell of it. The zero value is a key
// that could not be read.
type Key struct {
	Type     string // as Zeek names it: rsa, dsa, ecdsa, else OpenSSL's type name
	Bits     int
	Exponent string // of RSA keys, decimal
	Curve    string // OpenSSL's short name
}

// keyOf reads a SubjectPublicKeyInfo whose algorithm's OID has been read; alg
// stands at its parameters. Some Microsoft RDP certificates give a signature
// algorithm in place of the key's, and hold an RSA key all the same.
func keyOf(oid []byte, alg reader, bits []byte) Key {
	if len(bits) < 1 {
		return Key{}
	}
	key := bits[1:] // after the count of unused bits
	switch string(oid) {
	case oidRSA, oidMD5WithRSA:
		return rsaKey("rsa", key)
	case oidRSAPSS:
		return rsaKey("RSA-PSS", key)
	case oidDSA:
		params := alg.enter(tagSequence)
		p := params.expect(tagInteger)
		if params.bad {
			return Key{}
		}
		return Key{Type: "dsa", Bits: bitLen(p)}
	case oidECPublicKey:
		c, ok := curves[string(alg.expect(tagOID))]
		if !ok {
			return Key{}
		}
		return Key{Type: "ecdsa", Bits: c.bits, Curve: c.name}
	case oidEd25519:
		return Key{Type: "ED25519", Bits: 256}
	case oidEd448:
		return Key{Type: "ED448", Bits: 456}
	case oidX25519:
		return Key{Type: "X25519", Bits: 253}
	case oidX448:
		return Key{Type: "X448", Bits: 448}
	}
	return Key{}
}

// rsaKey reads RSAPublicKey (RFC 8017 appendix A.1.1).
func rsaKey(name string, b []byte) Key {
	outer := reader{rest: b}
	seq := outer.enter(tagSequence)
	n := seq.expect(tagInteger)
	e := seq.expect(tagInteger)
	if seq.bad || len(n)*8 > maxKeyBits || len(e) > 64 {
		return Key{}
	}
	return Key{Type: name, Bits: bitLen(n), Exponent: new(big.Int).SetBytes(e).String()}
}

func bitLen(b []byte) int {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0
	}
	n := len(b) * 8
	for c := b[0]; c&0x80 == 0; c <<= 1 {
		n--
	}
	return n
}
