package wirefile

import (
	"bytes"

	"longwatch/internal/cert"
)

const (
	mimeOCSP = "application/ocsp-response"
	// maxDER bounds an OCSP response that is read: many times those in use.
	maxDER = 64 << 10
	// derSequence is the first byte of one.
	derSequence = 0x30
	// derEnough is when the identifier of a response has come: it follows a few
	// lengths.
	derEnough = 32
	// oidBasic is id-pkix-ocsp-basic (RFC 6960 section 4.2.1).
	oidBasic = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
)

// keepDER keeps a file from its first byte on, as long as it may be an OCSP
// response.
func (f *File) keepDER(b []byte) {
	first := f.next == uint64(len(b))
	switch {
	case first && b[0] != derSequence || !first && f.der == nil:
		return
	case f.gap || len(f.der)+len(b) > maxDER:
		f.der = nil
		return
	}
	before := len(f.der)
	f.der = append(f.der, b...)
	if before < derEnough && len(f.der) >= derEnough && !bytes.Contains(f.der[:derEnough], []byte(oidBasic)) {
		f.der = nil
	}
}

// ocsp writes what an OCSP response says of each certificate.
func (f *File) ocsp() {
	der := f.der
	f.der = nil
	if len(der) == 0 || f.gap || f.MIME() != mimeOCSP {
		return
	}
	answers, err := cert.ParseOCSP(der)
	if err != nil {
		f.c.Weird("ocsp_parse_error", err.Error())
	}
	head := f.rec.Head
	head.TS = f.start
	for i := range answers {
		f.c.Emit(answers[i].Record(head, f.rec.FUID))
	}
}
