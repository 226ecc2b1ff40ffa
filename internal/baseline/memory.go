package baseline

import (
	"cmp"
	"math/bits"
	"slices"

	"longwatch/internal/record"
)

// Memory is what was learned. It takes at most the bytes it was made for; what
// does not fit pushes out what was seen least lately, and is counted. It belongs
// to one goroutine while it learns; questions may come from many while it does
// not.
type Memory struct {
	budget   int64
	pairs    *table // subject with value
	values   *table // value: who had it
	lives    map[Subject]*life
	maxLives int
	dead     uint64 // lives forgotten
	subjects [kinds]distinct
	days     calendar
	evidence evidenceList
	suspects []Suspect
	lost     uint64 // suspects forgotten
	hunts    uint32
}

// Shares of the budget: pairs take half, values a fourth, lives a fifth.
const (
	pairShare  = 10
	valueShare = 5
	lifeShare  = 4
	shares     = 20
)

// New makes an empty memory of at most so many bytes, not less than 1 MiB.
func New(budget int64) *Memory {
	budget = max(budget, 1<<20)
	return &Memory{
		budget: budget, pairs: newTable(budget/shares*pairShare, false), values: newTable(budget/shares*valueShare, true),
		lives: map[Subject]*life{}, maxLives: max(int(budget)/shares*lifeShare/lifeSize, 16),
	}
}

// calendar is a set of days.
type calendar [1 << 16 / 64]uint64

func (c *calendar) add(d Day)      { c[d/64] |= 1 << (d % 64) }
func (c *calendar) has(d Day) bool { return c[d/64]&(1<<(d%64)) != 0 }

// before is how many days before d are in the set, and the first of all.
func (c *calendar) before(d Day) (n int, first Day) {
	for i, w := range c {
		if w == 0 {
			continue
		}
		if first == 0 {
			first = Day(i*64 + bits.TrailingZeros64(w))
		}
		switch {
		case i < int(d/64):
			n += bits.OnesCount64(w)
		case i == int(d/64):
			n += bits.OnesCount64(w & (1<<(d%64) - 1))
		}
	}
	return n, first
}

func (c *calendar) last() Day {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i] != 0 {
			return Day(i*64 + 63 - bits.LeadingZeros64(c[i]))
		}
	}
	return 0
}

// Learn notes that a subject was seen with a value. It returns what was known of
// the pair, and whether anything was.
func (m *Memory) Learn(k Kind, s Subject, value string, t record.Time) (was Seen, known bool) {
	d := DayOf(t)
	if d == 0 {
		return Seen{}, false
	}
	m.days.add(d)
	return m.learn(k, s, digest("v", value), d, true)
}

// learn is Learn of a hashed value. first tells whether the pair counts among
// the subject's first values, should it be new here.
func (m *Memory) learn(k Kind, s Subject, value uint64, d Day, first bool) (was Seen, known bool) {
	was, known = m.pairs.see(pairKey(k, s, value), d, 0)
	m.values.see(valueKey(k, value), d, group(s))
	if !known {
		m.subjects[k].add(uint64(s))
		if first {
			m.life(s, d).arrive(k, d)
		}
	}
	return was, known
}

// Active notes that a subject was active.
func (m *Memory) Active(s Subject, t record.Time) {
	d := DayOf(t)
	if d == 0 {
		return
	}
	m.days.add(d)
	m.life(s, d).touch(t, d)
}

// Sent notes what a subject sent to a class of peers on a day.
func (m *Memory) Sent(s Subject, c Class, d Day, kib uint32) {
	l := m.life(s, d)
	if l.sent[c] == nil {
		l.sent[c] = &totals{}
	}
	l.sent[c].put(total{d, kib})
}

// SentTo notes what a subject sent to one outside peer on a day.
func (m *Memory) SentTo(s Subject, peer string, d Day, kib uint32) {
	m.life(s, d).carry(&stream{peer: digest("v", peer), first: d, days: []total{{d, kib}}})
}

// life is what is known of a subject, made when there is nothing.
func (m *Memory) life(s Subject, d Day) *life {
	l := m.lives[s]
	if l == nil {
		if len(m.lives) >= m.maxLives {
			m.bury()
		}
		l = &life{first: d, last: d, days: 1}
		l.early[0] = d
		m.lives[s] = l
	}
	return l
}

// bury forgets the eighth of the lives that were seen least lately.
func (m *Memory) bury() {
	type one struct {
		last Day
		who  Subject
	}
	all := make([]one, 0, len(m.lives))
	for s, l := range m.lives {
		all = append(all, one{l.last, s})
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.who, b.who)) })
	for _, o := range all[:max(len(all)/8, 1)] {
		delete(m.lives, o.who)
		m.dead++
	}
}

// Pair is what is known of a subject with a value.
func (m *Memory) Pair(k Kind, s Subject, value string) (Seen, bool) {
	return m.pairs.get(pairKey(k, s, digest("v", value)))
}

// Value is what is known of a value, whoever had it, and by how many: many says
// that these are only the least.
func (m *Memory) Value(k Kind, value string) (s Seen, holders int, many, known bool) {
	s, known = m.values.get(valueKey(k, digest("v", value)))
	holders, many = count(s.spread)
	return s, holders, many, known
}

// Subjects is about how many subjects had any value of a kind.
func (m *Memory) Subjects(k Kind) int { return m.subjects[k].count() }

// Span is when a subject was first and last seen. A nil memory knows nobody.
func (m *Memory) Span(s Subject) (Seen, bool) {
	if m == nil {
		return Seen{}, false
	}
	l := m.lives[s]
	if l == nil {
		return Seen{}, false
	}
	return Seen{First: l.first, Last: l.last, Days: l.days}, true
}

// Had is how many values of each kind a subject has had; 16 stands for more. A
// nil memory knows none.
func (m *Memory) Had(s Subject) map[string]int {
	if m == nil {
		return nil
	}
	l := m.lives[s]
	if l == nil {
		return nil
	}
	out := map[string]int{}
	for _, k := range Kinds() {
		if n := len(l.fan[k]); n > 0 {
			out[k.String()] = n
		}
	}
	return out
}

// Size is the bytes in use, of the Budget.
func (m *Memory) Size() int64 {
	return m.pairs.size() + m.values.size() + int64(len(m.lives)*lifeSize) + int64(len(m.evidence.list))*evidenceSize + int64(len(m.suspects))*suspectSize
}

// Budget is the bytes that it may take.
func (m *Memory) Budget() int64 { return m.budget }
