package ipsec

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
	const spis = "ABCDEFGHabcdefgh"
	good := spis + "\x21\x20\x22\x08\x00\x00\x00\x00\x00\x00\x00\x1c"
	for name, c := range map[string]struct {
		b    string
		want proto.Verdict
	}{
		"IKEv2":           {good, proto.Yes},
		"through NAT":     {"\x00\x00\x00\x00" + good, proto.Yes},
		"another length":  {good + "x", proto.No},
		"another version": {strings.Replace(good, "\x20", "\x30", 1), proto.No},
		"a flag too many": {strings.Replace(good, "\x08", "\x09", 1), proto.No},
		"no initiator":    {strings.Repeat("\x00", 8) + good[8:], proto.No},
		"a keepalive":     {"\xff", proto.No},
	} {
		if got := probe(proto.Orig, []byte(c.b)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
