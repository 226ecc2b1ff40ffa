package cert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"

	"longwatch/internal/record"
)

// ErrDER says that bytes are not a certificate: the structure of RFC 5280
// section 4.1 ends or breaks before the public key was read.
var ErrDER = errors.New("cert: not an X.509 certificate")

// ErrExtension says that the certificate was read but one of the extensions
// that this package knows was not; the rest of the certificate stands.
var ErrExtension = errors.New("cert: malformed extension")

// Certificate is what a certificate says about itself.
type Certificate struct {
	Fingerprint string // SHA-256 of the DER, in hex; set even when Parse fails
	Version     uint64 // 1 to 3, as printed (the encoded number plus one)
	Serial      string // upper-case hex
	Subject     string // RFC 2253
	Issuer      string // RFC 2253
	CommonName  string // the last, most specific CN of the subject
	NotBefore   record.Time
	NotAfter    record.Time
	NoExpiry    bool // notAfter is 99991231235959Z (RFC 5280 section 4.1.2.5)
	SelfIssued  bool // subject and issuer are the same, and not empty
	KeyAlg      string
	SigAlg      string
	Key         Key

	HasSAN bool // there is a subject alternative name, even one without names
	DNS    []string
	URI    []string
	Email  []string
	IP     []netip.Addr

	CA      record.Opt[bool]
	PathLen record.Opt[uint64]
}

// Parse reads a certificate. On ErrDER nothing but Fingerprint is to be
// relied on; on ErrExtension everything but that extension is. Bytes after the
// certificate are ignored.
func Parse(der []byte) (Certificate, error) {
	sum := sha256.Sum256(der)
	c := Certificate{Fingerprint: hex.EncodeToString(sum[:])}

	outer := reader{rest: der}
	seq := outer.enter(tagSequence)
	tbs := seq.enter(tagSequence)
	sigAlg := seq.enter(tagSequence)
	c.SigAlg = sigAlgName(sigAlg.expect(tagOID))
	seq.expect(tagBitString)

	c.Version = 1
	if v, ok := tbs.optional(0xa0); ok {
		r := reader{rest: v}
		c.Version = min(small(r.expect(tagInteger)), 1<<32) + 1
	}
	c.Serial = serialText(tbs.expect(tagInteger))
	tbs.expect(tagSequence) // signature algorithm, again
	issuer := tbs.expect(tagSequence)
	valid := tbs.enter(tagSequence)
	c.NotBefore, _ = timeOf(valid.next())
	c.NotAfter, c.NoExpiry = timeOf(valid.next())
	subject := tbs.expect(tagSequence)
	spki := tbs.enter(tagSequence)
	alg := spki.enter(tagSequence)
	oid := alg.expect(tagOID)
	bits := spki.expect(tagBitString)
	if outer.bad || seq.bad || sigAlg.bad || tbs.bad || valid.bad || spki.bad || alg.bad {
		return Certificate{Fingerprint: c.Fingerprint}, ErrDER
	}
	c.KeyAlg = algName(oid)
	c.Key = keyOf(oid, alg, bits)
	c.Issuer, _ = nameText(issuer)
	c.Subject, c.CommonName = nameText(subject)
	c.SelfIssued = len(subject) > 0 && bytes.Equal(subject, issuer)
	tbs.optional(0x81) // issuerUniqueID
	tbs.optional(0x82) // subjectUniqueID
	if ext, ok := tbs.optional(0xa3); ok {
		return c, c.extensions(ext)
	}
	return c, nil
}

// small is a non-negative INTEGER, cut to its last eight octets.
func small(b []byte) uint64 {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// serialText prints an INTEGER as OpenSSL does: its magnitude in upper-case
// hex, whole octets, at least one, a sign when negative.
func serialText(b []byte) string {
	if len(b) == 0 {
		return "00"
	}
	sign := ""
	if b[0]&0x80 != 0 {
		sign, b = "-", negate(b)
	}
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return sign + upperHex(b)
}

// negate is the two's complement of b.
func negate(b []byte) []byte {
	out := make([]byte, len(b))
	carry := true
	for i, v := range slices.Backward(b) {
		out[i] = ^v
		if carry {
			out[i]++
			carry = out[i] == 0
		}
	}
	return out
}

const hexDigits = "0123456789ABCDEF"

func upperHex(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, hexDigits[c>>4], hexDigits[c&15])
	}
	return string(out)
}
