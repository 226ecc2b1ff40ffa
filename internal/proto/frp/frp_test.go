package frp

import (
	"testing"

	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/ssh"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol, ssh.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol, ssh.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol, ssh.Protocol) }
