// Package search finds many short rows of bytes in one pass over data:
//
//	var b search.Builder
//	id := b.Add([]byte("evil"))
//	s := b.Build()
//	s.Scan(data, func(id, pos int32) bool { … return true })
//
// It is a filter with few false hits, not an exact matcher: the case of
// letters, and more generally bit 0x20 of every byte, is not looked at. The
// caller verifies. The cost hardly depends on how many rows there are: at each
// position four bytes are hashed into one table of bits, and the few that pass
// are looked up.
package search

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// fold is the bit of every byte that is not looked at.
const fold = 0x20202020

// maxLen is how many bytes of a row are looked at.
const maxLen = 4

// minBits is the size of the smallest table of bits, as a power of two.
const minBits = 14

// maxBits is the same for the largest: 1 MB, which stays in the cache.
const maxBits = 23

// row is what is searched for.
type row struct {
	key  uint32
	len  uint8
	size int
	id   int32
}

// Builder collects what is searched for.
type Builder struct {
	rows []row
	load map[uint64]int // rows by key and length
}

func fold4(b []byte) uint32 {
	var w [maxLen]byte
	copy(w[:], b)
	return (binary.LittleEndian.Uint32(w[:]) | fold) & mask(len(b))
}

func mask(n int) uint32 { return uint32(1<<(8*uint(n)) - 1) }

func loadKey(b []byte) uint64 { return uint64(fold4(b))<<8 | uint64(len(b)) }

// Load tells how many rows with the same bytes there are, so that a caller who
// can choose finds a lonely one.
func (b *Builder) Load(bytes []byte) int { return b.load[loadKey(bytes)] }

// Add asks for bytes, 1 to 4 of them. The result is a number that Scan gives
// back: they count from zero.
func (b *Builder) Add(bytes []byte) int32 {
	if len(bytes) == 0 || len(bytes) > maxLen {
		panic("search: a row has 1 to 4 bytes")
	}
	if b.load == nil {
		b.load = map[uint64]int{}
	}
	id := int32(len(b.rows))
	b.rows = append(b.rows, row{key: fold4(bytes), len: uint8(len(bytes)), id: id})
	b.load[loadKey(bytes)]++
	return id
}

// Searcher searches. It is not changed and can be used by many at once.
type Searcher struct {
	filter []uint64 // bits, by hash of four bytes
	shift  uint
	slots  []slot // open addressing, by the same hash
	ids    []int32

	// Rows of fewer than four bytes: bits by their first two bytes (all second
	// bytes, for rows of one), and where they stand in short.
	pairs   []uint64
	short   [][]row
	byPair  map[uint16]int32
	any     bool // whether there are rows of four
	anyPair bool
}

type slot struct {
	key      uint32
	from, to uint32 // in ids; to is 0 in an empty slot
}

// Build makes the Searcher.
func (b *Builder) Build() *Searcher {
	s := &Searcher{pairs: make([]uint64, 1<<16/64), byPair: map[uint16]int32{}}
	var long []row
	for _, r := range b.rows {
		if r.len == maxLen {
			long = append(long, r)
		} else {
			s.addShort(r)
		}
	}
	s.buildLong(long)
	return s
}

func (s *Searcher) addShort(r row) {
	s.anyPair = true
	last := 1
	if r.len == 1 {
		last = 256
	}
	for second := range last {
		pair := uint16(r.key)
		if r.len == 1 {
			if second&0x20 != 0 {
				continue
			}
			pair |= uint16(second) << 8
		}
		pair |= fold & 0xffff
		n, ok := s.byPair[pair]
		if !ok {
			n = int32(len(s.short))
			s.short = append(s.short, nil)
			s.byPair[pair] = n
			// Every way to write the two bytes is a bit, so that they need not
			// be folded for the look.
			for variant := range 4 {
				v := pair&^0x2020 | uint16(variant&1)<<5 | uint16(variant>>1)<<13
				s.pairs[v>>6] |= 1 << (v & 63)
			}
		}
		s.short[n] = append(s.short[n], r)
	}
}

func hash(w uint32) uint32 { return w * 0x9E3779B1 }

func (s *Searcher) buildLong(long []row) {
	slices.SortStableFunc(long, func(a, b row) int {
		if a.key != b.key {
			if a.key < b.key {
				return -1
			}
			return 1
		}
		return int(a.id - b.id)
	})
	s.any = len(long) > 0
	n := min(max(bits.Len(uint(len(long)))+5, minBits), maxBits)
	s.filter = make([]uint64, 1<<n/64)
	s.shift = uint(32 - n)
	s.slots = make([]slot, 1<<max(bits.Len(uint(len(long)))+1, 4))
	for i := 0; i < len(long); {
		j := i
		for ; j < len(long) && long[j].key == long[i].key; j++ {
			s.ids = append(s.ids, long[j].id)
		}
		h := hash(long[i].key) >> s.shift
		s.filter[h>>6] |= 1 << (h & 63)
		p := s.home(long[i].key)
		for ; s.slots[p].to != 0; p = (p + 1) & (len(s.slots) - 1) {
		}
		s.slots[p] = slot{long[i].key, uint32(len(s.ids) - (j - i)), uint32(len(s.ids))}
		i = j
	}
}

func (s *Searcher) home(key uint32) int {
	return int(key*0x85EBCA6B>>7) & (len(s.slots) - 1)
}

// Scan calls hit for every row that may stand at a position, in order of
// positions. It ends early when hit returns false.
func (s *Searcher) Scan(data []byte, hit func(id int32, pos int) bool) {
	if !s.any && !s.anyPair {
		return
	}
	i, last := 0, len(data)-maxLen
	filter, shift, pairs := s.filter, s.shift, (*[1 << 16 / 64]uint64)(s.pairs)
	for ; i <= last; i++ {
		w := binary.LittleEndian.Uint32(data[i:])
		h := hash(w|fold) >> shift
		if filter[h>>6]>>(h&63)&1 != 0 && !s.look(w|fold, i, hit) {
			return
		}
		if pairs[w>>6&(1<<10-1)]>>(w&63)&1 != 0 && !s.lookShort(w, maxLen, i, hit) {
			return
		}
	}
	for ; i < len(data); i++ { // the last bytes have no four after them
		var w [maxLen]byte
		copy(w[:], data[i:])
		if !s.lookShort(binary.LittleEndian.Uint32(w[:]), len(data)-i, i, hit) {
			return
		}
	}
}

// look gives all rows of four bytes with this key.
func (s *Searcher) look(key uint32, pos int, hit func(id int32, pos int) bool) bool {
	for p := s.home(key); s.slots[p].to != 0; p = (p + 1) & (len(s.slots) - 1) {
		if e := &s.slots[p]; e.key == key {
			for _, id := range s.ids[e.from:e.to] {
				if !hit(id, pos) {
					return false
				}
			}
			break
		}
	}
	return true
}

// lookShort gives all shorter rows, of which no more than n bytes are there.
func (s *Searcher) lookShort(w uint32, n, pos int, hit func(id int32, pos int) bool) bool {
	list, ok := s.byPair[uint16(w|fold)]
	if !ok {
		return true
	}
	for _, r := range s.short[list] {
		if int(r.len) <= n && (w|fold)&mask(int(r.len)) == r.key && !hit(r.id, pos) {
			return false
		}
	}
	return true
}
