package radius

import (
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

func TestMAC(t *testing.T) {
	for in, want := range map[string]string{
		"00-10-A4-23-19-C0": "00:10:a4:23:19:c0", "0010.a423.19c0": "00:10:a4:23:19:c0", "5551212": "",
		"00-10-A4-23-19-C0-11-22": "00:10:a4:23:19:c0:11:22",
	} {
		if got := macOf([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestProbe: neighbours on the wire are left to their parsers.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"request", "\x01\x07\x00\x1aabcdefghijklmnop\x01\x06user", proto.Yes},
		{"answer without attributes", "\x02\x07\x00\x14abcdefghijklmnop", proto.Maybe},
		{"attribute beyond the end", "\x01\x07\x00\x1aabcdefghijklmnop\x01\x16user", proto.Maybe},
		{"wrong length", "\x01\x07\x00\x1babcdefghijklmnop\x01\x05user", proto.No},
		{"zeros", strings.Repeat("\x00", 48), proto.No},
		{"STUN", "\x01\x01\x00\x08\x21\x12\xa4\x42abcdefghijkl\x00\x01\x00\x04\x00\x00\x00\x00", proto.No},
		{"NTP", "\x23\x00\x06\x20" + strings.Repeat("\x00", 44), proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestAccounting reads attributes of an accounting request (RFC 2866 section 5).
func TestAccounting(t *testing.T) {
	var r Record
	if !walk([]byte("\x01\x06user\x28\x06\x00\x00\x00\x02\x2c\x0400\x08\x06\xc0\x00\x02\x07"), r.note) {
		t.Fatal("attributes do not fill the message")
	}
	if r.Username != "user" || r.AcctStatus != "Stop" || r.AcctSession != "00" || r.FramedAddr.String() != "192.0.2.7" {
		t.Errorf("got %+v", r)
	}
}
