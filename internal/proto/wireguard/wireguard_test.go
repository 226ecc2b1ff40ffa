package wireguard

import (
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// Data alone is named by two messages that belong together.
func TestProbeOfData(t *testing.T) {
	body := strings.Repeat("\xa5", 32)
	one := "\x04\x00\x00\x00\xbe\x40\x69\x8d\x6b\x00\x00\x00\x00\x00\x00\x00" + body
	for name, c := range map[string]struct {
		b    string
		want proto.Verdict
	}{
		"one":             {one, proto.Maybe},
		"two":             {one + strings.Replace(one, "\x6b", "\x6c", 1), proto.Yes},
		"the same twice":  {one + one, proto.Maybe},
		"to another":      {one + strings.Replace(one, "\xbe", "\xbf", 1), proto.Maybe},
		"a small index":   {strings.Replace(one, "\xbe\x40\x69\x8d", "\x01\x00\x00\x00", 1), proto.No},
		"not padded":      {one + "x", proto.No},
		"short handshake": {"\x01\x00\x00\x00" + strings.Repeat("x", 143), proto.No},
	} {
		if got := probe(proto.Orig, []byte(c.b)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
