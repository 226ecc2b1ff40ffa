package dns

import (
	"bytes"
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// TestPointerLoops: names whose pointers never end must end.
func TestPointerLoops(t *testing.T) {
	for _, msg := range [][]byte{
		{0xc0, 0x00},
		{0x01, 'a', 0xc0, 0x00},
		{0x01, 'a', 0xc0, 0x04, 0xc0, 0x02},
	} {
		var scratch [maxName]byte
		if name, _, ok := readName(msg, len(msg)-2, scratch[:]); ok {
			t.Errorf("%x reads as %q", msg, name)
		}
	}
}

// FuzzName: a name that reads leaves the cursor inside the message, keeps the
// bound, and reads the same when it is written out without compression.
func FuzzName(f *testing.F) {
	f.Add([]byte{1, 'a', 0, 1, 'b', 0xc0, 0}, 3)
	f.Fuzz(func(t *testing.T, msg []byte, off int) {
		if off < 0 || off >= len(msg) {
			return
		}
		var scratch [maxName]byte
		name, next, ok := readName(msg, off, scratch[:])
		if !ok {
			return
		}
		if next <= off || next > len(msg) || len(name) > maxName {
			t.Fatalf("offset %d, next %d of %d, name of %d bytes", off, next, len(msg), len(name))
		}
		if bytes.IndexByte(name, '.') >= 0 || len(name) == 0 || len(name) > 63 {
			return // a label with a dot cannot be told from two
		}
		plain := append(append([]byte{byte(len(name))}, name...), 0)
		var other [maxName]byte
		if again, _, ok := readName(plain, 0, other[:]); !ok || !bytes.Equal(again, name) {
			t.Errorf("%q reads back as %q", name, again)
		}
	})
}

// TestProbe: what is no DNS is not called so, whatever port it uses.
func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		b    string
		want proto.Verdict
	}{
		{"query", "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01", proto.Yes},
		{"query over TCP", "\x00\x13\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01", proto.Yes},
		{"HTTP", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", proto.No},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", proto.No},
		{"NTP", "\x23\x00\x06\x20" + strings.Repeat("\x00", 44), proto.No},
		{"zeros", strings.Repeat("\x00", 64), proto.No},
		{"SSH", "SSH-2.0-OpenSSH_9.6 some longer banner text\r\n", proto.No},
	}
	for _, tt := range tests {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestNetBIOSName(t *testing.T) {
	// RFC 1001 section 4.1: FRED, padded with blanks.
	if got := netbiosName("EGFCEFEECACACACACACACACACACACACA.netbios.com"); got != "FRED" {
		t.Errorf("got %q", got)
	}
}
