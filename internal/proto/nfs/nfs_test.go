package nfs

import (
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

func TestProbe(t *testing.T) {
	null := "\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa3\x00\x00\x00\x03" + strings.Repeat("\x00", 20)
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"call", null, proto.Yes},
		{"call in a stream", "\x80\x00\x00\x28" + null, proto.Yes},
		{"another program", strings.Replace(null, "\x01\x86\xa3", "\x01\x86\xff", 1), proto.No},
		{"zeros", strings.Repeat("\x00", 48), proto.No},
		{"DNS", "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
