package baseline

import (
	"cmp"
	"slices"

	"longwatch/internal/record"
)

// Answer is what is known of a subject, and of it with a value, before a day.
type Answer struct {
	Known      bool   // it had the value on an earlier day, or it was asked about in this hunt
	Settled    bool   // enough is known of the subject, and of the organisation, for a first time to mean something
	Since      Day    // first seen
	ActiveDays int    // before, at most 16
	Had        int    // values of the kind, at most 16
	OtherHours bool   // it was never active at this hour of this day of the week, nor an hour before or after
	OddHour    bool   // nor on any other day of the week
	Doubted    string // finding that keeps the value from being a habit
}

// about is the memory of before and what it knows of a subject; both may be nil.
func (p *Past) about(s Subject) (*Memory, *life) {
	if !p.Loaded() {
		return nil, nil
	}
	return p.kept, p.kept.lives[s]
}

// Ask is what is known before the day of t, from before and from now, which is
// what this hunt has learned so far.
func (p *Past) Ask(now *Memory, k Kind, s Subject, value string, t record.Time) Answer {
	d := DayOf(t)
	kept, before := p.about(s)
	current := now.lives[s]
	a := Answer{Settled: settled(before, current, d) && watched(now, kept, d)}
	a.Since, a.ActiveDays = merged(before, current, d)
	a.OtherHours, a.OddHour = true, true
	for _, l := range []*life{before, current} {
		if l != nil {
			a.Had += l.valuesBefore(k, d)
			a.OtherHours = a.OtherHours && !l.active(t, d, false)
			a.OddHour = a.OddHour && !l.active(t, d, true)
		}
	}
	a.Had = min(a.Had, early)
	if _, known := now.Pair(k, s, value); known {
		a.Known = true
		return a
	}
	if kept == nil {
		return a
	}
	if seen, _ := kept.Pair(k, s, value); seen.before(d) {
		doubt := p.spans.on(s, seen.First)
		if a.Known = doubt == nil; doubt != nil {
			a.Doubted = doubt.Finding
		}
	}
	return a
}

// LearnAfter is Learn for a memory that will join p: a value that p knows does
// not count among the subject's first ones again.
func (m *Memory) LearnAfter(p *Past, k Kind, s Subject, value string, t record.Time) {
	d := DayOf(t)
	if d == 0 {
		return
	}
	m.days.add(d)
	first := true
	if p.Loaded() {
		_, known := p.kept.Pair(k, s, value)
		first = !known
	}
	m.learn(k, s, digest("v", value), d, first)
}

// Holders is how many have had a value, from before and from now, and since when.
func (p *Past) Holders(now *Memory, k Kind, value string) (holders int, since Day) {
	key := valueKey(k, digest("v", value))
	seen, known := now.values.get(key)
	if p.Loaded() {
		if s, ok := p.kept.values.get(key); ok {
			if known {
				s = s.join(seen)
			}
			seen = s
		}
	}
	holders, _ = count(seen.spread)
	return holders, seen.First
}

// Among is how many have had any value of a kind, from before and from now.
func (p *Past) Among(now *Memory, k Kind) int {
	all := now.subjects[k]
	if p.Loaded() {
		all.join(&p.kept.subjects[k])
	}
	return all.count()
}

// ValueSince is since when anybody had a value, before the day of t; 0 if nobody.
func (p *Past) ValueSince(now *Memory, k Kind, value string, t record.Time) Day {
	_, since := p.Holders(now, k, value)
	if since >= DayOf(t) {
		return 0
	}
	return since
}

// Since is the day on which a subject first had a value, 0 if it never had.
func (p *Past) Since(now *Memory, k Kind, s Subject, value string) Day {
	seen, known := now.Pair(k, s, value)
	if p.Loaded() {
		if a, ok := p.kept.Pair(k, s, value); ok && (!known || a.First < seen.First) {
			seen = a
		}
	}
	return seen.First
}

// Amounts are what a subject sent to a class of peers on the days before.
type Amounts struct {
	Quantiles
	Settled bool
	Since   Day  // first seen
	OddHour bool // never active at this hour of any day, nor an hour before or after
}

// Amounts are those before the day of t. Days that a finding casts doubt on are
// left out, as far as they are still told apart.
func (p *Past) Amounts(now *Memory, s Subject, c Class, t record.Time) Amounts {
	d := DayOf(t)
	kept, before := p.about(s)
	current := now.lives[s]
	a := Amounts{Settled: settled(before, current, d) && watched(now, kept, d), OddHour: true}
	a.Since, _ = merged(before, current, d)
	var list []*totals
	for _, l := range []*life{before, current} {
		if l != nil {
			a.OddHour = a.OddHour && !l.active(t, d, true)
			list = append(list, l.sent[c])
		}
	}
	skip := func(day Day) bool { return p != nil && p.spans.on(s, day) != nil }
	a.Quantiles = quantiles(list, d, skip)
	return a
}

// Stream is what a subject sent to a peer in so many days up to d, in bytes, on
// how many days, and the first of them.
func (p *Past) Stream(now *Memory, s Subject, peer string, d Day, days int) (sum uint64, on int, first Day) {
	id := digest("v", peer)
	_, before := p.about(s)
	var both stream
	for _, l := range []*life{before, now.lives[s]} {
		if l == nil {
			continue
		}
		if i := slices.IndexFunc(l.to, func(x stream) bool { return x.peer == id }); i >= 0 {
			for _, x := range l.to[i].days {
				if x.day <= d && int(x.day) > int(d)-days {
					both.put(x)
				}
			}
		}
	}
	for _, x := range both.days {
		sum += uint64(x.kib) << 10
	}
	if len(both.days) > 0 {
		first = slices.MinFunc(both.days, func(a, b total) int { return cmp.Compare(a.day, b.day) }).day
	}
	return sum, len(both.days), first
}
