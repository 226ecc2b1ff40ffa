package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sample is a small index with a value of two rows, and what is in it.
func sample(t testing.TB) *Index {
	t.Helper()
	b := NewBuilder([2]uint64{1, 2})
	meta := b.Intern([]byte("feed"))
	for i := range 300 {
		if !b.Add(uint8(1+i%3), fmt.Appendf(nil, "value-%d", i), Row{Meta: meta, Note: b.Intern(fmt.Appendf(nil, "note %d", i%7)), Line: uint32(i)}) {
			t.Fatal("full")
		}
	}
	b.Add(1, []byte("value-0"), Row{Meta: b.Intern([]byte("other feed")), Line: 1000})
	x, more := b.Seal()
	x.SetExtra("facts", []byte("kept"))
	if more != 0 || x.Len() != 301 || x.Values() != 300 {
		t.Fatalf("%d rows, %d values, %d left out", x.Len(), x.Values(), more)
	}
	return x
}

// write is an index as a file has it.
func write(t testing.TB, x *Index) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := x.Write(&buf, [32]byte{9}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// check looks up everything that sample has, and strangers.
func check(t *testing.T, x *Index) {
	t.Helper()
	for i := range 300 {
		at, ok := x.Find(uint8(1+i%3), fmt.Appendf(nil, "value-%d", i))
		g, ok2 := x.Group(at)
		if !ok || !ok2 || string(g.Key) != fmt.Sprintf("value-%d", i) {
			t.Fatalf("value %d is not found", i)
		}
		rows := slices.Collect(g.Rows)
		want := 1
		if i == 0 {
			want = 2
		}
		if len(rows) != want || rows[0].Line != uint32(i) || string(x.Text(rows[0].Meta)) != "feed" || string(x.Text(rows[0].Note)) != fmt.Sprintf("note %d", i%7) {
			t.Fatalf("value %d has rows %v", i, rows)
		}
		if i == 0 && (rows[1].Line != 1000 || string(x.Text(rows[1].Meta)) != "other feed") {
			t.Fatalf("the second source of a value is %v", rows[1])
		}
	}
	for i := range 3000 {
		if _, ok := x.Find(1, fmt.Appendf(nil, "stranger-%d", i)); ok {
			t.Fatalf("stranger %d is found", i)
		}
		if _, ok := x.Find(4, fmt.Appendf(nil, "value-%d", i)); ok {
			t.Fatalf("value %d is found as another kind", i)
		}
	}
	n := 0
	for range x.All {
		n++
	}
	if n != 300 {
		t.Fatalf("All has %d values", n)
	}
}

func TestFile(t *testing.T) {
	x := sample(t)
	check(t, x)
	name := filepath.Join(t.TempDir(), "a.lwi")
	if err := os.WriteFile(name, write(t, x), 0o600); err != nil {
		t.Fatal(err)
	}
	y, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	check(t, y)
	if err := y.Verify(); err != nil || y.Digest() != [32]byte{9} || string(y.Extra("facts")) != "kept" {
		t.Errorf("verify: %v, digest %x, extra %q", err, y.Digest(), y.Extra("facts"))
	}
	if err := y.Close(); err != nil {
		t.Error(err)
	}
}

// TestDamage: what is cut off or changed is refused with the reason, or found by
// Verify.
func TestDamage(t *testing.T) {
	whole := write(t, sample(t))
	for _, n := range []int{0, 7, pageSize - 1, pageSize, len(whole) / 2, len(whole) - pageSize} {
		if _, err := Parse(slices.Clone(whole[:n])); !errors.Is(err, ErrFormat) && !errors.Is(err, ErrDamaged) {
			t.Errorf("the first %d of %d bytes: %v", n, len(whole), err)
		}
	}
	for at, want := range map[int]error{0: ErrFormat, 8: ErrVersion, 20: ErrDamaged, 100: ErrDamaged} {
		bad := slices.Clone(whole)
		bad[at] ^= 1
		if _, err := Parse(bad); !errors.Is(err, want) {
			t.Errorf("byte %d changed: %v, want %v", at, err, want)
		}
	}
	x, err := Parse(slices.Clone(whole))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range x.sums {
		bad := slices.Clone(whole)
		bad[s.off+s.length/2] ^= 1
		if y, err := Parse(bad); err != nil || !errors.Is(y.Verify(), ErrDamaged) {
			t.Errorf("section %s changed: %v", s.name, err)
		}
	}
}

// TestParts: values, texts and rows that fill several parts are found.
func TestParts(t *testing.T) {
	b := NewBuilder([2]uint64{3, 4})
	long := bytes.Repeat([]byte("x"), 4000)
	const n = 9000 // more than two parts of 16 MiB
	for i := range n {
		if !b.Add(1, binary.BigEndian.AppendUint32(slices.Clone(long), uint32(i)), Row{Note: b.Intern(binary.BigEndian.AppendUint32(slices.Clone(long), uint32(i)))}) {
			t.Fatal("full")
		}
	}
	for range MaxRows + 5 {
		b.Add(2, []byte("often"), Row{})
	}
	x, more := b.Seal()
	if more != 5 || x.Values() != n+1 || x.Len() != n+MaxRows {
		t.Fatalf("%d rows, %d values, %d left out", x.Len(), x.Values(), more)
	}
	y, err := Parse(write(t, x))
	if err != nil || y.Verify() != nil {
		t.Fatal(err, y.Verify())
	}
	for i := range n {
		at, ok := y.Find(1, binary.BigEndian.AppendUint32(slices.Clone(long), uint32(i)))
		if g, ok2 := y.Group(at); !ok || !ok2 || g.Len() != 1 {
			t.Fatalf("value %d is not found", i)
		} else {
			for r := range g.Rows {
				if note := y.Text(r.Note); len(note) != 4004 || binary.BigEndian.Uint32(note[4000:]) != uint32(i) {
					t.Fatalf("value %d has another's note", i)
				}
			}
		}
	}
	if at, ok := y.Find(2, []byte("often")); !ok {
		t.Error("the value of many rows is not found")
	} else if g, _ := y.Group(at); g.Len() != MaxRows {
		t.Errorf("it has %d rows", g.Len())
	}
}

// FuzzParse: whatever a file holds, looking things up in it ends, and yields
// keys and texts that lie within it.
func FuzzParse(f *testing.F) {
	whole := write(f, sample(f))
	f.Add(uint32(0), []byte{})
	f.Add(uint32(sectionsAt+24), []byte{0xff, 0xff, 0xff})
	f.Add(uint32(pageSize), bytes.Repeat([]byte{0xff}, 300))
	f.Add(uint32(2*pageSize), bytes.Repeat([]byte{0x80}, 300))
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		data := slices.Clone(whole)
		copy(data[int(at)%len(data):], change)
		seal(data) // else nothing but the checksum is tried
		x, err := Parse(data)
		if err != nil {
			if x != nil {
				t.Fatal("an error comes with an index")
			}
			return
		}
		for i := range 50 {
			key := fmt.Appendf(nil, "value-%d", i)
			if p, ok := x.Find(uint8(1+i%3), key); ok {
				g, ok := x.Group(p)
				if ok && !bytes.Equal(g.Key, key) {
					t.Fatalf("found %q for %q", g.Key, key)
				}
				for r := range g.Rows {
					x.Text(r.Meta)
					x.Text(r.Note)
				}
			}
		}
		n := 0
		for g := range x.All {
			n += 1 + len(g.Key)
		}
		if n > 2*len(data) {
			t.Fatalf("%d bytes of values out of %d", n, len(data))
		}
		_ = x.Verify()
	})
}

// made is an index of n generated values of 16, 20 and 32 bytes, mapped from a file.
func made(b *testing.B, n int) (*Index, [][]byte) {
	b.Helper()
	build := NewBuilder([2]uint64{rand.Uint64(), rand.Uint64()})
	r := rand.New(rand.NewPCG(1, 2))
	meta := build.Intern(bytes.Repeat([]byte("m"), 60))
	keys := make([][]byte, 1<<16)
	for i := range n {
		key := make([]byte, [...]int{16, 20, 32}[i%3])
		for j := 0; j < 16; j += 8 {
			binary.LittleEndian.PutUint64(key[j:], r.Uint64())
		}
		if i%(n/len(keys)) == 0 && i/(n/len(keys)) < len(keys) {
			keys[i/(n/len(keys))] = append([]byte{uint8(1 + i%3)}, key...)
		}
		build.Add(uint8(1+i%3), key, Row{Meta: meta, Line: uint32(i)})
	}
	x, _ := build.Seal()
	name := filepath.Join(b.TempDir(), "x")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(x.Write(f, [32]byte{}), f.Close()); err != nil {
		b.Fatal(err)
	}
	y, err := Open(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = y.Close() })
	return y, keys
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1_000_000, 10_000_000} {
		x, keys := made(b, n)
		rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		b.Run(fmt.Sprintf("%d/stranger", n), func(b *testing.B) {
			var key [20]byte
			for i := 0; b.Loop(); i++ {
				binary.LittleEndian.PutUint64(key[:], uint64(i)*mul2)
				x.Find(1, key[:])
			}
		})
		b.Run(fmt.Sprintf("%d/listed", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				k := keys[i&(len(keys)-1)]
				if _, ok := x.Find(k[0], k[1:]); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}
