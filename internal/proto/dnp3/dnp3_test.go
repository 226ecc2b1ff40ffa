package dnp3

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"link status request", "\x05\x64\x05\xc9\x04\x00\x03\x00\x83\x0f", proto.No},
		{"reset link states", "\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21", proto.Yes},
		{"first byte", "\x05", proto.Maybe},
		{"SOCKS", "\x05\x01\x00", proto.No},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
