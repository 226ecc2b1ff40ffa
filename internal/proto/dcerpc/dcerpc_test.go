package dcerpc_test

import (
	"testing"

	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, dcerpc.Protocol, ntlm.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, dcerpc.Protocol, ntlm.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, dcerpc.Protocol, ntlm.Protocol) }
