package sigma

import (
	"container/heap"
	"math"
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Limits of what a Correlator keeps. What is oldest is forgotten first, and
// Forgotten says so.
const (
	maxGroups = 50_000  // of all correlations
	maxKept   = 300_000 // occurrences in windows, of all correlations
	maxWindow = 100_000 // occurrences of one group
	maxLines  = 512     // occurrences of one group of an extended condition
	maxClaims = 10_000  // findings of one correlation
)

// Correlator judges hits, which it is given in the order of time. It belongs
// to one goroutine.
type Correlator struct {
	// Forgotten counts groups and findings that were given up to bound memory,
	// Untimed the hits without a time.
	Forgotten, Untimed int

	e        *Engine
	groups   []map[string]*cluster // by number of the correlation
	n, kept  int
	open     windows
	findings []finding.Finding
	claims   []int
}

// cluster is the state of one group of a correlation.
type cluster struct {
	rule *Rule
	key  string
	last record.Time // of its last occurrence

	window []occurrence   // oldest first
	counts map[string]int // valueCount and valueShare: how often each value is in the window
	values []sample       // of the window, for the kinds that need them
	sum    float64
	ends   record.Time // when the window is judged, for conditions that do not rise

	seen   []occurrence // temporal: the latest of each rule
	chains []chain      // temporalOrdered: by how many rules have happened

	episode *episode // reported once it is over
}

// sample is the value of an occurrence in the window.
type sample struct {
	text   string
	number float64
}

// NewCorrelator returns a Correlator for hits of e's matchers.
func (e *Engine) NewCorrelator() *Correlator {
	c := &Correlator{e: e, groups: make([]map[string]*cluster, len(e.corrs)), claims: make([]int, len(e.corrs))}
	for i, r := range e.corrs {
		r.corr.number = i
		c.groups[i] = map[string]*cluster{}
	}
	return c
}

// Hit takes the next hit.
func (c *Correlator) Hit(h *Hit) {
	if int(h.Rule) >= len(c.e.matched) {
		return
	}
	if h.TS == 0 {
		c.Untimed++
		return
	}
	c.judgeUntil(h.TS)
	r := c.e.matched[h.Rule]
	c.up(occurrence{ts: h.TS, ref: h.Ref, rule: r, hit: h})
}

// up tells the correlations that look at a rule.
func (c *Correlator) up(o occurrence) {
	for _, p := range o.rule.parents {
		o.place = p.place
		c.take(p.rule, o)
	}
}

// take adds an occurrence to the group of r that it belongs to. One without a
// value for each field of group-by belongs to none.
func (c *Correlator) take(r *Rule, o occurrence) {
	k := r.corr
	var key []byte
	for i, g := range k.groupBy {
		s, ok := o.value(k.field(o.rule, g))
		if !ok {
			return
		}
		if i > 0 {
			key = append(key, 0)
		}
		key = appendFold(key, s)
	}
	g := c.groups[k.number][string(key)]
	if g == nil {
		if c.n >= maxGroups {
			c.forget()
		}
		g = &cluster{rule: r, key: string(key)}
		c.groups[k.number][g.key] = g
		c.n++
	}
	g.last = o.ts
	switch {
	case !k.rises():
		c.collect(g, o)
	case k.kind == temporal || k.kind == temporalOrdered:
		c.inOrder(g, o)
	default:
		c.slide(g, o)
	}
	if c.kept > maxKept {
		c.forget()
	}
}

// fire notes that a correlation is true with an occurrence, from a time on.
func (c *Correlator) fire(g *cluster, from record.Time, at occurrence, f func(*episode)) {
	e := g.episode
	if e != nil && at.ts.Sub(e.end) > g.rule.corr.span {
		c.claim(g)
		e = nil
	}
	if e == nil {
		e = &episode{start: from, end: at.ts}
		g.episode = e
	}
	e.end = max(e.end, at.ts)
	e.times++
	f(e)
	if len(g.rule.parents) > 0 {
		below := at
		c.up(occurrence{ts: at.ts, ref: at.ref, rule: g.rule, below: &below})
	}
}

// judgeUntil judges the windows that are over at a time.
func (c *Correlator) judgeUntil(now record.Time) {
	for len(c.open) > 0 && c.open[0].ends < now {
		w := heap.Pop(&c.open).(window)
		if g := c.groups[w.number][w.key]; g != nil && g.ends == w.ends && len(g.window) > 0 {
			c.close(g)
		}
	}
}

// Finish judges what is open and returns all findings, sealed.
func (c *Correlator) Finish() []finding.Finding {
	c.judgeUntil(math.MaxInt64)
	for _, groups := range c.groups {
		for _, g := range sorted(groups) {
			c.claim(g)
		}
	}
	slices.SortFunc(c.findings, func(a, b finding.Finding) int { return finding.Compare(&a, &b) })
	return c.findings
}

// sorted are the groups by key, so that the same evidence gives the same
// findings.
func sorted(groups map[string]*cluster) []*cluster {
	out := make([]*cluster, 0, len(groups))
	for _, g := range groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *cluster) int { return strings.Compare(a.key, b.key) })
	return out
}

// forget gives up the half of the groups that was quiet longest. What they
// had found is reported.
func (c *Correlator) forget() {
	var all []*cluster
	for _, groups := range c.groups {
		all = append(all, sorted(groups)...)
	}
	slices.SortStableFunc(all, func(a, b *cluster) int { return int(min(max(a.last-b.last, -1), 1)) })
	for _, g := range all[:(len(all)+1)/2] {
		c.claim(g)
		c.kept -= len(g.window)
		c.n--
		c.Forgotten++
		delete(c.groups[g.rule.corr.number], g.key)
	}
}

// window is a window to be judged when it is over.
type window struct {
	ends   record.Time
	number int
	key    string
}

type windows []window

func (w windows) Len() int { return len(w) }
func (w windows) Less(i, j int) bool {
	a, b := w[i], w[j]
	switch {
	case a.ends != b.ends:
		return a.ends < b.ends
	case a.number != b.number:
		return a.number < b.number
	}
	return a.key < b.key
}
func (w windows) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *windows) Push(x any)   { *w = append(*w, x.(window)) }
func (w *windows) Pop() any {
	old := *w
	x := old[len(old)-1]
	*w = old[:len(old)-1]
	return x
}

// until is t plus a timespan that may be without end.
func until(t record.Time, span time.Duration) record.Time {
	if span >= forever {
		return math.MaxInt64 - 1
	}
	return t.Add(span)
}
