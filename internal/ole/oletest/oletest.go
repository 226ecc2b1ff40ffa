// Package oletest writes small compound files (MS-CFB) for tests: version 3,
// sectors of 512 bytes, every stream in whole sectors or, below 4096 bytes, in
// the small ones.
package oletest

import (
	"encoding/binary"
	"unicode/utf16"
)

// Storage is a storage with what it holds, in order.
type Storage struct {
	Name     string
	Streams  []Stream
	Storages []Storage
}

// Stream is a named run of bytes.
type Stream struct {
	Name string
	Data []byte
}

const (
	sector = 512
	small  = 64
	cutoff = 4096
	free   = 0xffffffff
	last   = 0xfffffffe
	fatSec = 0xfffffffd
)

type entry struct {
	name               string
	kind               byte
	child, right, from uint32
	size               uint64
}

type builder struct {
	entries []entry
	fat     []uint32
	body    []byte
	mini    []byte
	minifat []uint32
}

// Build writes the file of a root storage.
func Build(root Storage) []byte {
	b := &builder{entries: []entry{{name: "Root Entry", kind: 5, child: free, right: free, from: last}}}
	b.storage(0, root)
	if len(b.mini) > 0 {
		b.entries[0].from, b.entries[0].size = b.put(b.mini), uint64(len(b.mini))
	}
	mf := uint32(last)
	if len(b.minifat) > 0 {
		var raw []byte
		for _, n := range b.minifat {
			raw = binary.LittleEndian.AppendUint32(raw, n)
		}
		for len(raw)%sector != 0 {
			raw = append(raw, 0xff)
		}
		mf = b.put(raw)
	}
	var dir []byte
	for _, e := range b.entries {
		dir = append(dir, e.bytes()...)
	}
	for len(dir)%sector != 0 {
		dir = append(dir, (&entry{child: free, right: free}).bytes()...)
	}
	d := b.put(dir)
	n := 1 // sectors of the table, which describe themselves too
	for n*(sector/4) < len(b.fat)+n {
		n++
	}
	first := uint32(len(b.fat))
	for range n {
		b.fat = append(b.fat, fatSec)
	}
	for len(b.fat)%(sector/4) != 0 {
		b.fat = append(b.fat, free)
	}
	for _, x := range b.fat {
		b.body = binary.LittleEndian.AppendUint32(b.body, x)
	}
	h := []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	h = append(h, make([]byte, 16)...)
	for _, v := range []uint16{0x3e, 3, 0xfffe, 9, 6, 0, 0, 0} {
		h = binary.LittleEndian.AppendUint16(h, v)
	}
	for _, v := range []uint32{0, uint32(n), d, 0, cutoff, mf, uint32((len(b.minifat)*4 + sector - 1) / sector), last, 0} {
		h = binary.LittleEndian.AppendUint32(h, v)
	}
	for i := range 109 {
		v := uint32(free)
		if i < n {
			v = first + uint32(i)
		}
		h = binary.LittleEndian.AppendUint32(h, v)
	}
	return append(h, b.body...)
}

func (b *builder) storage(id int, s Storage) {
	prev := -1
	link := func(n int) {
		if prev < 0 {
			b.entries[id].child = uint32(n)
		} else {
			b.entries[prev].right = uint32(n)
		}
		prev = n
	}
	for _, st := range s.Streams {
		link(len(b.entries))
		e := entry{name: st.Name, kind: 2, child: free, right: free, from: last, size: uint64(len(st.Data))}
		switch {
		case len(st.Data) == 0:
		case len(st.Data) < cutoff:
			e.from = b.putSmall(st.Data)
		default:
			e.from = b.put(st.Data)
		}
		b.entries = append(b.entries, e)
	}
	for _, sub := range s.Storages {
		n := len(b.entries)
		link(n)
		b.entries = append(b.entries, entry{name: sub.Name, kind: 1, child: free, right: free})
		b.storage(n, sub)
	}
}

func (b *builder) put(data []byte) uint32 {
	from := uint32(len(b.fat))
	for off := 0; off < len(data); off += sector {
		piece := make([]byte, sector)
		copy(piece, data[off:])
		b.body = append(b.body, piece...)
		b.fat = append(b.fat, uint32(len(b.fat)+1))
	}
	b.fat[len(b.fat)-1] = last
	return from
}

func (b *builder) putSmall(data []byte) uint32 {
	from := uint32(len(b.minifat))
	for off := 0; off < len(data); off += small {
		piece := make([]byte, small)
		copy(piece, data[off:])
		b.mini = append(b.mini, piece...)
		b.minifat = append(b.minifat, uint32(len(b.minifat)+1))
	}
	b.minifat[len(b.minifat)-1] = last
	return from
}

func (e *entry) bytes() []byte {
	out := make([]byte, 64, 128)
	u := utf16.Encode([]rune(e.name))
	for i, c := range u {
		binary.LittleEndian.PutUint16(out[2*i:], c)
	}
	n := 0
	if e.name != "" {
		n = 2*len(u) + 2
	}
	out = binary.LittleEndian.AppendUint16(out, uint16(n))
	out = append(out, e.kind, 1)
	for _, v := range []uint32{free, e.right, e.child} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	out = append(out, make([]byte, 36)...)
	out = binary.LittleEndian.AppendUint32(out, e.from)
	return binary.LittleEndian.AppendUint64(out, e.size)
}
