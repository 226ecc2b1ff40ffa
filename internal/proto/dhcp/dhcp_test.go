package dhcp

import (
	"container/list"
	"strings"
	"testing"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/proto/prototest"
	"longwatch/internal/record"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

func TestProbe(t *testing.T) {
	head := "\x01\x01\x06\x00" + strings.Repeat("\x00", 232)
	for _, tt := range []struct {
		name, b string
		want    proto.Verdict
	}{
		{"discover", head + "\x63\x82\x53\x63\x35\x01\x01\xff", proto.Yes},
		{"no options", head + "\x63\x82\x53\x63", proto.No},
		{"BOOTP", head + strings.Repeat("\x00", 64), proto.No},
		{"zeros", strings.Repeat("\x00", 300), proto.No},
	} {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestMAC: the identifier is a MAC only when it says so.
func TestMAC(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x11\x22\x33\x44\x55": "00:11:22:33:44:55", "\x00\x11\x22\x33\x44\x55\x66\x77": "00:11:22:33:44:55:66:77",
		"\x00\x11\x22\x33\x44\x55\x00\x00\x00\x00": "00:11:22:33:44:55", "\x00\x11": "",
	} {
		if got := formatMAC([]byte(in)); got != want {
			t.Errorf("%x: %q, want %q", in, got, want)
		}
	}
}

// TestExpiry: a conversation is written when it is silent at one of the looks,
// and goes on over a look that finds it talking.
func TestExpiry(t *testing.T) {
	const second = record.Time(time.Second)
	var out []*Record
	j := &join{emit: func(r record.Record) { out = append(out, r.(*Record)) }, byXID: map[uint32]*list.Element{}}
	j.Tick(100 * second)
	at := func(ts record.Time, xid uint32) {
		el, ok := j.byXID[xid]
		if !ok {
			el = j.order.PushBack(&conversation{rec: &Record{Head: record.Head{TS: ts}}, xid: xid, look: j.floor(ts) + record.Time(firstLook)})
			j.byXID[xid] = el
		}
		el.Value.(*conversation).last = ts
	}
	at(101*second, 1)
	at(101*second, 2)
	at(109*second, 2)
	j.Tick(112 * second)
	if len(out) != 1 || j.order.Len() != 1 {
		t.Fatalf("%d written, %d go on", len(out), j.order.Len())
	}
	j.Tick(116 * second)
	if len(out) != 1 {
		t.Error("looked at again too early")
	}
	j.Tick(122 * second)
	if len(out) != 2 {
		t.Error("not written after its silence")
	}
}
