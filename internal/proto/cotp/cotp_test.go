package cotp

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"S7 connects", "\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02", proto.Yes},
		{"S7 data", "\x03\x00\x00\x0b\x02\xf0\x80\x32\x01\x00\x00", proto.Yes},
		{"MMS data", "\x03\x00\x00\x0d\x02\xf0\x80\x01\x00\x01\x00\x61\x00", proto.Yes},
		{"half", "\x03\x00\x00\x16\x11\xe0", proto.Maybe},
		{"connects with nothing", "\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00", proto.Maybe},
		{"RDP connects", "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00", proto.No},
		{"RDP connects with a cookie", "\x03\x00\x00\x21\x1c\xe0\x00\x00\x00\x00\x00Cookie: mstshash=a\r\n\x01\x00", proto.No},
		{"RDP data", "\x03\x00\x00\x0c\x02\xf0\x80\x04\x01\x00\x01\x00", proto.No},
		{"H.323", "\x03\x00\x00\x0c\x08\x02\x00\x01\x05\x04\x03\x88", proto.No},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestInside(t *testing.T) {
	for b, want := range map[string]string{
		"\x32\x07\x00\x00":         "s7comm",
		"\x32\x09\x00\x00":         "",
		"\x72\x01\x00\x04":         "s7comm",
		"\x01\x00\x01\x00\x61\x03": "mms",
		"\x0d\x02\x05\x00":         "mms",
		"\x0d\x09\x05\x00":         "",
		"\x7f\x65\x82\x01":         "",
		"\x32":                     "",
	} {
		if got := inside([]byte(b)); got != want {
			t.Errorf("%x is %q, want %q", b, got, want)
		}
	}
}
