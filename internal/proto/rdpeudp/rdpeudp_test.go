package rdpeudp_test

import (
	"testing"

	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/rdpeudp"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, rdpeudp.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, rdpeudp.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, rdpeudp.Protocol) }
