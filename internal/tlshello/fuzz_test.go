package tlshello

import "testing"

// Whatever the bytes are, a hello is read without a panic and a fingerprint has
// its shape.
func FuzzHello(f *testing.F) {
	f.Add(append([]byte{3, 3}, make([]byte, 80)...), false)
	f.Fuzz(func(t *testing.T, b []byte, datagram bool) {
		h, _, _ := ParseClient(b, datagram)
		if got := h.JA4('t'); len(got) != 36 || len(h.JA3()) != 32 {
			t.Errorf("JA4 is %q", got)
		}
		s, _ := ParseServer(b)
		if s.Retry() && len(s.Random) != 32 {
			t.Error("a retry without its random")
		}
		_ = s.JA3S()
	})
}
