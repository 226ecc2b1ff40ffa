package module

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/ber"
)

// Object identifiers in Authenticode signatures, in DER.
var (
	oidSignedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2}
	oidNested     = []byte{0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 1} // a signature within a signature
)

// signatures reads the certificates of those who signed the program. Nothing is
// verified: rules ask for names.
func (f *peFile) signatures() structs {
	var out structs
	at, size, _ := f.directory(4) // a place in the file, not in memory
	n := int64(len(f.b))
	if at == 0 || at > n || size > n || at+size > n {
		return out
	}
	end := at + size
	for f.fits(at, 8) && at+8 < end && len(out) < maxSignatures {
		length, revision, kind := f.u32(at), f.u16(at+4), f.u16(at+6)
		if length <= 8 || at+length > end || (revision != 0x100 && revision != 0x200) {
			break
		}
		if revision == 0x200 && kind == 2 {
			rest := f.b[at+8 : at+length]
			for len(rest) > 0 && len(out) < maxSignatures {
				v, more, ok := ber.Next(rest)
				if !ok || !signedData(v, &out, 0) {
					break
				}
				rest = more
			}
		}
		at = (at + length + 7) &^ 7
	}
	return out
}

// signedData reads PKCS #7 (RFC 2315, section 9) and the signatures within it.
func signedData(v ber.Value, out *structs, depth int) bool {
	if !v.Is(ber.Universal, ber.Sequence) {
		return false
	}
	id, rest, ok := ber.Next(v.Body)
	if !ok || !bytes.Equal(id.Body, oidSignedData) {
		return false
	}
	content, _, ok := ber.Next(rest)
	if !ok {
		return false
	}
	data, ok := content.Inside()
	if !ok {
		return false
	}
	var certs, signers []ber.Value
	for i, part := range children(data.Body) {
		switch {
		case part.Is(ber.Context, 0):
			certs = children(part.Body)
		case i > 2 && part.Is(ber.Universal, ber.Set):
			signers = children(part.Body)
		}
	}
	for _, s := range signers {
		if c := signerOf(s, certs); c != nil && len(*out) < maxSignatures {
			certificate(c, out.add())
		}
	}
	if len(signers) > 0 && depth < maxSignatures {
		for _, n := range nested(signers[0]) {
			signedData(n, out, depth+1)
		}
	}
	return true
}

// children are the values within b, at most so many.
func children(b []byte) (out []ber.Value) {
	const most = 4096
	for len(b) > 0 && len(out) < most {
		v, rest, ok := ber.Next(b)
		if !ok {
			break
		}
		out = append(out, v)
		b = rest
	}
	return out
}

// tbs are the parts of a certificate that is signed, version first.
type tbs struct {
	raw                                          ber.Value
	version                                      int64
	serial, algorithm, issuer, validity, subject ber.Value
}

func parseTBS(v ber.Value) (t tbs, ok bool) {
	t.raw, t.version = v, 1
	in, ok := v.Inside()
	if !ok {
		return t, false
	}
	parts := children(in.Body)
	if len(parts) > 0 && parts[0].Is(ber.Context, 0) {
		if n, ok := parts[0].Inside(); ok {
			if i, ok := n.Int(); ok {
				t.version = i + 1
			}
		}
		parts = parts[1:]
	}
	if len(parts) < 5 {
		return t, false
	}
	t.serial, t.algorithm, t.issuer, t.validity, t.subject = parts[0], parts[1], parts[2], parts[3], parts[4]
	return t, true
}

// signerOf finds the certificate that a signer info names by issuer and number.
func signerOf(signer ber.Value, certs []ber.Value) *tbs {
	parts := children(signer.Body)
	if len(parts) < 2 {
		return nil
	}
	name := children(parts[1].Body)
	if len(name) < 2 {
		return nil
	}
	for _, c := range certs {
		if t, ok := parseTBS(c); ok && bytes.Equal(t.issuer.Body, name[0].Body) && bytes.Equal(t.serial.Body, name[1].Body) {
			return &t
		}
	}
	return nil
}

// nested are the signatures in the attributes of a signer that are not signed.
func nested(signer ber.Value) (out []ber.Value) {
	for _, part := range children(signer.Body) {
		if !part.Is(ber.Context, 1) {
			continue
		}
		for _, attribute := range children(part.Body) {
			kv := children(attribute.Body)
			if len(kv) == 2 && bytes.Equal(kv[0].Body, oidNested) {
				out = append(out, children(kv[1].Body)...)
			}
		}
	}
	return out
}

