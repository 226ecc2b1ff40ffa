package openvpn

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// Packets that begin as OpenVPN's do.
func TestProbeSaysNo(t *testing.T) {
	for name, b := range map[string]string{
		"a text that begins with 8":     "8 lines of text, as a server may send them",
		"an at sign":                    "@echo off",
		"a reset with an ACK":           "\x38ABCDEFGH\x01\x00\x00\x00\x00",
		"a reset with a message":        "\x38ABCDEFGH\x00\x00\x00\x00\x01",
		"a length and a reset too long": "\x00\x0e\x38ABCDEFGH\x00\x00\x00\x01\x00",
		"DNS over TCP":                  "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example",
		"nothing":                       "",
	} {
		if got := probe(proto.Orig, []byte(b)); got != proto.No {
			t.Errorf("%s: %v", name, got)
		}
	}
}
