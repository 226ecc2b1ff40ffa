package quic

import (
	"testing"

	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/ssl"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol, ssl.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }
