package ntp

import (
	"math/rand/v2"
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// TestProbe: payloads of 48 bytes are not NTP for that.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"simple client", "\x1b" + strings.Repeat("\x00", 47), proto.Yes},
		{"client that hides", "\x23\x00\x00\x20" + strings.Repeat("\x00", 36) + "randomrn", proto.Yes},
		{"read variables", "\x16\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", proto.Yes},
		{"list of clients", "\x17\x00\x03\x2a\x00\x00\x00\x00", proto.Yes},
		{"zeros", strings.Repeat("\x00", 48), proto.No},
		{"text", strings.Repeat("text", 12), proto.No},
		{"short", "\x23\x00\x06\x20" + strings.Repeat("\x00", 20), proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	for range 20000 {
		b := make([]byte, 48)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		if probe(proto.Orig, b) == proto.Yes {
			wrong++
		}
	}
	if wrong > 2 {
		t.Errorf("%d of 20000 random payloads are taken for NTP", wrong)
	}
}
