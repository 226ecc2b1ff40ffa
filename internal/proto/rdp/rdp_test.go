package rdp_test

import (
	"testing"

	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/rdp"
	"longwatch/internal/proto/ssl"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, rdp.Protocol, ssl.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, rdp.Protocol, ssl.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, rdp.Protocol, ssl.Protocol) }
