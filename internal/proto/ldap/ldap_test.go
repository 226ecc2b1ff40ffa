package ldap_test

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ldap"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/ssl"
)

var inner = []proto.Spec{ssl.Protocol, ntlm.Protocol, kerberos.Protocol}

func TestProtocol(t *testing.T)      { prototest.Run(t, ldap.Protocol, inner...) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, ldap.Protocol, inner...) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, ldap.Protocol, inner...) }
