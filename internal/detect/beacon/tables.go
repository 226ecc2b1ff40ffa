package beacon

import (
	"math"
	"math/bits"
	"net/netip"

	"longwatch/internal/record"
)

// Keys are 64-bit hashes of FNV-1a, mixed: the same evidence gives the same
// ones. Of pairs 32 bits are kept: one new pair in two thousand is taken for
// one of two million that are known.

func hashString(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h)
}

func hashAddr(a netip.Addr) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, b := range a.As16() {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	return mix(h)
}

// mix spreads h over all bits (the end of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func countBits(b uint64) int {
	n := bits.OnesCount64(b)
	if n == 64 {
		return 300
	}
	return int(math.Round(-64 * math.Log(1-float64(n)/64)))
}

// pairs remembers when a host was first seen with a peer, eight bytes each, so
// that peers seen once, of which there are most, cost little. It grows to its
// bound; then a bucket forgets what it has had for longest.
type pairs struct {
	slots []pairSlot
	used  int
	most  int
}

type pairSlot struct {
	tag uint32
	at  uint32 // seconds since 2000, 0: empty
}

const (
	bucket = 8
	epoch  = 946684800 // 2000-01-01 in Unix time
)

func newPairs(bytes int64) *pairs {
	most := 1 << (bits.Len64(uint64(bytes/8)) - 1)
	return &pairs{slots: make([]pairSlot, min(most, 1<<12)), most: most}
}

// seen tells when k was first seen, 0 if this is the first time, which it notes.
func (p *pairs) seen(k uint64, now record.Time) record.Time {
	if p.used > len(p.slots)/2 && len(p.slots) < p.most {
		p.grow()
	}
	at := uint32(max(int64(now)/1e9-epoch, 1))
	tag := uint32(k >> 32)
	b := p.bucket(tag)
	old := 0
	for i := range b {
		switch {
		case b[i].at == 0:
			b[i] = pairSlot{tag, at}
			p.used++
			return 0
		case b[i].tag == tag:
			return record.Time((int64(b[i].at) + epoch) * 1e9)
		case b[i].at < b[old].at:
			old = i
		}
	}
	b[old] = pairSlot{tag, at}
	return 0
}

func (p *pairs) bucket(tag uint32) []pairSlot {
	i := int(tag) & (len(p.slots)/bucket - 1) * bucket
	return p.slots[i : i+bucket]
}

func (p *pairs) grow() {
	old := p.slots
	p.slots, p.used = make([]pairSlot, 2*len(old)), 0
	for _, s := range old {
		if s.at == 0 {
			continue
		}
		b := p.bucket(s.tag)
		for i := range b {
			if b[i].at == 0 {
				b[i] = s
				p.used++
				break
			}
		}
	}
}

// crowd counts how many hosts have a peer: a bit for each, by hash, which tells
// up to about 200 apart.
type crowd struct {
	slots []crowdSlot
	used  int
	most  int
}

type crowdSlot struct {
	key   uint64
	hosts uint64
	day   uint32 // last seen
}

func newCrowd(bytes int64) *crowd {
	most := 1 << (bits.Len64(uint64(bytes/24)) - 1)
	return &crowd{slots: make([]crowdSlot, min(most, 1<<12)), most: most}
}

// add notes that host has the peer k and returns how many hosts do.
func (c *crowd) add(k uint64, host uint32, now record.Time) int {
	if c.used > len(c.slots)/2 && len(c.slots) < c.most {
		c.grow()
	}
	day := uint32(int64(now) / (24 * 3600e9))
	b := c.bucket(k)
	at := -1
	for i := range b {
		if b[i].key == k {
			b[i].hosts |= 1 << (mix(uint64(host)+1) % 64)
			b[i].day = day
			return countBits(b[i].hosts)
		}
		// The rarest that was not seen for longest goes: what is popular comes back at once.
		if at < 0 || b[i].key == 0 && b[at].key != 0 || b[at].key != 0 && b[i].key != 0 && b[i].day < b[at].day {
			at = i
		}
	}
	if b[at].key == 0 {
		c.used++
	}
	b[at] = crowdSlot{k, 1 << (mix(uint64(host)+1) % 64), day}
	return 1
}

// hosts is how many hosts have the peer k.
func (c *crowd) hosts(k uint64) int {
	for _, s := range c.bucket(k) {
		if s.key == k {
			return countBits(s.hosts)
		}
	}
	return 0
}

func (c *crowd) bucket(k uint64) []crowdSlot {
	i := int(k) & (len(c.slots)/bucket - 1) * bucket
	return c.slots[i : i+bucket]
}

func (c *crowd) grow() {
	old := c.slots
	c.slots, c.used = make([]crowdSlot, 2*len(old)), 0
	for _, s := range old {
		if s.key == 0 {
			continue
		}
		for i, b := 0, c.bucket(s.key); i < bucket; i++ {
			if b[i].key == 0 {
				b[i] = s
				c.used++
				break
			}
		}
	}
}
