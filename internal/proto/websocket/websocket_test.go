package websocket

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
	"longwatch/internal/record"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// engine keeps what the parser says when it starts.
type engine struct {
	proto.Engine
	records []*Upgrade
	weirds  []string
}

func (e *engine) Now() record.Time                       { return 0 }
func (e *engine) Ref() record.Ref                        { return record.Ref{} }
func (e *engine) Emit(r record.Record)                   { e.records = append(e.records, r.(*Upgrade)) }
func (e *engine) Weird(_ *proto.Conn, _, name, _ string) { e.weirds = append(e.weirds, name) }

// The key and its answer are those of RFC 6455 section 1.3.
func TestUpgrade(t *testing.T) {
	e := &engine{}
	up := &proto.Upgrade{
		Host: "server.example.com", URI: "/chat", UserAgent: "test",
		Asked: []proto.Header{
			{Name: "sec-websocket-key", Value: "dGhlIHNhbXBsZSBub25jZQ=="},
			{Name: "sec-websocket-protocol", Value: "chat, superchat"},
			{Name: "sec-websocket-extensions", Value: ""},
		},
		Answered: []proto.Header{
			{Name: "sec-websocket-accept", Value: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
			{Name: "sec-websocket-protocol", Value: "chat"},
		},
	}
	Protocol.New(&proto.Conn{Engine: e, Arranged: up})
	want := []*Upgrade{{
		Host: "server.example.com", URI: "/chat", UserAgent: "test", Subprotocol: record.Some("chat"),
		ClientProtocols: []string{"chat", "superchat"}, ClientExtensions: []string{""},
	}}
	if diff := cmp.Diff(want, e.records, cmp.Comparer(func(a, b record.Conn) bool { return true })); diff != "" {
		t.Error(diff)
	}
	if len(e.weirds) > 0 {
		t.Errorf("weirds: %q", e.weirds)
	}
	up.Answered[0].Value = "c3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	Protocol.New(&proto.Conn{Engine: e, Arranged: up})
	if diff := cmp.Diff([]string{"websocket_wrong_accept_header"}, e.weirds); diff != "" {
		t.Error(diff)
	}
}
