package journal

import (
	"encoding/hex"
	"testing"

	"longwatch/internal/evidence/evidencetest"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) {
	evidencetest.Fuzz(f, Format, sample(newBuilt(false, true, 0)), sample(newBuilt(true, true, 4)), sample(newBuilt(false, false, 2)), sample(newBuilt(false, false, 1)))
}

// TestSiphash is the first and last vector of the reference implementation
// (https://github.com/veorq/SipHash, vectors.h, vectors_sip64).
func TestSiphash(t *testing.T) {
	var key [16]byte
	var in []byte
	for i := range key {
		key[i] = byte(i)
	}
	for i := range 8 {
		in = append(in, byte(i))
	}
	for n, want := range map[int]string{0: "310e0edd47db6f72", 7: "37d1018bf50002ab", 8: "6224939a79f5f593"} {
		h := siphash(key, in[:n])
		var le [8]byte
		for i := range le {
			le[i] = byte(h >> (8 * i))
		}
		if got := hex.EncodeToString(le[:]); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}
