package yamux

import (
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/frp"
	"longwatch/internal/proto/prototest"
	"longwatch/internal/proto/ssh"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol, frp.Protocol, ssh.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol, frp.Protocol, ssh.Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol, frp.Protocol, ssh.Protocol) }

func TestProbe(t *testing.T) {
	ping := "\x00\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01"
	open := "\x00\x01\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00"
	for _, c := range []struct {
		name, bytes string
		want        proto.Verdict
	}{
		{"ping and stream", ping + open, proto.Yes},
		{"stream, then data", open + "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x08", proto.Yes},
		{"one frame may be anything", open, proto.Maybe},
		{"data cannot come first without opening", "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x08" + open, proto.No},
		{"zeros", string(make([]byte, 48)), proto.No},
		{"Modbus", "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a" + ping, proto.No},
		{"a frame too long", open + "\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x00\x00\x08", proto.No},
		{"SMB over TCP", "\x00\x00\x00\x54\xfeSMB", proto.No},
	} {
		if got := probe(proto.Orig, []byte(c.bytes)); got != c.want {
			t.Errorf("%s: probe says %d, want %d", c.name, got, c.want)
		}
	}
}
