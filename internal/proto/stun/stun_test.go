package stun

import (
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// TestProbe: datagrams of others that look alike are left to them.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    string
		want proto.Verdict
	}{
		{"request with cookie", "\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", proto.Yes},
		{"classic request", "\x00\x01\x00\x00abcdefghijklmnop", proto.Yes},
		{"classic with attribute", "\x00\x01\x00\x08abcdefghijklmnop\x00\x03\x00\x04\x00\x00\x00\x06", proto.Yes},
		{"classic with strange attribute", "\x00\x01\x00\x08abcdefghijklmnop\x12\x34\x00\x04\x00\x00\x00\x06", proto.No},
		{"zeros", strings.Repeat("\x00", 20), proto.No},
		{"request of zeros", "\x00\x01\x00\x00" + strings.Repeat("\x00", 16), proto.No},
		{"NTP", "\x23\x00\x06\x20" + strings.Repeat("\x00", 44), proto.No},
		{"DNS", "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01", proto.No},
		{"RADIUS", "\x01\x07\x00\x1aabcdefghijklmnop\x01\x06user", proto.No},
		{"channel with media", "\x40\x00\x00\x10\x80\x60" + strings.Repeat("m", 14), proto.Yes},
		{"channel with text", "\x40\x00\x00\x10" + strings.Repeat("m", 16), proto.No},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
