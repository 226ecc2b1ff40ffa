package syslog

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
		{"priority", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed", proto.Yes},
		{"length", "45 <34>1 2003-10-11T22:14:15.003Z host su - - - x", proto.Yes},
		{"HTML", "<html><body>", proto.Maybe},
		{"priority too high", "<192>text text text", proto.Maybe},
		{"text", "this is not really syslog", proto.Maybe},
		{"binary", "<34>\x01\x02\x03\x04\x05\x06\x07\x08\x09", proto.No},
		{"NTP", "\x23\x00\x06\x20\x00\x00\x00\x00", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
