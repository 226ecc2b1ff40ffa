// Package index holds what is known of millions of values in flat bytes that
// are looked up where they lie, in memory or in a file that is mapped:
//
//	b := index.NewBuilder(seed)
//	b.Add(kind, key, index.Row{Meta: b.Intern(meta), Line: 7})
//	x, _ := b.Seal()
//	err := x.Write(w, digest)        // and another process:
//	x, err := index.Open("feeds.lwi")
//	g, ok := x.Lookup(kind, key)
//
// A value that nobody listed costs one cache line of a blocked Bloom filter
// (F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom
// Filters", 2007). A listed one costs two more: a bucket of eight slots of 24
// bits of hash and 40 of position, and the record, in which the key, the sources
// and the rest stand side by side. The format of the file is in docs/adr/0017.
//
// An Index is not changed after Seal or Open and may be used by many goroutines
// at once. Nothing in a file is trusted: every length is checked where it is
// used, and a damaged file finds less, never more, and does not panic.
package index

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// Bounds of what is kept.
const (
	MaxKey  = 4096    // bytes of one value
	MaxRows = 1 << 16 // rows of one value

	chunkBits = 24 // records and dictionary are cut into pieces of 16 MiB
	chunkSize = 1 << chunkBits
	maxProbe  = 64 // buckets that are looked at for one value
	maxPlace  = 1<<40 - 1
)

// Index is values with the rows that speak of them.
type Index struct {
	seed    [2]uint64
	filter  []byte // blocks of 64 bytes
	blocks  uint64
	table   []byte // buckets of 64 bytes
	buckets uint64
	records pieces
	dict    pieces
	extra   map[string][]byte

	rows, values uint64
	digest       [32]byte
	sums         []section // of a file, to be checked by Verify
	unmap        func() error
}

// pieces are bytes in parts of chunkSize, the last one shorter. What begins in
// one part ends in it.
type pieces [][]byte

// at is everything from a position to the end of its part.
func (p pieces) at(pos uint64) []byte {
	i := pos >> chunkBits
	if i >= uint64(len(p)) {
		return nil
	}
	off := pos & (chunkSize - 1)
	if off >= uint64(len(p[i])) {
		return nil
	}
	return p[i][off:]
}

// Place says where the record of a value is.
type Place uint64

// Row is what one line of one source says of a value. Meta, Note and Times are
// texts of the dictionary, which rows share.
type Row struct {
	Meta, Note, Times uint64
	Line              uint32
}

// Group is a value with all rows that speak of it.
type Group struct {
	Place Place
	Kind  uint8
	Key   []byte // belongs to the index
	n     uint64
	rows  []byte
}

// Len is how many rows an index has.
func (x *Index) Len() int { return int(x.rows) }

// Values is how many different values it has.
func (x *Index) Values() int { return int(x.values) }

// Digest names the feeds that a file was made of.
func (x *Index) Digest() [32]byte { return x.digest }

// Extra is what was stored beside the values under a name, or nil.
func (x *Index) Extra(name string) []byte { return x.extra[name] }

// Close gives a mapped file back. Nothing of the index may be used after it.
func (x *Index) Close() error {
	if x == nil || x.unmap == nil {
		return nil
	}
	f := x.unmap
	x.unmap = nil
	return f()
}

const (
	mul1 = 0x9e3779b97f4a7c15
	mul2 = 0xd6e8feb86659fd93
	mul3 = 0xa0761d6478bd642f
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hash is the keyed 64-bit hash of a value, of the kind of wyhash (Wang Yi):
// products of 64 by 64 bits, folded.
func hash(seed [2]uint64, kind uint8, key []byte) uint64 {
	n := uint64(len(key))
	h := seed[0] ^ (uint64(kind)+1)*mul1
	for len(key) > 16 {
		h = mix(binary.LittleEndian.Uint64(key)^seed[1], binary.LittleEndian.Uint64(key[8:])^h)
		key = key[16:]
	}
	var a, b uint64
	switch k := len(key); {
	case k >= 8:
		a, b = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[k-8:])
	case k >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[k-4:]))
	case k > 0:
		a = uint64(key[0])<<16 | uint64(key[k>>1])<<8 | uint64(key[k-1])
	}
	h = mix(a^seed[1], b^h)
	return mix(h^mul3, seed[0]^n*mul2)
}

const (
	filterBits   = 12 // of the filter for each value
	filterProbes = 5  // with twelve bits, one stranger in two hundred passes
)

// maybe tells whether the filter has seen h. It looks at all bits before it
// decides: a branch for each would be guessed wrongly, and the processor would
// not begin with the next value while it waits for memory.
func (x *Index) maybe(h uint64) bool {
	i, _ := bits.Mul64(h, x.blocks)
	b := x.filter[i*64 : i*64+64 : i*64+64]
	p := h * mul1
	all := b[p>>58] >> (p >> 55 & 7)
	p <<= 9
	all &= b[p>>58] >> (p >> 55 & 7)
	p <<= 9
	all &= b[p>>58] >> (p >> 55 & 7)
	p <<= 9
	all &= b[p>>58] >> (p >> 55 & 7)
	p <<= 9
	all &= b[p>>58] >> (p >> 55 & 7)
	return all&1 != 0
}

