package kerberos_test

import (
	"testing"

	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, kerberos.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, kerberos.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, kerberos.Protocol) }
