package intel

import (
	"hash/maphash"
	"math/bits"
)

// table finds the entry of a key. It is an open-addressing hash table of 64-bit
// slots (32 bits of hash, 32 bits of entry number) behind a Bloom filter whose
// blocks are one cache line, so that a value nobody listed costs one memory
// access. Look-ups allocate nothing and may run at the same time.
type table struct {
	seed  maphash.Seed
	bloom [][8]uint64
	slots []uint64
	mask  uint64
}

const (
	bloomBitsPerKey = 16 // with bloomProbes, about 0.1 % of strangers pass
	bloomProbes     = 6
	blockBits       = 512
)

// newTable makes a table for at most n keys; it is at most two thirds full.
func newTable(seed maphash.Seed, n int) *table {
	size := uint64(16)
	for size*2 < uint64(n)*3 {
		size *= 2
	}
	return &table{
		seed:  seed,
		bloom: make([][8]uint64, n*bloomBitsPerKey/blockBits+1),
		slots: make([]uint64, size),
		mask:  size - 1,
	}
}

// hash is the 64-bit hash of a key of one kind. It is keyed at random, so a
// feed cannot be written to collide.
func (t *table) hash(k Kind, key []byte) uint64 {
	h := maphash.Bytes(t.seed, key) ^ uint64(k)*0x9e3779b97f4a7c15
	hi, lo := bits.Mul64(h, 0xd6e8feb86659fd93)
	return hi ^ lo
}

// block picks the filter block of a hash.
func (t *table) block(h uint64) *[8]uint64 {
	i, _ := bits.Mul64(h, uint64(len(t.bloom)))
	return &t.bloom[i]
}

// maybe tells whether the filter has seen h.
func (t *table) maybe(h uint64) bool {
	b, p := t.block(h), h*0x9e3779b97f4a7c15
	for range bloomProbes {
		bit := p >> (64 - 9)
		if b[bit>>6]&(1<<(bit&63)) == 0 {
			return false
		}
		p <<= 9
	}
	return true
}

// insert adds an entry whose key is not in the table.
func (t *table) insert(h uint64, entry uint32) {
	b, p := t.block(h), h*0x9e3779b97f4a7c15
	for range bloomProbes {
		bit := p >> (64 - 9)
		b[bit>>6] |= 1 << (bit & 63)
		p <<= 9
	}
	i := h & t.mask
	for t.slots[i] != 0 {
		i = (i + 1) & t.mask
	}
	t.slots[i] = h>>32<<32 | uint64(entry+1)
}
