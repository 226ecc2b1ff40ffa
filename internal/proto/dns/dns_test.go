package dns

import (
	"testing"

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

func TestNetBIOSName(t *testing.T) {
	// RFC 1001 section 4.1: FRED, padded with blanks.
	if got := netbiosName("EGFCEFEECACACACACACACACACACACACA.netbios.com"); got != "FRED" {
		t.Errorf("got %q", got)
	}
}
