// Package search finds many short rows of bytes in one pass over data:
//
//	var b search.Builder
//	id := b.Add([]byte("evil"), search.Check{At: 4, Value: 0x0021, Mask: 0xffff})
//	s := b.Build()
//	s.Scan(data, func(id int32, pos int) bool { … return true })
//
// It is a filter with few false hits, not an exact matcher: the case of
// letters is not looked at, and what stands around a row only as far as its
// Check says. The caller verifies. The cost hardly depends on how many rows
// there are: at each position four bytes are hashed into one table of bits, and
// the few that pass are looked up.
package search

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// maxLen is how many bytes of a row are looked at.
const maxLen = 4

// The table of bits has 2 to the power of minBits to maxBits: 2 KB to 1 MB,
// which stays in the cache.
const (
	minBits = 14
	maxBits = 23
)

// Check is four bytes near a row that must be as Value says where Mask has a
// bit. At counts from the row's first byte.
type Check struct {
	At          int32
	Value, Mask uint32
}

// at tells whether the check holds for a row at pos. What does not fit into the
// data does not hold.
func (c *Check) at(data []byte, pos int) bool {
	if c.Mask == 0 {
		return true
	}
	pos += int(c.At)
	if pos < 0 {
		return false
	}
	if pos+4 <= len(data) {
		return binary.LittleEndian.Uint32(data[pos:])&c.Mask == c.Value
	}
	var w [4]byte
	if pos < len(data) {
		copy(w[:], data[pos:])
	}
	// Bytes behind the end have no value that a mask could ask for.
	missing := 4 - max(0, len(data)-pos)
	return c.Mask>>(32-8*missing) == 0 && binary.LittleEndian.Uint32(w[:])&c.Mask == c.Value
}

// row is what is searched for.
type row struct {
	key   uint32
	len   uint8
	id    int32
	check Check
}

// Builder collects what is searched for.
type Builder struct {
	rows []row
	load map[uint64]int // rows by key and length
}

// fold makes capital letters small, four bytes at once; some other marks become
// one too, but digits, spaces and zeros stay apart.
func fold(w uint32) uint32 { return w | w&0x40404040>>1 }

// unfold is what folds to b.
func unfold(b byte) []byte {
	if b&0x60 == 0x60 {
		return []byte{b, b &^ 0x20}
	}
	return []byte{b}
}

func mask(n int) uint32 { return uint32(1<<(8*uint(n)) - 1) }

func key(b []byte) uint32 {
	var w [maxLen]byte
	copy(w[:], b)
	return fold(binary.LittleEndian.Uint32(w[:]))
}

func loadKey(b []byte) uint64 { return uint64(key(b))<<8 | uint64(len(b)) }

// Folded is how the search sees one byte.
func Folded(b byte) byte { return b | b&0x40>>1 }

// Load tells how many rows with the same bytes there are, so that a caller who
// can choose finds a lonely one.
func (b *Builder) Load(bytes []byte) int { return b.load[loadKey(bytes)] }

// Add asks for bytes, 1 to 4 of them. The result is a number that Scan gives
// back: they count from zero.
func (b *Builder) Add(bytes []byte, c Check) int32 {
	if len(bytes) == 0 || len(bytes) > maxLen {
		panic("search: a row has 1 to 4 bytes")
	}
	if b.load == nil {
		b.load = map[uint64]int{}
	}
	id := int32(len(b.rows))
	c.Value &= c.Mask
	b.rows = append(b.rows, row{key(bytes), uint8(len(bytes)), id, c})
	b.load[loadKey(bytes)]++
	return id
}

// Searcher searches. It is not changed and can be used by many at once.
type Searcher struct {
	filter []uint64 // bits, by hash of four bytes
	shift  uint
	slots  []slot // open addressing, by another hash of them
	long   []row  // by key

	// Shorter rows: bits by their first two bytes (of rows of one, with every
	// second byte), and where they stand in short.
	pairs  [1 << 16 / 64]uint64
	byPair []int32 // one more than the index in short; 0: none
	short  [][]row
}

// Row is the bytes of a row as the search sees them.
func (s *Searcher) Row(id int32) []byte {
	for _, list := range append([][]row{s.long}, s.short...) {
		for _, r := range list {
			if r.id == id {
				return []byte{byte(r.key), byte(r.key >> 8), byte(r.key >> 16), byte(r.key >> 24)}[:r.len]
			}
		}
	}
	return nil
}

