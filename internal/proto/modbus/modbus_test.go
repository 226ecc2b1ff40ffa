package modbus

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
		{"read request", "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a", proto.Yes},
		{"response before its request", "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x0a", proto.Yes},
		{"half a message", "\x00\x01\x00\x00\x00\x06\x01\x03\x00", proto.Maybe},
		{"refusal", "\x00\x01\x00\x00\x00\x03\x01\x83\x02", proto.Yes},
		{"programming", "\x00\x01\x00\x00\x00\x05\x01\x5a\x00\x02\x00", proto.Yes},
		{"unknown function", "\x00\x01\x00\x00\x00\x05\x01\x63\x00\x02\x00", proto.Maybe},
		{"read of nothing", "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x00", proto.Maybe},
		{"EtherNet/IP list services", "\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", proto.No},
		{"function 0, then one that is known", "\x00\x00\x00\x00\x00\x06\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x01\x01\x00\x00\x00\x01", proto.Yes},
		{"zeros", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", proto.No},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", proto.No},
		{"SMB over TCP", "\x00\x00\x00\x54\xffSMB", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
