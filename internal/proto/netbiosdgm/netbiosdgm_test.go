package netbiosdgm

import (
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// TestProbe: datagrams of others are left alone.
func TestProbe(t *testing.T) {
	for name, b := range map[string]string{
		"zeros": strings.Repeat("\x00", 64), "NTP": "\x23\x00\x06\x20" + strings.Repeat("\x00", 44), "HTTP": "HTTP/1.1 200 OK\r\n\r\n",
		"STUN": "\x01\x01\x00\x08\x21\x12\xa4\x42abcdefghijkl\x00\x01\x00\x04\x00\x00\x00\x00", "empty": "",
		"DNS": "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01",
	} {
		if got := probe(proto.Orig, []byte(b)); got != proto.No {
			t.Errorf("%s: verdict %d", name, got)
		}
	}
}
