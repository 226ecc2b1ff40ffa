package ntlm_test

import (
	"testing"

	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, ntlm.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, ntlm.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, ntlm.Protocol) }
