package snmp

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// TestProbe: other messages in BER are left alone.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"get", "\x30\x13\x02\x01\x00\x04\x06public\xa0\x06\x02\x01\x01\x02\x01\x00", proto.Yes},
		{"search in a directory", "\x30\x13\x02\x01\x01\x63\x0e\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00", proto.No},
		{"trailing bytes", "\x30\x0a\x02\x01\x00\x04\x02ab\xa0\x00\x00\x00", proto.No},
		{"version 2", "\x30\x0c\x02\x01\x02\x04\x02ab\xa0\x03\x02\x01\x01", proto.No},
		{"text", "000000000000", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestOID(t *testing.T) {
	for in, want := range map[string]string{sysDescr: "1.3.6.1.2.1.1.1.0", "\x88\x37\x03": "2.999.3", "": ""} { // the second: X.690 section 8.19.5
		if got := oid([]byte(in)); got != want {
			t.Errorf("%x: %q, want %q", in, got, want)
		}
	}
}
