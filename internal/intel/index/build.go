package index

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Builder gathers rows. It holds them in the form in which they are looked up
// later, about 30 bytes for a row of a short value.
type Builder struct {
	x        *Index
	interned map[string]uint64
	buf      []byte
}

// maxInterned is how many texts of the dictionary are remembered at a time, so
// that they are not stored twice. After that many the builder forgets them.
const maxInterned = 1 << 20

// NewBuilder makes an empty builder. The seed keys the hash: who writes a feed
// must not know it.
func NewBuilder(seed [2]uint64) *Builder {
	b := &Builder{x: &Index{seed: seed, extra: map[string][]byte{}}, interned: map[string]uint64{}}
	b.x.records.add([]byte{0}) // position 0 means an empty slot; a part that begins with 0 is read from 1
	b.x.dict.add([]byte{0})    // position 0 is the empty text
	return b
}

// add appends what must lie in one part, and says where; false when it is too large.
func (p *pieces) add(s []byte) (pos uint64, ok bool) {
	last := len(*p) - 1
	switch {
	case len(s) > chunkSize-1:
		return 0, false
	case last < 0:
		*p = append(*p, nil)
		last = 0
	case len((*p)[last])+len(s) > chunkSize:
		pad := (*p)[last]
		(*p)[last] = pad[:cap(pad)][:min(cap(pad), chunkSize)]
		clear((*p)[last][len(pad):])
		for len((*p)[last]) < chunkSize {
			(*p)[last] = append((*p)[last], make([]byte, chunkSize-len((*p)[last]))...)
		}
		*p = append(*p, make([]byte, 0, chunkSize))
		last++
	}
	pos = uint64(last)<<chunkBits | uint64(len((*p)[last]))
	(*p)[last] = append((*p)[last], s...)
	return pos, pos < maxPlace
}

// Intern puts a text into the dictionary.
func (b *Builder) Intern(s []byte) uint64 {
	if len(s) == 0 {
		return 0
	}
	if pos, ok := b.interned[string(s)]; ok {
		return pos
	}
	if len(b.interned) >= maxInterned {
		clear(b.interned)
	}
	b.buf = append(binary.AppendUvarint(b.buf[:0], uint64(len(s))), s...)
	pos, ok := b.x.dict.add(b.buf)
	if !ok {
		return 0
	}
	b.interned[string(s)] = pos
	return pos
}

// Len is how many rows were added.
func (b *Builder) Len() int { return int(b.x.rows) }

// Add adds a row. kind is from 1 to 127. It reports false when the index is
// full or the value too long.
func (b *Builder) Add(kind uint8, key []byte, r Row) bool {
	if len(key) > MaxKey || kind == 0 || kind >= dead {
		return false
	}
	b.buf = append(b.buf[:0], kind)
	b.buf = append(binary.AppendUvarint(b.buf, uint64(len(key))), key...)
	b.buf = appendRow(append(b.buf, 1), r)
	if _, ok := b.x.records.add(b.buf); !ok {
		return false
	}
	b.x.rows++
	return true
}

func appendRow(dst []byte, r Row) []byte {
	dst = binary.AppendUvarint(dst, r.Meta)
	dst = binary.AppendUvarint(dst, r.Note)
	dst = binary.AppendUvarint(dst, r.Times)
	return binary.AppendUvarint(dst, uint64(r.Line))
}

// again is a row whose value an earlier record has.
type again struct{ first, pos uint64 }

// Seal makes the table and brings the rows of one value together. more is how
// many rows were left out because they are beyond MaxRows of their value. The
// builder is of no use afterwards.
func (b *Builder) Seal() (x *Index, more int) {
	x = b.x
	b.interned, b.x = nil, nil
	for perBucket := uint64(6); ; perBucket-- {
		x.buckets = x.rows/perBucket + 1
		x.table = make([]byte, x.buckets*64)
		x.blocks = x.rows*filterBits/512 + 1
		x.filter = make([]byte, x.blocks*64)
		x.values = 0
		if seen, ok := x.enter(); ok {
			return x, x.merge(seen)
		}
	}
}

// enter puts every record into table and filter. It reports false when one
// finds no room within maxProbe buckets.
func (x *Index) enter() (seen []again, ok bool) {
	for i, part := range x.records {
		off := 0
		if i == 0 {
			off = 1
		}
		for off < len(part) && part[off] != 0 {
			g, n, err := readGroup(part[off:])
			if err != nil {
				panic(err) // we wrote it
			}
			pos := uint64(i)<<chunkBits | uint64(off)
			h := hash(x.seed, g.Kind, g.Key)
			if first, ok := x.probe(h, g.Kind, g.Key); ok {
				seen = append(seen, again{uint64(first), pos})
			} else {
				if !x.insert(h, pos) {
					return nil, false
				}
				x.values++
			}
			off += n
		}
	}
	return seen, true
}

func (x *Index) insert(h, pos uint64) bool {
	f, _ := bits.Mul64(h, x.blocks)
	block, p := x.filter[f*64:f*64+64], h*mul1
	for range filterProbes {
		bit := p >> (64 - 9)
		block[bit>>3] |= 1 << (bit & 7)
		p <<= 9
	}
	i, _ := bits.Mul64(h, x.buckets)
	for range maxProbe {
		b := x.table[i*64 : i*64+64]
		for j := 0; j < 64; j += 8 {
			if binary.LittleEndian.Uint64(b[j:]) == 0 {
				binary.LittleEndian.PutUint64(b[j:], h<<40|pos)
				return true
			}
		}
		if i++; i == x.buckets {
			i = 0
		}
	}
	return false
}

// merge writes a record for every value with more than one row, after the
// others, and marks those that it stands for.
func (x *Index) merge(seen []again) (more int) {
	slices.SortStableFunc(seen, func(a, b again) int { return cmp.Compare(a.first, b.first) })
	var rows, buf []byte
	for len(seen) > 0 {
		first := seen[0].first
		n := slices.IndexFunc(seen, func(a again) bool { return a.first != first })
		if n < 0 {
			n = len(seen)
		}
		g, _, err := readGroup(x.records.at(first))
		if err != nil {
			panic(err) // we wrote it
		}
		rows = append(rows[:0], g.rows...)
		kept := uint64(1)
		for _, a := range seen[:n] {
			at := x.records.at(a.pos)
			one, _, err := readGroup(at)
			if err != nil {
				panic(err)
			}
			at[0] |= dead
			if kept == MaxRows {
				more++
				continue
			}
			kept++
			rows = append(rows, one.rows...)
		}
		buf = append(buf[:0], g.Kind)
		buf = append(binary.AppendUvarint(buf, uint64(len(g.Key))), g.Key...)
		buf = append(binary.AppendUvarint(buf, kept), rows...)
		if pos, ok := x.records.add(buf); ok {
			x.move(hash(x.seed, g.Kind, g.Key), first, pos)
			x.records.at(first)[0] |= dead
		}
		seen = seen[n:]
	}
	x.rows -= uint64(more)
	return more
}

// move changes the place of a record in the table.
func (x *Index) move(h, from, to uint64) {
	i, _ := bits.Mul64(h, x.buckets)
	for {
		b := x.table[i*64 : i*64+64]
		for j := 0; j < 64; j += 8 {
			if binary.LittleEndian.Uint64(b[j:])&maxPlace == from {
				binary.LittleEndian.PutUint64(b[j:], h<<40|to)
				return
			}
		}
		if i++; i == x.buckets {
			i = 0
		}
	}
}

// SetExtra stores something beside the values of an index that was just made.
func (x *Index) SetExtra(name string, data []byte) { x.extra[name] = data }
