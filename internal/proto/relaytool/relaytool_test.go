package relaytool

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/ssh"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol, ssh.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol, ssh.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol, ssh.Protocol) }

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, bytes string
		want        proto.Verdict
	}{
		{"iox", "\x00\xc0\xee\xff", proto.Yes},
		{"nps", "TST\x06\x00\x00\x000.26.0", proto.Yes},
		{"nps, old", "TST0123456789abcdef0123456789abcdef", proto.Yes},
		{"TST of somebody else", "TST hello", proto.No},
		{"a digest may begin Stowaway", "0123456789abcdef", proto.Maybe},
		{"a chunk of HTTP's length", "1f4\r\n", proto.No},
		{"GOST to a name", "\x01\x01\x00\x0e\x02\x00\x0b\x03\x07a.local\x00\x16", proto.Yes},
		{"no features", "\x01\x01\x00\x00", proto.No},
		{"snowlight", "w64   ", proto.Yes},
		{"not alone", "w64   hello", proto.No},
		{"NetBIOS", "\x00\x00\x00\x54\xfeSMB", proto.No},
	} {
		if got := probe(proto.Orig, []byte(c.bytes)); got != c.want {
			t.Errorf("%s: probe says %d, want %d", c.name, got, c.want)
		}
	}
}
