package baseline

import (
	"longwatch/internal/record"
)

// What must be known of a subject, and of the organisation, before anything new
// of it means something.
const (
	LearnDays  = 21 // since it was first seen
	ActiveDays = 8  // on which it was active
	WatchDays  = 14 // of the organisation on which anything was learned
)

// Past is what was known before this hunt: the state kept between hunts. A nil
// Past, and one that nothing was loaded into, knows nothing. Questions may come
// from many goroutines once it is loaded.
type Past struct {
	kept  *Memory
	spans spans
}

// Load gives p what is known. It is called once, before the first question.
func (p *Past) Load(m *Memory) { p.kept, p.spans = m, m.spans() }

// Loaded tells whether anything is known.
func (p *Past) Loaded() bool { return p != nil && p.kept != nil }

// Memory is what is known, nil when nothing is.
func (p *Past) Memory() *Memory {
	if p == nil {
		return nil
	}
	return p.kept
}

// Knew tells since when a subject had a value before the day of t, as its habit:
// what came while a finding was about the subject does not count.
func (p *Past) Knew(k Kind, s Subject, value string, t record.Time) (since Day, knew bool) {
	if !p.Loaded() {
		return 0, false
	}
	seen, _ := p.kept.Pair(k, s, value)
	if !seen.before(DayOf(t)) || p.spans.on(s, seen.First) != nil {
		return 0, false
	}
	return seen.First, true
}

// Settled tells whether so much is known of a subject before the day of t that a
// first time means something.
func (p *Past) Settled(s Subject, t record.Time) bool {
	return p.Loaded() && settled(p.kept.lives[s], nil, DayOf(t)) && watched(p.kept, nil, DayOf(t))
}

// Watched is since when the organisation is known, 0 if that is too short
// before t to mean anything.
func (p *Past) Watched(t record.Time) Day {
	if !p.Loaded() || !watched(p.kept, nil, DayOf(t)) {
		return 0
	}
	_, first := p.kept.days.before(0)
	return first
}

func settled(a, b *life, d Day) bool {
	first, n := merged(a, b, d)
	return first != 0 && d >= first+LearnDays && n >= ActiveDays
}

// merged is since when two memories know a subject, and on how many days before
// d it was active, at most early.
func merged(a, b *life, d Day) (first Day, n int) {
	switch {
	case a == nil && b == nil:
		return 0, 0
	case a == nil:
		return b.first, b.daysBefore(d)
	case b == nil:
		return a.first, a.daysBefore(d)
	}
	first, n = min(a.first, b.first), a.daysBefore(d)
	for _, x := range b.early {
		if x != 0 && x < d && !containsDay(a, x) {
			n++
		}
	}
	return first, min(n, early)
}

// containsDay tells whether a is known to have been active on d, or may well
// have been: past its first days they are not told apart.
func containsDay(a *life, d Day) bool {
	for _, x := range a.early {
		if x == d {
			return true
		}
	}
	return a.early[early-1] != 0 && d <= a.last
}

func watched(a, b *Memory, d Day) bool {
	n, first := a.days.before(d)
	if b != nil {
		m, other := b.days.before(d)
		if n += m; first == 0 || other != 0 && other < first {
			first = other
		}
	}
	return first != 0 && d >= first+LearnDays && n >= WatchDays
}

// entityKinds are the kinds of value that an entity may be.
var entityKinds = map[string][]Kind{
	"address": {Peer, Source}, "domain": {Site}, "ja4": {Hello}, "user_agent": {Agent}, "certificate": {Certificate},
	"hash": {Digest}, "process": {Software}, "file": {Software},
}

// Sight is when an entity was first and last seen, and by how many.
type Sight struct {
	First, Last Day
	Holders     int  // hosts or accounts that had it; 0 of a host or an account itself
	Many        bool // and more
}

// Sight is what the past knows of an entity of a finding: of a host or an
// account since when it lives, of a value since when anybody had it.
func (p *Past) Sight(e record.Entity) (Sight, bool) {
	if !p.Loaded() {
		return Sight{}, false
	}
	return p.kept.Sight(e)
}

// Sight is what is known of an entity: see Past.Sight.
func (m *Memory) Sight(e record.Entity) (Sight, bool) {
	var out Sight
	found := false
	grow := func(s Seen, holders int, many bool) {
		if !found || s.First < out.First {
			out.First = s.First
		}
		out.Last, out.Holders, out.Many, found = max(out.Last, s.Last), max(out.Holders, holders), out.Many || many, true
	}
	switch e.Kind {
	case "host", "address":
		if s, ok := m.Span(Host(e.Value)); ok {
			grow(s, 0, false)
		}
	case "user":
		if s, ok := m.Span(Account(e.Value)); ok {
			grow(s, 0, false)
		}
	}
	for _, k := range entityKinds[e.Kind] {
		if s, n, many, ok := m.Value(k, Normal(k, e.Value)); ok {
			grow(s, n, many)
		}
	}
	return out, found
}
