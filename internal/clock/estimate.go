package clock

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
)

const (
	minPairs  = 5               // events that must agree
	agreement = 0.5             // share of all common events that must agree
	leastOff  = 2 * time.Second // below it a clock keeps time: logs are written late by as much
	maxFine   = 50              // clocks that keep time are named up to this many
	maxDiffs  = 1 << 14         // differences of one pair of sources
	zoneStep  = 15 * time.Minute
	zoneLeast = 30 * time.Minute
)

// widths are how far pairs may scatter and still agree: what a second of
// resolution, a busy log, a drifting clock make of it.
var widths = []time.Duration{3 * time.Second, 20 * time.Second, 2 * time.Minute}

// minGuessed is likewise where the host's address had to be guessed.
const minGuessed = 8

// pair is two sources, the lesser first.
type pair struct{ a, b string }

// group is the differences of a pair that may belong together: those of events
// that name both ends, or those with one address.
type group struct {
	pair
	who uint32
}

// diff is by how much a was ahead of b at one event.
type diff struct {
	by  time.Duration
	key uint64
}

// offset is what the differences of a pair of sources agree on.
type offset struct {
	by, spread time.Duration
	pairs, of  int
}

// Estimate compares the sources. Sources of which too few events are common,
// or whose differences do not agree, are not compared.
func (s *Sketch) Estimate() *Clocks {
	offsets := s.offsets()
	out := &Clocks{off: map[string]*finding.Clock{}, ofFile: map[string]string{}}
	for _, part := range parts(offsets) {
		out.list = append(out.list, part.clocks(offsets)...)
	}
	slices.SortFunc(out.list, func(a, b finding.Clock) int {
		return cmp.Or(-cmp.Compare(a.Offset.Abs(), b.Offset.Abs()), cmp.Compare(a.Source, b.Source))
	})
	fine := 0
	out.list = slices.DeleteFunc(out.list, func(k finding.Clock) bool {
		if k.Offset == 0 {
			fine++
		}
		return k.Offset == 0 && fine > maxFine
	})
	for i := range out.list {
		if k := &out.list[i]; k.Offset != 0 {
			out.off[k.Source] = k
		}
	}
	for file, n := range s.ofFile {
		if n >= 0 {
			out.ofFile[file] = s.names[n]
		}
	}
	names := s.resolve()
	for i, name := range s.names {
		for _, kind := range []string{"capture ", "logs ", "mail store "} {
			if file, ok := strings.CutPrefix(name, kind); ok && out.ofFile[file] == "" {
				out.ofFile[file] = names[i]
			}
		}
	}
	return out
}

// offsets are those of every two sources that agree. Events that name both ends
// come first; of those with an address to be guessed, the one on which most
// agree, if no other comes near.
func (s *Sketch) offsets() map[pair]offset {
	diffs := s.differences()
	out, guessed, second := map[pair]offset{}, map[pair]offset{}, map[pair]int{}
	order := slices.Collect(maps.Keys(diffs))
	slices.SortFunc(order, func(x, y group) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.who, y.who))
	})
	for _, g := range order {
		o, ok := agree(diffs[g])
		switch {
		case !ok:
		case g.who == 0:
			out[g.pair] = o
		case o.pairs > guessed[g.pair].pairs:
			second[g.pair] = guessed[g.pair].pairs
			guessed[g.pair] = o
		default:
			second[g.pair] = max(second[g.pair], o.pairs)
		}
	}
	for p, o := range guessed {
		if was, ok := out[p]; o.pairs >= minGuessed && 3*o.pairs >= 4*second[p] && (!ok || was.pairs < o.pairs) {
			out[p] = o
		}
	}
	return out
}

// resolve names source n: records of connections in a host's own log are the host's.
func (s *Sketch) resolve() []string {
	out := slices.Clone(s.names)
	for i, name := range out {
		if file, ok := strings.CutPrefix(name, "logs "); ok {
			if n, known := s.ofFile[file]; known && n >= 0 {
				out[i] = s.names[n]
			}
		}
	}
	return out
}

