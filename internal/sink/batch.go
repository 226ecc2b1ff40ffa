package sink

import (
	"bytes"
	"math/bits"
	"slices"
	"time"

	"longwatch/internal/record"
)

// entry is one encoded line within a batch's arena.
type entry struct {
	ts    record.Time
	chunk uint32 // of the arena
	off   uint32
	len   uint32
	once  uint32 // index+1 into onces, 0: none
}

type onceKey struct {
	sum    [16]byte
	period time.Duration
}

// batch is the lines of one type that a lane holds.
type batch struct {
	beyond, once bool // records of the type are Beyond, Once

	arena [][]byte // chunks; lines are appended to the last one and never move
	pages []*page
	n     int // entries in pages
	onces []onceKey
	order []rank // the entries in order, by sort
}

// page is a part of the entries. They are not one slice, which would be copied
// again and again as it grows.
type page [pageSize]entry

const pageSize = 256

// firstChunk and chunkSize are the sizes of the first chunk of an arena and of
// the later ones: types that have a few records need little.
const (
	firstChunk = 4 << 10
	chunkSize  = 1 << 20
)

// entryCost is what a line costs beside its bytes, sorting included.
const entryCost = 24 + 2*16

// store keeps what a lane has written, to use it again.
type store struct {
	chunks [][]byte
	pages  []*page
}

// room returns the chunk to append a line to. It may outgrow its size by one
// line.
func (b *batch) room(s *store) *[]byte {
	n := len(b.arena)
	if n > 0 && len(b.arena[n-1]) < cap(b.arena[n-1])-cap(b.arena[n-1])/16 {
		return &b.arena[n-1]
	}
	size := firstChunk
	if n > 0 {
		size = min(4*cap(b.arena[n-1]), chunkSize)
	}
	if k := len(s.chunks); k > 0 && size == chunkSize {
		b.arena = append(b.arena, s.chunks[k-1])
		s.chunks = s.chunks[:k-1]
	} else {
		b.arena = append(b.arena, make([]byte, 0, size))
	}
	return &b.arena[n]
}

// add adds the entry of a line that is in the arena.
func (b *batch) add(e entry, s *store) {
	i := b.n % pageSize
	if i == 0 {
		if k := len(s.pages); k > 0 {
			b.pages = append(b.pages, s.pages[k-1])
			s.pages = s.pages[:k-1]
		} else {
			b.pages = append(b.pages, new(page))
		}
	}
	b.pages[len(b.pages)-1][i] = e
	b.n++
}

// empty forgets the lines and leaves their memory to s.
func (b *batch) empty(s *store) {
	for _, c := range b.arena {
		if cap(c) == chunkSize {
			s.chunks = append(s.chunks, c[:0])
		}
	}
	s.pages = append(s.pages, b.pages...)
	*b = batch{beyond: b.beyond, once: b.once, onces: b.onces[:0]}
}

// entry is the one that was added as the i-th.
func (b *batch) entry(i uint32) *entry { return &b.pages[i/pageSize][i%pageSize] }

func (b *batch) line(e *entry) []byte { return b.arena[e.chunk][e.off : e.off+e.len] }

// rank is an entry on its way to its place.
type rank struct {
	ts  record.Time
	key uint32 // how far into the batch's time, in its 2^22th parts
	at  uint32 // which entry
}

const digitBits = 11 // two digits make a key

// sort orders the lines by time and then by their bytes: by two digits of the
// time, and what is equal in these by comparing.
func (b *batch) sort() {
	b.order = make([]rank, b.n)
	lo, hi := b.span()
	shift := max(bits.Len64(uint64(hi-lo))-2*digitBits, 0) // #nosec G115 -- hi is not below lo
	var low, high [1 << digitBits]uint32
	for i := range b.order {
		at := uint32(i) // #nosec G115 -- memory bounds it
		ts := b.entry(at).ts
		r := rank{ts: ts, at: at}
		if ts >= lo { // else it has no time
			r.key = uint32(uint64(ts-lo) >> shift) // #nosec G115 -- 22 bits
		}
		b.order[i] = r
		low[r.key&(1<<digitBits-1)]++
		high[r.key>>digitBits]++
	}
	if !slices.IsSortedFunc(b.order, func(x, y rank) int { return int(x.key) - int(y.key) }) {
		other := make([]rank, b.n)
		scatter(other, b.order, &low, 0)
		scatter(b.order, other, &high, digitBits)
	}
	for i := 0; i < len(b.order); {
		n := i + 1
		for n < len(b.order) && b.order[n].key == b.order[i].key {
			n++
		}
		if n > i+1 {
			slices.SortFunc(b.order[i:n], b.compare)
		}
		i = n
	}
}

// compare is the order of lines.
func (b *batch) compare(x, y rank) int {
	switch {
	case x.ts < y.ts:
		return -1
	case x.ts > y.ts:
		return 1
	}
	return bytes.Compare(b.line(b.entry(x.at)), b.line(b.entry(y.at)))
}

// span is the first and the last time, where it can be told without those that
// are unknown.
func (b *batch) span() (lo, hi record.Time) {
	unknown := false
	for i := range uint32(b.n) { // #nosec G115 -- memory bounds it
		ts := b.entry(i).ts
		if ts == 0 {
			unknown = true
			continue
		}
		if lo == 0 {
			lo, hi = ts, ts
		}
		lo, hi = min(lo, ts), max(hi, ts)
	}
	if unknown && lo < 0 {
		hi = max(hi, 0)
	}
	return lo, hi
}

// scatter sorts from into to by one digit of the keys, of which it is told how
// often each occurs.
func scatter(to, from []rank, counts *[1 << digitBits]uint32, shift int) {
	at := uint32(0)
	for i, n := range counts {
		counts[i] = at
		at += n
	}
	for _, r := range from {
		d := r.key >> shift & (1<<digitBits - 1)
		to[counts[d]] = r
		counts[d]++
	}
}
