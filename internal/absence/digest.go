package absence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxCertificate bounds what Check reads.
const maxCertificate = 64 << 20

// ErrAltered says that a certificate is not as it was issued.
var ErrAltered = errors.New("absence: the digest is not that of the content")

// digest is the SHA-256 of a certificate with an empty digest, as JSON without
// spaces and with its fields in the order of the type.
func digest(c *Certificate) string {
	plain := *c
	plain.Digest = ""
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&plain); err != nil { // none of its types can fail
		panic(fmt.Sprintf("absence: %v", err))
	}
	sum := sha256.Sum256(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:])
}

func write(w io.Writer, c *Certificate) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(c)
}

// Check reads a certificate and tells whether its digest is that of its
// content. Fields that it does not know make it altered.
func Check(r io.Reader) (*Certificate, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxCertificate+1))
	if err != nil {
		return nil, fmt.Errorf("absence: %w", err)
	}
	if len(b) > maxCertificate {
		return nil, fmt.Errorf("absence: a certificate is never larger than %d bytes", maxCertificate)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	c := &Certificate{}
	if err := dec.Decode(c); err != nil {
		return nil, fmt.Errorf("absence: not a certificate: %w", err)
	}
	if c.Digest == "" || digest(c) != c.Digest {
		return c, ErrAltered
	}
	return c, nil
}
