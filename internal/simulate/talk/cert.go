package talk

import (
	"time"

	"longwatch/internal/simulate/chance"
)

// Name is the subject or issuer of a certificate.
type Name struct{ Country, Org, Common string }

func (n Name) der() []byte {
	var rdn [][]byte
	add := func(arc uint32, tag byte, s string) {
		if s != "" {
			rdn = append(rdn, derSet(derSeq(derOID(2, 5, 4, arc), tlv(tag, []byte(s)))))
		}
	}
	add(6, 0x13, n.Country)
	add(10, 0x0c, n.Org)
	add(3, 0x0c, n.Common)
	return derSeq(rdn...)
}

// Certificate is an X.509 v3 certificate whose key and signature are random
// bytes of the right length: it reads well and verifies never.
type Certificate struct {
	Subject, Issuer Name
	DNSNames        []string
	From, Until     time.Time
	CA              bool
}

// DER encodes the certificate (RFC 5280, 4.1).
func (c Certificate) DER(r *chance.Rand) []byte {
	sha256RSA := derSeq(derOID(1, 2, 840, 113549, 1, 1, 11), tlv(0x05))
	modulus := r.Bytes(256)
	modulus[0] |= 0x80
	modulus[255] |= 1
	key := derSeq(
		derSeq(derOID(1, 2, 840, 113549, 1, 1, 1), tlv(0x05)),
		derBits(derSeq(derBig(modulus), derInt(65537))),
	)
	serial := r.Bytes(16)
	serial[0] = serial[0]&0x7f | 1
	extension := func(critical bool, value []byte, arcs ...uint32) []byte {
		if critical {
			return derSeq(derOID(arcs...), tlv(0x01, []byte{0xff}), derOctets(value))
		}
		return derSeq(derOID(arcs...), derOctets(value))
	}
	var ext [][]byte
	if c.CA {
		ext = append(ext,
			extension(true, derSeq(tlv(0x01, []byte{0xff})), 2, 5, 29, 19),
			extension(true, tlv(0x03, []byte{1, 0x06}), 2, 5, 29, 15))
	} else {
		ext = append(ext,
			extension(true, tlv(0x03, []byte{5, 0xa0}), 2, 5, 29, 15),
			extension(false, derSeq(derOID(1, 3, 6, 1, 5, 5, 7, 3, 1)), 2, 5, 29, 37),
			extension(true, derSeq(), 2, 5, 29, 19))
	}
	ext = append(ext, extension(false, derOctets(r.Bytes(20)), 2, 5, 29, 14))
	if len(c.DNSNames) > 0 {
		var names [][]byte
		for _, n := range c.DNSNames {
			names = append(names, tlv(0x82, []byte(n)))
		}
		ext = append(ext, extension(false, derSeq(names...), 2, 5, 29, 17))
	}
	tbs := derSeq(
		derCtx(0, derInt(2)),
		derBig(serial),
		sha256RSA,
		c.Issuer.der(),
		derSeq(derTime(c.From, false), derTime(c.Until, false)),
		c.Subject.der(),
		key,
		derCtx(3, derSeq(ext...)),
	)
	return derSeq(tbs, sha256RSA, derBits(r.Bytes(256)))
}

// OCSP is the answer "good" of a certificate authority (RFC 6960, 4.2), with
// a signature of random bytes.
func OCSP(r *chance.Rand, at time.Time) []byte {
	sha1 := derSeq(derOID(1, 3, 14, 3, 2, 26), tlv(0x05))
	serial := r.Bytes(16)
	serial[0] = serial[0]&0x7f | 1
	certID := derSeq(sha1, derOctets(r.Bytes(20)), derOctets(r.Bytes(20)), derBig(serial))
	single := derSeq(certID, tlv(0x80), derTime(at.Add(-6*time.Hour), true), derCtx(0, derTime(at.AddDate(0, 0, 6), true)))
	data := derSeq(derCtx(2, derOctets(r.Bytes(20))), derTime(at.Add(-6*time.Hour), true), derSeq(single))
	basic := derSeq(data, derSeq(derOID(1, 2, 840, 113549, 1, 1, 11), tlv(0x05)), derBits(r.Bytes(256)))
	return derSeq(tlv(0x0a, []byte{0}), derCtx(0, derSeq(derOID(1, 3, 6, 1, 5, 5, 7, 48, 1, 1), derOctets(basic))))
}