// differences are those of every two sources that saw an event in common.
func (s *Sketch) differences() map[group][]diff {
	names := s.resolve()
	out := map[group][]diff{}
	var shared []*event // the others can differ from nothing
	for i := range s.events.slots {
		if e := &s.events.slots[i]; e.sights > 1 && e.sights <= maxSeen {
			shared = append(shared, e)
		}
	}
	slices.SortFunc(shared, func(x, y *event) int { return cmp.Compare(x.key, y.key) })
	for _, e := range shared {
		key, at := e.key, slices.Collect(s.events.of(e))
		slices.SortFunc(at, func(x, y sight) int {
			return cmp.Or(cmp.Compare(names[x.source], names[y.source]), cmp.Compare(x.ts, y.ts), cmp.Compare(x.side, y.side), cmp.Compare(x.who, y.who))
		})
		for i, x := range at {
			for _, y := range at[i+1:] {
				g, d := group{pair{names[x.source], names[y.source]}, x.who | y.who}, x.ts.Sub(y.ts)
				if g.a == g.b || x.side == y.side && x.side != anySide || d.Abs() > skewLimit || len(out[g]) == maxDiffs {
					continue
				}
				out[g] = append(out[g], diff{d, key})
			}
		}
	}
	return out
}

// agree looks for the difference that most events agree on: the narrowest
// window that holds enough of them. An event that was seen several times has
// several differences, of which only true ones pile up.
func agree(list []diff) (offset, bool) {
	slices.SortFunc(list, func(x, y diff) int { return cmp.Or(cmp.Compare(x.by, y.by), cmp.Compare(x.key, y.key)) })
	all := map[uint64]bool{}
	for _, d := range list {
		all[d.key] = true
	}
	for _, w := range widths {
		lo, hi, n := densest(list, w)
		if n >= minPairs && float64(n) >= agreement*float64(len(all)) {
			return middle(list[lo:hi], n, len(all)), true
		}
	}
	return offset{}, false
}

// densest is the window of width w with differences of the most events.
func densest(list []diff, w time.Duration) (lo, hi, events int) {
	in := map[uint64]int{}
	i := 0
	for j, d := range list {
		in[d.key]++
		for d.by-list[i].by > w {
			if in[list[i].key]--; in[list[i].key] == 0 {
				delete(in, list[i].key)
			}
			i++
		}
		if len(in) > events {
			lo, hi, events = i, j+1, len(in)
		}
	}
	return lo, hi, events
}

// middle is the median of sorted differences with their median deviation.
func middle(list []diff, pairs, of int) offset {
	o := offset{by: list[len(list)/2].by, pairs: pairs, of: of}
	dev := make([]time.Duration, len(list))
	for i, d := range list {
		dev[i] = (d.by - o.by).Abs()
	}
	slices.Sort(dev)
	o.spread = dev[len(dev)/2]
	return o
}

// part is sources that can be compared with each other, directly or by way of
// others, with the time of each against the first.
type part struct {
	names []string
	by    map[string]time.Duration
}

// parts follows the comparisons, those with most pairs first.
func parts(offsets map[pair]offset) []*part {
	order := slices.Collect(maps.Keys(offsets))
	slices.SortFunc(order, func(x, y pair) int {
		return cmp.Or(-cmp.Compare(offsets[x].pairs, offsets[y].pairs), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	of := map[string]*part{}
	in := func(name string) *part {
		if of[name] == nil {
			of[name] = &part{names: []string{name}, by: map[string]time.Duration{name: 0}}
		}
		return of[name]
	}
	for _, p := range order {
		a, b := in(p.a), in(p.b)
		if a == b {
			continue
		}
		// Times of b's part, so that p.a is ahead of p.b by what was found.
		shift := a.by[p.a] - offsets[p].by - b.by[p.b]
		for _, name := range b.names {
			a.by[name] = b.by[name] + shift
			of[name] = a
		}
		a.names = append(a.names, b.names...)
	}
	var out []*part
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if !slices.Contains(out, of[name]) {
			out = append(out, of[name])
		}
	}
	return out
}

// reference is a source whose clock is in the middle of all, since most clocks
// keep time: of those, the one that was compared with most others, then a
// capture, then the lesser name.
func (p *part) reference(offsets map[pair]offset) string {
	names := slices.Clone(p.names)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(p.by[a], p.by[b]), cmp.Compare(a, b)) })
	lo, hi := p.by[names[(len(names)-1)/2]], p.by[names[len(names)/2]]
	names = slices.DeleteFunc(names, func(n string) bool { return p.by[n] < lo-leastOff || p.by[n] > lo+leastOff && p.by[n] != hi })
	degree := map[string]int{}
	for x := range offsets {
		degree[x.a]++
		degree[x.b]++
	}
	captured := func(n string) int {
		if strings.HasPrefix(n, "capture ") {
			return 0
		}
		return 1
	}
	return slices.MinFunc(names, func(a, b string) int {
		return cmp.Or(-cmp.Compare(degree[a], degree[b]), cmp.Compare(captured(a), captured(b)), cmp.Compare(a, b))
	})
}

