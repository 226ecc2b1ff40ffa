package http2

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		d    proto.Dir
		b    string
		want proto.Verdict
	}{
		{"preface", proto.Orig, preface + "\x00", proto.Yes},
		{"part of it", proto.Orig, "PRI * HT", proto.Maybe},
		{"another request", proto.Orig, "PRINT /x HTTP/1.1\r\n", proto.No},
		{"frames from a client", proto.Orig, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", proto.No},
		{"settings of a server", proto.Resp, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", proto.Yes},
		{"none", proto.Resp, "\x00\x00\x00\x04\x00\x00\x00\x00\x00", proto.Maybe},
		{"part of them", proto.Resp, "\x00\x00\x06\x04", proto.Maybe},
		{"another frame", proto.Resp, "\x00\x00\x06\x01\x00\x00\x00\x00\x01", proto.No},
		{"unknown settings", proto.Resp, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x77\x03\x00\x00\x00\x64", proto.No},
		{"SMB over NetBIOS", proto.Resp, "\x00\x00\x00\x55\xffSMB", proto.No},
	}
	for _, tt := range tests {
		if got := probe(tt.d, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}
