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

// keeper keeps files in memory.
type keeper struct{ files []*keptFile }

type keptFile struct {
	mime string
	b    []byte
}

func (k *keeper) Begin(mime string) proto.Extraction {
	if mime == "image/png" {
		return nil
	}
	k.files = append(k.files, &keptFile{mime: mime})
	return k.files[len(k.files)-1]
}

func (f *keptFile) Write(b []byte) { f.b = append(f.b, b...) }
func (f *keptFile) Close() (string, uint64, bool) {
	return "name", uint64(len(f.b)), false
}

// TestExtract: what is kept is the file up to its first hole, however it comes.
func TestExtract(t *testing.T) {
	long := bytes.Repeat([]byte("plain text, line after line\n"), 600)
	tests := []struct {
		name string
		give func(*File)
		want string
		cut  bool
	}{
		{"whole", func(f *File) { f.SetTotal(uint64(len(long))); f.Write(long) }, string(long), false},
		{"in pieces", func(f *File) {
			for rest := long; len(rest) > 0; rest = rest[min(1000, len(rest)):] {
				f.Write(rest[:min(1000, len(rest))])
			}
		}, string(long), false},
		{"short", func(f *File) { f.Write([]byte("short")) }, "short", false},
		{"out of order", func(f *File) { f.WriteAt(5000, long[5000:]); f.WriteAt(0, long[:5000]) }, string(long), false},
		{"hole", func(f *File) { f.Write(long[:5000]); f.Gap(10); f.Write(long[5010:]) }, string(long[:5000]), true},
		{"early hole", func(f *File) { f.Write(long[:50]); f.Gap(10); f.Write(long[60:]) }, string(long[:50]), true},
		{"unfinished", func(f *File) { f.SetTotal(9); f.Write([]byte("short")) }, "short", true},
		{"not wanted", func(f *File) { f.Write([]byte("\x89PNG\r\n\x1a\n")) }, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, k := &engine{}, &keeper{}
			c := newConn(e)
			c.Extract = k
			f := New(c, "HTTP", proto.Resp)
			tt.give(f)
			f.Close()
			if tt.want == "" {
				if len(k.files) != 0 || e.files[0].Extracted != "" {
					t.Errorf("%d files kept", len(k.files))
				}
				return
			}
			if len(k.files) != 1 || string(k.files[0].b) != tt.want {
				t.Fatalf("%d files kept", len(k.files))
			}
			if r := e.files[0]; r.Extracted != "name" || r.Cutoff.V != tt.cut || r.ExtractedSize.V != uint64(len(tt.want)) {
				t.Errorf("record: %q, cut %v, size %d", r.Extracted, r.Cutoff.V, r.ExtractedSize.V)
			}
		})
	}
}

// TestOver: a file of two connections has a record for each.
func TestOver(t *testing.T) {
	e := &engine{}
	a := newConn(e)
	b := *a
	b.ID.UID = "COther"
	f := New(a, "HTTP", proto.Resp)
	f.WriteAt(0, []byte("one"))
	if !f.Over(&b) || f.Over(&b) || f.Over(a) {
		t.Error("a connection is new once")
	}
	f.WriteAt(3, []byte("two"))
	f.Close()
	if len(e.files) != 2 || e.files[0].UID != "CTest" || e.files[1].UID != "COther" || e.files[1].FUID != e.files[0].FUID || e.files[1].SeenBytes != 6 {
		t.Errorf("%d records", len(e.files))
	}
}
