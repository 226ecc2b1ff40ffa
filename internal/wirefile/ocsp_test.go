package wirefile

import (
	"encoding/hex"
	"testing"

	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// answers keeps the ocsp records that are emitted.
type answers struct {
	engine
	ocsp []*cert.OCSPRecord
}

func (a *answers) Emit(r record.Record) {
	if o, ok := r.(*cert.OCSPRecord); ok {
		a.ocsp = append(a.ocsp, o)
	}
}

// A response is read however it comes, and only whole and from its beginning.
func TestOCSP(t *testing.T) {
	der := ocspResponse(t)
	for _, step := range []int{1, 20, len(der)} {
		e := &answers{}
		f := New(newConn(&e.engine), "HTTP", proto.Resp)
		f.c.Engine = e
		for rest := der; len(rest) > 0; {
			n := min(step, len(rest))
			f.Write(rest[:n])
			rest = rest[n:]
		}
		f.Close()
		if len(e.ocsp) != 1 || e.ocsp[0].Status != "good" || e.ocsp[0].ID != f.FUID() {
			t.Errorf("in pieces of %d: %+v", step, e.ocsp)
		}
	}
	e := &answers{}
	f := New(newConn(&e.engine), "HTTP", proto.Resp)
	f.c.Engine = e
	f.Write(der[:40])
	f.Gap(10)
	f.Write(der[50:])
	f.Close()
	if len(e.ocsp) != 0 {
		t.Errorf("with a hole: %+v", e.ocsp)
	}
}

// ocspResponse is an OCSPResponse (RFC 6960 section 4.2.1) about one
// certificate that is good.
func ocspResponse(t *testing.T) []byte {
	t.Helper()
	der := func(tag byte, parts ...[]byte) []byte {
		var body []byte
		for _, p := range parts {
			body = append(body, p...)
		}
		return append([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}, body...)
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const sequence, octets, integer, enumerated, generalTime = 0x30, 4, 2, 10, 0x18
	when := der(generalTime, []byte("20240101000000Z"))
	sha1 := der(sequence, unhex("06052b0e03021a"))
	id := der(sequence, sha1, der(octets, make([]byte, 20)), der(octets, make([]byte, 20)), der(integer, []byte{1, 2, 3}))
	single := der(sequence, id, unhex("8000"), when)
	data := der(sequence, der(0xa2, der(octets, make([]byte, 20))), when, der(sequence, single))
	basic := der(sequence, data)
	return der(sequence, der(enumerated, []byte{0}), der(0xa0, der(sequence, unhex("06092b0601050507300101"), der(octets, basic))))
}
