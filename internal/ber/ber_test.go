package ber_test

import (
	"bytes"
	"testing"

	"longwatch/internal/ber"
)

// Encodings from X.690 section 8.1.3 (lengths) and 8.3 (integers).
func TestNext(t *testing.T) {
	v, rest, ok := ber.Next([]byte{0x02, 0x02, 0xff, 0x7f, 0x99})
	if n, fits := v.Int(); !ok || !fits || n != -129 || !bytes.Equal(rest, []byte{0x99}) {
		t.Errorf("got %d, %x, %v", n, rest, ok)
	}
	long := append([]byte{0x04, 0x81, 0xc9}, make([]byte, 201)...)
	if v, rest, ok := ber.Next(long); !ok || len(v.Body) != 201 || len(rest) != 0 || !v.Is(ber.Universal, ber.OctetString) {
		t.Errorf("long form of X.690 8.1.3.5: %d bytes, %v", len(v.Body), ok)
	}
	for name, b := range map[string][]byte{
		"indefinite length": {0x30, 0x80, 0, 0}, "high tag": {0x1f, 0x81, 0x01, 0}, "short": {0x04, 0x05, 1},
		"five length bytes": {0x04, 0x85, 0, 0, 0, 0, 1, 0}, "empty": nil,
	} {
		if _, _, ok := ber.Next(b); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSizeAsksForMore(t *testing.T) {
	b := []byte{0x6a, 0x82, 0x01, 0x02}
	for n := range 4 {
		if _, known, ok := ber.Size(b[:n]); known || !ok {
			t.Errorf("%d bytes: known %v, ok %v", n, known, ok)
		}
	}
	if n, known, ok := ber.Size(b); n != 4+0x102 || !known || !ok {
		t.Errorf("got %d", n)
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x05})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, ok := ber.Next(b)
		if !ok {
			if v.Body != nil || rest != nil {
				t.Error("a refusal comes with a half-value")
			}
			return
		}
		n, known, fine := ber.Size(b)
		if !known || !fine || n+len(rest) != len(b) || len(v.Body) >= n {
			t.Errorf("size %d, body %d, rest %d of %d", n, len(v.Body), len(rest), len(b))
		}
	})
}