type slot struct {
	key      uint32
	from, to uint32 // in long; to is 0 in an empty slot
}

// Build makes the Searcher.
func (b *Builder) Build() *Searcher {
	s := &Searcher{byPair: make([]int32, 1<<16)}
	for _, r := range b.rows {
		if r.len == maxLen {
			s.long = append(s.long, r)
		} else {
			s.addShort(r)
		}
	}
	s.index()
	return s
}

func (s *Searcher) addShort(r row) {
	second := []byte{byte(r.key >> 8)}
	if r.len == 1 {
		second = second[:0]
		for c := range 256 {
			if fold(uint32(c)) == uint32(c) {
				second = append(second, byte(c))
			}
		}
	}
	for _, c := range second {
		pair := r.key&0xff | uint32(c)<<8
		n := s.byPair[pair]
		if n == 0 {
			s.short = append(s.short, nil)
			n = int32(len(s.short))
			s.byPair[pair] = n
			// Every way to write the two bytes is a bit, so that they need not
			// be folded for the look.
			for _, lo := range unfold(byte(pair)) {
				for _, hi := range unfold(c) {
					v := uint32(lo) | uint32(hi)<<8
					s.pairs[v>>6] |= 1 << (v & 63)
				}
			}
		}
		s.short[n-1] = append(s.short[n-1], r)
	}
}

func hash(w uint32) uint32 { return w * 0x9E3779B1 }

// index lays out the rows of four bytes.
func (s *Searcher) index() {
	slices.SortStableFunc(s.long, func(a, b row) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return int(a.id - b.id)
	})
	n := min(max(bits.Len(uint(len(s.long)))+5, minBits), maxBits)
	s.filter = make([]uint64, 1<<n/64)
	s.shift = uint(32 - n)
	s.slots = make([]slot, 1<<max(bits.Len(uint(len(s.long)))+1, 4))
	for i := 0; i < len(s.long); {
		j := i + 1
		for j < len(s.long) && s.long[j].key == s.long[i].key {
			j++
		}
		h := hash(s.long[i].key) >> s.shift
		s.filter[h>>6] |= 1 << (h & 63)
		p := s.home(s.long[i].key)
		for s.slots[p].to != 0 {
			p = (p + 1) & (len(s.slots) - 1)
		}
		s.slots[p] = slot{s.long[i].key, uint32(i), uint32(j)}
		i = j
	}
}

func (s *Searcher) home(key uint32) int { return int(key*0x85EBCA6B>>7) & (len(s.slots) - 1) }

// Scan calls hit for every row that may stand at a position, in order of
// positions. It ends early when hit returns false.
func (s *Searcher) Scan(data []byte, hit func(id int32, pos int) bool) {
	i, last := 0, len(data)-maxLen
	filter, shift, pairs := s.filter, s.shift, &s.pairs
	for ; i <= last; i++ {
		raw := binary.LittleEndian.Uint32(data[i:])
		w := fold(raw)
		h := hash(w) >> shift
		if filter[h>>6]>>(h&63)&1 != 0 && !s.look(w, data, i, hit) {
			return
		}
		if pairs[raw>>6&(1<<10-1)]>>(raw&63)&1 != 0 && !s.lookShort(w, data, i, hit) {
			return
		}
	}
	for ; i < len(data); i++ { // the last bytes have no four after them
		if !s.lookShort(key(data[i:]), data, i, hit) {
			return
		}
	}
}

// look gives all rows of four bytes with this key.
func (s *Searcher) look(key uint32, data []byte, pos int, hit func(id int32, pos int) bool) bool {
	for p := s.home(key); s.slots[p].to != 0; p = (p + 1) & (len(s.slots) - 1) {
		e := &s.slots[p]
		if e.key != key {
			continue
		}
		rows := s.long[e.from:e.to]
		for i := range rows {
			if rows[i].check.at(data, pos) && !hit(rows[i].id, pos) {
				return false
			}
		}
		break
	}
	return true
}

// lookShort gives all shorter rows that fit into the data.
func (s *Searcher) lookShort(w uint32, data []byte, pos int, hit func(id int32, pos int) bool) bool {
	n := s.byPair[w&0xffff]
	if n == 0 {
		return true
	}
	rows := s.short[n-1]
	for i := range rows {
		r := &rows[i]
		if int(r.len) <= len(data)-pos && w&mask(int(r.len)) == r.key && r.check.at(data, pos) && !hit(r.id, pos) {
			return false
		}
	}
	return true
}