// clocks tells of each source how it stands to the reference.
func (p *part) clocks(offsets map[pair]offset) []finding.Clock {
	ref := p.reference(offsets)
	out := make([]finding.Clock, 0, len(p.names))
	for _, name := range p.names {
		if name == ref {
			continue
		}
		against, o := p.best(name, ref, offsets)
		k := finding.Clock{Source: name, Against: against, Offset: p.by[name] - p.by[ref], Spread: o.spread, Pairs: o.pairs, Of: o.of}
		if k.Offset.Abs() < max(leastOff, 4*o.spread) {
			k.Offset = 0
		} else {
			k.Offset = k.Offset.Round(10 * time.Millisecond)
			k.Zone = zone(k.Offset, o.spread)
		}
		k.Why = words(&k, ref)
		out = append(out, k)
	}
	return out
}

// best is the comparison that says most of a source: with the reference, if
// there was one, else the one with most pairs.
func (p *part) best(name, ref string, offsets map[pair]offset) (string, offset) {
	against, found := "", offset{}
	for _, other := range p.names {
		o, ok := offsets[pair{min(name, other), max(name, other)}]
		if !ok || other == name {
			continue
		}
		if other == ref {
			return ref, o
		}
		if o.pairs > found.pairs {
			against, found = other, o
		}
	}
	return against, found
}

// zone is the time zone that an offset looks like: times of a zone ahead, taken
// for UTC, are ahead.
func zone(by, spread time.Duration) string {
	whole := by.Round(zoneStep)
	if whole.Abs() < zoneLeast || (by-whole).Abs() > max(30*time.Second, 3*spread) {
		return ""
	}
	minutes := int(math.Abs(whole.Minutes()))
	sign := '+'
	if whole < 0 {
		sign = '-'
	}
	if minutes%60 == 0 {
		return fmt.Sprintf("UTC%c%d", sign, minutes/60)
	}
	return fmt.Sprintf("UTC%c%d:%02d", sign, minutes/60, minutes%60)
}

// words tell a clock in one sentence.
func words(k *finding.Clock, ref string) string {
	from := fmt.Sprintf("from %d of %d events that it has in common with %s, ± %s", k.Pairs, k.Of, k.Against, short(k.Spread))
	switch {
	case k.Offset == 0:
		return fmt.Sprintf("the clock of %s keeps time with %s, %s", k.Source, ref, from)
	case k.Zone != "":
		return fmt.Sprintf("the times of %s are %s %s of %s, %s: they look like those of %s, taken for UTC", k.Source, long(k.Offset.Abs()), way(k.Offset), ref, from, k.Zone)
	}
	return fmt.Sprintf("the clock of %s is %s %s %s, %s", k.Source, long(k.Offset.Abs()), way(k.Offset), of(k.Offset, ref), from)
}

func way(d time.Duration) string {
	if d < 0 {
		return "behind"
	}
	return "ahead"
}

func of(d time.Duration, ref string) string {
	if d < 0 {
		return ref
	}
	return "of " + ref
}

// long is a duration as people say it: 3 min 12 s.
func long(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / u.size; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
			d -= n * u.size
		}
	}
	return strings.Join(parts, " ")
}

// short is a duration in seconds with as many digits as it deserves.
func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return long(d)
}