// certificate writes what a rule can ask.
func certificate(t *tbs, o *Object) {
	sum := sha1.Sum(encode(0x30, t.raw.Body))
	o.text("thumbprint", hex.EncodeToString(sum[:]))
	o.text("issuer", nameLine(t.issuer))
	o.text("subject", nameLine(t.subject))
	o.num("version", t.version)
	if parts := children(t.algorithm.Body); len(parts) > 0 {
		oid := oidText(parts[0].Body)
		o.text("algorithm_oid", oid)
		o.text("algorithm", algorithmName(oid))
	}
	if n := len(t.serial.Body); n > 0 && n <= 20 {
		var b []string
		for _, c := range t.serial.Body {
			b = append(b, hex.EncodeToString([]byte{c}))
		}
		o.text("serial", strings.Join(b, ":"))
	}
	if v := children(t.validity.Body); len(v) == 2 {
		o.set("not_before", timeValue(v[0]))
		o.set("not_after", timeValue(v[1]))
	}
}

// encode puts a header of DER before a body.
func encode(tag byte, body []byte) []byte {
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

// timeValue reads UTCTime and GeneralizedTime.
func timeValue(v ber.Value) Value {
	layout := "060102150405Z"
	if v.Tag == ber.GeneralizedTime {
		layout = "20060102150405Z"
	}
	t, err := time.Parse(layout, string(v.Body))
	if err != nil {
		return Undefined
	}
	if v.Tag != ber.GeneralizedTime && t.Year() >= 2050 { // two digits: RFC 5280, section 4.1.2.5.1
		t = t.AddDate(-100, 0, 0)
	}
	return Number(t.Unix())
}

// maxNameLine is how much of a name is kept, as in YARA.
const maxNameLine = 255

// nameLine writes a name as /C=US/O=Example/CN=….
func nameLine(name ber.Value) string {
	var b strings.Builder
	for _, set := range children(name.Body) {
		for _, pair := range children(set.Body) {
			kv := children(pair.Body)
			if len(kv) != 2 {
				continue
			}
			key := oidText(kv[0].Body)
			if short := attributeNames[key]; short != "" {
				key = short
			}
			piece := "/" + key + "=" + nameValue(kv[1])
			if b.Len()+len(piece) > maxNameLine {
				return b.String()
			}
			b.WriteString(piece)
		}
	}
	return b.String()
}

// nameValue writes bytes that are not printable as \xNN. Of texts with two
// bytes a letter, the zeros are left out.
func nameValue(v ber.Value) string {
	const bmp = 30
	body := v.Body
	skip := v.Tag == bmp && len(body)%2 == 0
	for i := 0; skip && i < len(body); i += 2 {
		skip = body[i] == 0
	}
	var b strings.Builder
	for i, c := range body {
		switch {
		case skip && i%2 == 0:
		case c < ' ' || c > '~':
			b.WriteString(`\x` + strings.ToUpper(hex.EncodeToString([]byte{c})))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// attributeNames are the short names of OpenSSL.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description", "2.5.4.15": "businessCategory", "2.5.4.17": "postalCode",
	"2.5.4.18": "postOfficeBox", "2.5.4.41": "name", "2.5.4.42": "GN", "2.5.4.97": "organizationIdentifier",
	"1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// algorithmName is the long name of OpenSSL.
func algorithmName(oid string) string {
	if name := map[string]string{
		"1.2.840.113549.1.1.2": "md2WithRSAEncryption", "1.2.840.113549.1.1.4": "md5WithRSAEncryption", "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
		"1.2.840.113549.1.1.11": "sha256WithRSAEncryption", "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
		"1.2.840.113549.1.1.13": "sha512WithRSAEncryption", "1.2.840.113549.1.1.10": "rsassaPss", "1.3.14.3.2.29": "sha1WithRSA",
		"1.2.840.10045.4.3.2": "ecdsa-with-SHA256", "1.2.840.10045.4.3.3": "ecdsa-with-SHA384", "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
		"1.2.840.10040.4.3": "dsaWithSHA1",
	}[oid]; name != "" {
		return name
	}
	return "undefined"
}

// oidText writes an object identifier with dots.
func oidText(b []byte) string {
	var parts []string
	n := uint64(0)
	for _, c := range b {
		if n > 1<<56 {
			return "undefined"
		}
		n = n<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if parts == nil {
			first := min(n/40, 2)
			parts = append(parts, strconv.FormatUint(first, 10))
			n -= first * 40
		}
		parts = append(parts, strconv.FormatUint(n, 10))
		n = 0
	}
	return strings.Join(parts, ".")
}