// Find tells where the record of a value is.
func (x *Index) Find(kind uint8, key []byte) (Place, bool) {
	h := hash(x.seed, kind, key)
	if !x.maybe(h) {
		return 0, false
	}
	return x.probe(h, kind, key)
}

// probe looks for a value in the table, all slots of a bucket at once.
func (x *Index) probe(h uint64, kind uint8, key []byte) (Place, bool) {
	i, _ := bits.Mul64(h, x.buckets)
	tag := h << 40
	for range maxProbe {
		b := x.table[i*64 : i*64+64 : i*64+64]
		same, free := uint64(0), uint64(0)
		for j := range 8 {
			slot := binary.LittleEndian.Uint64(b[j*8:])
			same |= ((slot^tag)>>40 - 1) >> 63 << j
			free |= (slot&maxPlace - 1) >> 63 << j
		}
		for same &^= free; same != 0; same &= same - 1 {
			pos := binary.LittleEndian.Uint64(b[bits.TrailingZeros64(same)&7*8:]) & maxPlace
			if x.holds(pos, kind, key) {
				return Place(pos), true
			}
		}
		if free != 0 {
			return 0, false
		}
		if i++; i == x.buckets {
			i = 0
		}
	}
	return 0, false
}

// holds tells whether the record at pos is of that value.
func (x *Index) holds(pos uint64, kind uint8, key []byte) bool {
	b := x.records.at(pos)
	if len(b) < 2+len(key) || b[0] != kind {
		return false
	}
	n, w := uvarint(b[1:])
	return w > 0 && n == uint64(len(key)) && uint64(len(b)-1-w) >= n && string(b[1+w:1+w+len(key)]) == string(key)
}

// uvarint is binary.Uvarint with the short form first.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// errRecord is what a damaged record is.
var errRecord = errors.New("index: a record that is damaged")

// Group reads the record at a place.
func (x *Index) Group(at Place) (Group, bool) {
	g, _, err := readGroup(x.records.at(uint64(at)))
	g.Place = at
	return g, err == nil && g.Kind&dead == 0
}

// dead marks records that a later one, with the rows of several sources, stands for.
const dead = 0x80

// readGroup reads a record and tells its length.
func readGroup(b []byte) (g Group, size int, err error) {
	if len(b) == 0 {
		return g, 0, errRecord
	}
	g.Kind = b[0]
	n, w := uvarint(b[1:])
	if w <= 0 || n > MaxKey || uint64(len(b)-1-w) < n {
		return g, 0, errRecord
	}
	at := 1 + w
	g.Key = b[at : at+int(n) : at+int(n)]
	at += int(n)
	rows, w := uvarint(b[at:])
	if w <= 0 || rows > MaxRows {
		return g, 0, errRecord
	}
	at += w
	g.n, g.rows = rows, b[at:]
	end := at
	for range rows {
		_, w, ok := readRow(b[end:])
		if !ok {
			return g, 0, errRecord
		}
		end += w
	}
	g.rows = b[at:end:end]
	return g, end, nil
}

func readRow(b []byte) (r Row, size int, ok bool) {
	var v [4]uint64
	for i := range v {
		n, w := uvarint(b[size:])
		if w <= 0 {
			return r, 0, false
		}
		v[i], size = n, size+w
	}
	return Row{v[0], v[1], v[2], uint32(v[3])}, size, true
}

// Rows yields the rows of a value in the order they were read.
func (g *Group) Rows(yield func(Row) bool) {
	b := g.rows
	for range g.n {
		r, w, ok := readRow(b)
		if !ok || !yield(r) {
			return
		}
		b = b[w:]
	}
}

// Len is how many rows speak of the value.
func (g *Group) Len() int { return int(g.n) }

// Text is a text of the dictionary; it belongs to the index.
func (x *Index) Text(pos uint64) []byte {
	b := x.dict.at(pos)
	n, w := uvarint(b)
	if w <= 0 || uint64(len(b)-w) < n {
		return nil
	}
	return b[w : w+int(n) : w+int(n)]
}

// All yields every value. Those that several rows speak of come after the
// others; each has its rows in the order they were read.
func (x *Index) All(yield func(Group) bool) {
	for i, part := range x.records {
		off := 0
		if i == 0 {
			off = 1
		}
		for off < len(part) {
			if part[off] == 0 {
				break // nothing more in this part
			}
			g, n, err := readGroup(part[off:])
			if err != nil {
				break
			}
			g.Place = Place(uint64(i)<<chunkBits | uint64(off))
			if g.Kind&dead == 0 && !yield(g) {
				return
			}
			off += n
		}
	}
}
