package tftp

import (
	"testing"

	"longwatch/internal/proto"
)

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		datagram string
		want     proto.Verdict
	}{
		{"\x00\x01a.txt\x00octet\x00", proto.Yes},
		{"\x00\x01a.txt\x00octets\x00", proto.No},
		{"\x00\x05\x00\x01File not found\x00", proto.Yes},
		{"\x00\x05\x00\x01\x00\x00\x00\x00", proto.No}, // NetFlow 5
		{"\x00\x06blksize\x001428\x00", proto.Yes},
		{"\x00\x04\x00\x01", proto.Maybe},
		{"\x01\x01a\x00octet\x00", proto.No},
	} {
		if got := probe(proto.Orig, []byte(c.datagram)); got != c.want {
			t.Errorf("%q: got %v, want %v", c.datagram, got, c.want)
		}
	}
}
