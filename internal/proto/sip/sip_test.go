package sip

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// TestProbe: protocols with the same words are left alone.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"request", "OPTIONS sip:a@example.com SIP/2.0\r\n", proto.Yes},
		{"reply", "SIP/2.0 200 OK\r\n", proto.Yes},
		{"junk", "\x01\x02REGISTER sip:a@example.com SIP/2.0\r\n", proto.Yes},
		{"part", "INVITE sip:bob@exam", proto.Maybe},
		{"HTTP", "OPTIONS * HTTP/1.1\r\n", proto.No},
		{"SSDP", "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n", proto.No},
		{"RTSP", "OPTIONS rtsp://example.com/ RTSP/1.0\r\n", proto.No},
		{"binary", "\x16\x03\x01\x02\x00\x01\x00", proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
