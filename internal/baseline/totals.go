package baseline

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Class is a class of peers that a host sends to. The numbers are part of the
// state file.
type Class uint8

// The classes.
const (
	Web     Class = iota // outside, ports of the web
	Mail                 // outside, ports of mail
	Outside              // outside, other ports
	Inside               // own hosts
	classes int   = iota
)

var classNames = [classes]string{"web", "mail", "other outside", "inside"}

// String is the lower-case name.
func (c Class) String() string {
	if int(c) < classes {
		return classNames[c]
	}
	return "unknown"
}

const (
	ringDays   = 60 // whose totals are kept as they are
	steps      = 64 // of older totals: two to each doubling, so that a quantile is right to 19 %
	totalsSize = 8*ringDays + 2*steps + 32
	streams    = 8  // peers of a host
	streamDays = 28 // of each
	streamSize = 8*streamDays + 64
)

// total is what was sent on a day, in KiB, rounded up.
type total struct {
	day Day
	kib uint32
}

// totals are the daily totals of a host to a class of peers: the last 60 as they
// were, those before as a histogram.
type totals struct {
	ring    []total // by day
	old     [steps]uint16
	through Day // last day of old
}

// KiB is bytes in the unit of totals, rounded up, at most 4 TiB.
func KiB(bytes uint64) uint32 { return uint32(min((bytes+1023)/1024, math.MaxUint32)) }

func step(kib uint32) int { return min(int(2*math.Log2(float64(kib)+1)), steps-1) }

// value is the middle of a step, by factors.
func value(i int) uint32 { return uint32(min(math.Pow(2, (float64(i)+0.5)/2), math.MaxUint32)) }

// put notes the total of a day; of two for the same day the larger one holds.
func (t *totals) put(x total) {
	if x.day <= t.through {
		return // its day is among those that are no longer told apart
	}
	i, known := slices.BinarySearchFunc(t.ring, x.day, func(a total, d Day) int { return cmp.Compare(a.day, d) })
	if known {
		t.ring[i].kib = max(t.ring[i].kib, x.kib)
		return
	}
	t.ring = slices.Insert(t.ring, i, x)
	for len(t.ring) > ringDays {
		gone := t.ring[0]
		t.ring = t.ring[1:]
		t.through = max(t.through, gone.day)
		if n := &t.old[step(gone.kib)]; *n < 1<<16-1 {
			*n++
		}
	}
}

func (t *totals) join(o *totals) {
	for i, n := range o.old {
		t.old[i] = max(t.old[i], n)
	}
	t.through = max(t.through, o.through)
	t.ring = slices.DeleteFunc(t.ring, func(x total) bool { return x.day <= t.through })
	for _, x := range o.ring {
		t.put(x)
	}
}

// Quantiles are those of a host's daily totals before a day, in KiB.
type Quantiles struct {
	Days             int // with anything sent
	Median, P95, Max uint32
}

// quantiles are those of the totals before d, of several memories: of two totals
// of the same day the larger one holds. skip leaves out days.
func quantiles(list []*totals, d Day, skip func(Day) bool) Quantiles {
	all := map[uint32]int{}
	var ring totals
	for _, t := range list {
		if t == nil {
			continue
		}
		if t.through < d {
			for i, c := range t.old {
				if c > 0 {
					all[value(i)] += int(c)
				}
			}
		}
		for _, x := range t.ring {
			if x.day < d && !skip(x.day) {
				ring.put(x)
			}
		}
	}
	for _, x := range ring.ring {
		all[x.kib]++
	}
	for i, c := range ring.old {
		if c > 0 {
			all[value(i)] += int(c)
		}
	}
	sizes, n := slices.Sorted(maps.Keys(all)), 0
	for _, c := range all {
		n += c
	}
	at := func(q float64) uint32 {
		left := int(math.Ceil(q * float64(n)))
		for _, kib := range sizes {
			if left -= all[kib]; left <= 0 {
				return kib
			}
		}
		return 0
	}
	return Quantiles{Days: n, Median: at(0.5), P95: at(0.95), Max: at(1)}
}

// stream is what a host sent to one peer, on the last days on which it did.
type stream struct {
	peer  uint64
	first Day
	days  []total // by day, at most streamDays
}

func (s *stream) sum() (n uint64) {
	for _, x := range s.days {
		n += uint64(x.kib)
	}
	return n
}

func (s *stream) put(x total) {
	i, known := slices.BinarySearchFunc(s.days, x.day, func(a total, d Day) int { return cmp.Compare(a.day, d) })
	if known {
		s.days[i].kib = max(s.days[i].kib, x.kib)
		return
	}
	s.days = slices.Insert(s.days, i, x)
	if len(s.days) > streamDays {
		s.days = s.days[1:]
	}
	s.first = min(s.first, x.day)
}

// carry adds a stream, or what another memory knows of it. When there are more
// than a host may have, the one that gets least is forgotten.
func (l *life) carry(s *stream) {
	i := slices.IndexFunc(l.to, func(x stream) bool { return x.peer == s.peer })
	if i < 0 {
		l.to = append(l.to, stream{peer: s.peer, first: s.first, days: slices.Clone(s.days)})
	} else {
		for _, x := range s.days {
			l.to[i].put(x)
		}
		l.to[i].first = min(l.to[i].first, s.first)
	}
	slices.SortFunc(l.to, func(a, b stream) int {
		return cmp.Or(cmp.Compare(b.sum(), a.sum()), cmp.Compare(a.peer, b.peer))
	})
	l.to = l.to[:min(len(l.to), streams)]
}
