package baseline

import (
	"cmp"
	"math/bits"
	"slices"
)

const (
	segments   = 64 // each grows by itself, so that growing takes little memory
	bucket     = 8  // slots; a key is in one of two buckets
	firstSlots = 64 // of a segment
	fullness   = 7  // eighths of a segment in use before it grows
)

// table holds what is remembered of hashes, in memory that does not grow past
// what it was given. A hash is kept with 48 bits: of n that are remembered, an
// unknown one is taken for known once in 2^48/n times. When the two buckets of a
// newcomer are full, the one of their 16 that was seen least lately is forgotten.
type table struct {
	wide    bool // slots know which groups had the value
	limit   int  // slots of a segment
	seg     [segments]segment
	forgot  uint64
	forgets [17]uint64 // by the bit length of how many days ago it was last seen
}

// segment is a part of the table; its three lists run side by side.
type segment struct {
	keys []uint64 // 48 bits of hash, 16 of days
	when []uint32 // first day, last day
	bits []uint64 // groups
	used int
}

// slotSize is the bytes of a slot.
func (t *table) slotSize() int64 {
	if t.wide {
		return 20
	}
	return 12
}

func newTable(memory int64, wide bool) *table {
	t := &table{wide: wide}
	t.limit = max(int(memory/t.slotSize()/segments)/bucket*bucket, bucket)
	return t
}

// size is the bytes in use.
func (t *table) size() int64 {
	n := 0
	for i := range t.seg {
		n += len(t.seg[i].keys)
	}
	return int64(n) * t.slotSize()
}

func (t *table) len() int {
	n := 0
	for i := range t.seg {
		n += t.seg[i].used
	}
	return n
}

// short is the part of a hash that is kept, never 0.
func short(h uint64) uint64 { return max(h>>16, 1) }

// at is the segment of a key and its two buckets.
func (t *table) at(key uint64) (s *segment, a, b int) {
	s = &t.seg[key>>42]
	n := uint64(len(s.keys) / bucket)
	x, _ := bits.Mul64(key<<22, n)
	y, _ := bits.Mul64(mix(key), n)
	return s, int(x) * bucket, int(y) * bucket
}

// find is the slot of a key, or -1.
func (s *segment) find(key uint64, a, b int) int {
	if len(s.keys) == 0 {
		return -1
	}
	for _, from := range [2]int{a, b} {
		for i := from; i < from+bucket; i++ {
			if s.keys[i]>>16 == key {
				return i
			}
		}
	}
	return -1
}

func (s *segment) get(i int) Seen {
	out := Seen{First: Day(s.when[i] >> 16), Last: Day(s.when[i]), Days: uint16(s.keys[i])}
	if s.bits != nil {
		out.spread = s.bits[i]
	}
	return out
}

func (s *segment) set(i int, key uint64, v Seen) {
	s.keys[i] = key<<16 | uint64(v.Days)
	s.when[i] = uint32(v.First)<<16 | uint32(v.Last)
	if s.bits != nil {
		s.bits[i] = v.spread
	}
}

// get is what is remembered of a hash.
func (t *table) get(h uint64) (Seen, bool) {
	key := short(h)
	s, a, b := t.at(key)
	if i := s.find(key, a, b); i >= 0 {
		return s.get(i), true
	}
	return Seen{}, false
}

// see notes that a hash was met on a day and returns what was known before.
func (t *table) see(h uint64, day Day, group uint64) (was Seen, known bool) {
	key := short(h)
	s, a, b := t.at(key)
	i := s.find(key, a, b)
	if i < 0 {
		t.add(key, Seen{First: day, Last: day, Days: 1, spread: group})
		return Seen{}, false
	}
	was = s.get(i)
	now := was
	now.spread |= group
	now.First = min(now.First, day)
	if day > now.Last {
		now.Last = day
		if now.Days < 1<<16-1 {
			now.Days++
		}
	}
	s.set(i, key, now)
	return was, true
}

// join adds what another table remembers of a key.
func (t *table) join(key uint64, o Seen) {
	s, a, b := t.at(key)
	i := s.find(key, a, b)
	if i < 0 {
		t.add(key, o)
		return
	}
	s.set(i, key, s.get(i).join(o))
}

// join is both: days that both may mean count once.
func (s Seen) join(o Seen) Seen {
	return Seen{
		First: min(s.First, o.First), Last: max(s.Last, o.Last), spread: s.spread | o.spread,
		Days: joinDays(s.First, s.Last, s.Days, o.First, o.Last, o.Days),
	}
}

// add puts a key that is not there.
func (t *table) add(key uint64, v Seen) {
	s := &t.seg[key>>42]
	if len(s.keys) < t.limit && s.used >= len(s.keys)/8*fullness {
		t.grow(s)
	}
	for {
		_, a, b := t.at(key)
		i := s.room(a, b)
		if i >= 0 {
			s.set(i, key, v)
			s.used++
			return
		}
		if len(s.keys) == t.limit {
			t.push(s, key, v, a, b)
			return
		}
		t.grow(s)
	}
}

// room is a free slot in the emptier of two buckets, or -1.
func (s *segment) room(a, b int) int {
	best, most := -1, 0
	for _, from := range [2]int{a, b} {
		free, at := 0, -1
		for i := from + bucket - 1; i >= from; i-- {
			if s.keys[i] == 0 {
				free, at = free+1, i
			}
		}
		if free > most {
			best, most = at, free
		}
	}
	return best
}

// push puts a key in the place of the one that was seen least lately, which may
// be the newcomer itself.
func (t *table) push(s *segment, key uint64, v Seen, a, b int) {
	oldest := -1
	older := func(i, j int) bool {
		return cmp.Or(cmp.Compare(s.get(i).Last, s.get(j).Last), cmp.Compare(s.keys[i]>>16, s.keys[j]>>16)) < 0
	}
	for _, from := range [2]int{a, b} {
		for i := from; i < from+bucket; i++ {
			if oldest < 0 || older(i, oldest) {
				oldest = i
			}
		}
	}
	gone := s.get(oldest).Last
	if v.Last < gone {
		t.forget(v.Last, gone)
		return
	}
	t.forget(gone, v.Last)
	s.set(oldest, key, v)
}

// forget counts what is forgotten by its age.
func (t *table) forget(last, now Day) {
	t.forgot++
	t.forgets[bits.Len16(uint16(max(now, last)-last))]++
}

func (t *table) grow(s *segment) {
	old := *s
	n := min(max(2*len(old.keys), firstSlots), t.limit)
	s.keys, s.when, s.used = make([]uint64, n), make([]uint32, n), 0
	if t.wide {
		s.bits = make([]uint64, n)
	}
	for i, k := range old.keys {
		if k != 0 {
			t.add(k>>16, old.get(i))
		}
	}
}

// each calls fn for every key in rising order.
func (t *table) each(fn func(key uint64, v Seen)) {
	var order []int
	for i := range t.seg {
		s := &t.seg[i]
		order = order[:0]
		for j, k := range s.keys {
			if k != 0 {
				order = append(order, j)
			}
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(s.keys[a], s.keys[b]) })
		for _, j := range order {
			fn(s.keys[j]>>16, s.get(j))
		}
	}
}
