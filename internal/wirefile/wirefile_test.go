package wirefile

import (
	"bytes"
	"net/netip"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// engine keeps the files records that are emitted.
type engine struct {
	now   record.Time
	files []*network.File
}

func (e *engine) Now() record.Time                          { e.now++; return e.now }
func (e *engine) Ref() record.Ref                           { return record.Ref{} }
func (e *engine) Emit(r record.Record)                      { e.files = append(e.files, r.(*network.File)) }
func (e *engine) Weird(*proto.Conn, string, string, string) {}
func (e *engine) Confirm(*proto.Conn, string)               {}
func (e *engine) Lookup(string) (proto.Spec, bool)          { return proto.Spec{}, false }
func (e *engine) Probing(proto.Transport) []proto.Spec      { return nil }
func (e *engine) Expect(*proto.Conn, proto.Expected)        {}
func (e *engine) Flip(*proto.Conn)                          {}
func (e *engine) Shared(_ *proto.Conn, _ string, begin func() proto.Sharer) proto.Sharer {
	return begin()
}
func (e *engine) Local(a netip.Addr) bool { return a.IsPrivate() }
func newConn(e *engine) *proto.Conn {
	return &proto.Conn{
		ID:     record.Conn{UID: "CTest", OrigH: netip.MustParseAddr("10.0.0.1"), RespH: netip.MustParseAddr("192.0.2.1")},
		Engine: e, Parser: "http", HashFiles: true,
	}
}

// TestOutOfOrder: whatever the order of the parts, the file is the same, and
// holes are counted.
func TestOutOfOrder(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 8)
	tests := []struct {
		name     string
		parts    [][2]int // from, to
		seen     uint64
		missing  uint64
		overflow uint64
		whole    bool
	}{
		{"in order", [][2]int{{0, 64}, {64, 128}}, 128, 0, 0, true},
		{"backwards", [][2]int{{64, 128}, {32, 64}, {0, 32}}, 128, 0, 0, true},
		{"twice", [][2]int{{0, 64}, {0, 64}, {64, 128}}, 128, 0, 0, true},
		{"overlap", [][2]int{{0, 80}, {64, 128}}, 128, 0, 0, true},
		{"hole", [][2]int{{0, 32}, {64, 128}}, 96, 32, 0, false},
		{"beginning lost", [][2]int{{64, 128}}, 64, 64, 0, false},
		{"overlap behind a hole", [][2]int{{32, 80}, {64, 128}}, 96, 32, 0, false},
	}
	var hash string
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &engine{}
			f := New(newConn(e), "SMB", proto.Orig)
			f.SetTotal(128)
			for _, p := range tt.parts {
				f.WriteAt(uint64(p[0]), data[p[0]:p[1]])
			}
			f.Close()
			f.Close()
			f.Write(data)
			if len(e.files) != 1 {
				t.Fatalf("%d records, want one", len(e.files))
			}
			r := e.files[0]
			if r.SeenBytes != tt.seen || r.MissingBytes != tt.missing || r.OverflowBytes != tt.overflow {
				t.Errorf("seen %d, missing %d, overflow %d; want %d, %d, %d", r.SeenBytes, r.MissingBytes, r.OverflowBytes, tt.seen, tt.missing, tt.overflow)
			}
			if hash == "" {
				hash = r.SHA256
			}
			if tt.whole != (r.SHA256 == hash) {
				t.Errorf("hash %q, the whole file has %q", r.SHA256, hash)
			}
		})
	}
}

// TestManyEarlyParts: a sender cannot make us keep more than the bound.
func TestManyEarlyParts(t *testing.T) {
	e := &engine{}
	f := New(newConn(e), "SMB", proto.Orig)
	const n = 10 * maxParts
	for i := range n {
		f.WriteAt(uint64(2*(n-i)), []byte{1})
		if len(f.ahead) > maxParts {
			t.Fatalf("%d parts wait, the bound is %d", len(f.ahead), maxParts)
		}
	}
	f.Close()
	r := e.files[0]
	if r.SeenBytes+r.MissingBytes != 2*n+1 || r.OverflowBytes == 0 || r.OverflowBytes > r.MissingBytes {
		t.Errorf("seen %d and missing %d do not add up to %d; overflow %d", r.SeenBytes, r.MissingBytes, 2*n+1, r.OverflowBytes)
	}
}

func TestFUID(t *testing.T) {
	e := &engine{}
	c := newConn(e)
	a, b := New(c, "HTTP", proto.Resp).FUID(), New(c, "HTTP", proto.Resp).FUID()
	again := New(newConn(&engine{}), "HTTP", proto.Resp).FUID()
	if a == b || a != again || len(a) != 18 || a[0] != 'F' {
		t.Errorf("fuids %q, %q and in another run %q", a, b, again)
	}
}

// FuzzWriteAt: seen and missing bytes never exceed what the offsets span.
func FuzzWriteAt(f *testing.F) {
	f.Add([]byte{0, 1, 4, 9, 2, 2})
	f.Fuzz(func(t *testing.T, moves []byte) {
		e := &engine{}
		w := New(newConn(e), "SMB", proto.Orig)
		var end, given uint64
		for i := 0; i+1 < len(moves); i += 2 {
			off, n := uint64(moves[i]), int(moves[i+1])
			w.WriteAt(off, make([]byte, n))
			given += uint64(n)
			if n > 0 {
				end = max(end, off+uint64(n))
			}
		}
		w.Close()
		if r := e.files[0]; r.SeenBytes+r.MissingBytes != end || r.SeenBytes > given {
			t.Errorf("seen %d, missing %d, end %d, given %d", r.SeenBytes, r.MissingBytes, end, given)
		}
	})
}
