package smb_test

import (
	"testing"

	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/smb"
)

func TestProtocol(t *testing.T) {
	prototest.Run(t, smb.Protocol, dcerpc.Protocol, ntlm.Protocol, kerberos.Protocol)
}
func FuzzProtocol(f *testing.F) {
	prototest.Fuzz(f, smb.Protocol, dcerpc.Protocol, ntlm.Protocol, kerberos.Protocol)
}
func BenchmarkProtocol(b *testing.B) {
	prototest.Bench(b, smb.Protocol, dcerpc.Protocol, ntlm.Protocol, kerberos.Protocol)
}
