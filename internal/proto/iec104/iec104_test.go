package iec104

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
		{"STARTDT", "\x68\x04\x07\x00\x00\x00", proto.Yes},
		{"acknowledgement", "\x68\x04\x01\x00\x02\x00", proto.Yes},
		{"interrogation", "\x68\x0e\x00\x00\x00\x00\x64\x01\x06\x00\x01\x00\x00\x00\x00\x14", proto.Yes},
		{"half of it", "\x68\x0e\x00\x00\x00\x00\x64\x01\x06\x00\x01\x00\x00", proto.Maybe},
		{"no station", "\x68\x0e\x00\x00\x00\x00\x64\x01\x06\x00\x00\x00\x00\x00\x00\x14", proto.No},
		{"text", "hello, world\r\n", proto.No},
		{"FTP", "help\r\n", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
