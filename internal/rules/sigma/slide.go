package sigma

import (
	"container/heap"
	"math"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// slide judges counts and sums as events come: the window is what lies within
// the timespan before the latest event, that long ago included. Of counted
// events and values no more are kept than the condition asks for.
func (c *Correlator) slide(g *cluster, o occurrence) {
	k := g.rule.corr
	s, ok := k.sample(&o)
	if !ok {
		return
	}
	for len(g.window) > 0 && (o.ts.Sub(g.window[0].ts) > k.span || len(g.window) == maxWindow) {
		c.drop(g)
	}
	switch {
	case k.kind == eventCount && len(g.window) == k.enough():
		c.drop(g)
	case k.kind == valueCount && g.counts[s.text] > 0:
		c.again(g, s.text)
	case k.kind == valueCount && len(g.window) == k.enough():
		c.drop(g)
	}
	c.push(g, o, s)
	if x, ok := g.measure(); ok && k.holds(x) {
		c.fire(g, g.window[0].ts, o, func(e *episode) { e.counted(g, x) })
	}
}

// enough is the least count that meets a condition that rises.
func (k *correlation) enough() int {
	n := 1
	for _, b := range k.bounds {
		least := int(math.Ceil(b.n))
		if b.op == "gt" {
			least = int(math.Floor(b.n)) + 1
		}
		n = max(n, least)
	}
	return n
}

// again forgets the occurrence of a value that comes once more.
func (c *Correlator) again(g *cluster, text string) {
	i := slices.IndexFunc(g.values, func(s sample) bool { return s.text == text })
	g.window = slices.Delete(g.window, i, i+1)
	g.values = slices.Delete(g.values, i, i+1)
	delete(g.counts, text)
	c.kept--
}

// collect gathers a window that must be over before it is judged. It begins
// with the first event that no window before it holds.
func (c *Correlator) collect(g *cluster, o occurrence) {
	k := g.rule.corr
	s, ok := k.sample(&o)
	if !ok {
		return
	}
	if len(g.window) == 0 {
		g.ends = until(o.ts, k.span)
		heap.Push(&c.open, window{g.ends, k.number, g.key})
	}
	if len(g.window) == maxWindow {
		c.Forgotten++
		return
	}
	c.push(g, o, s)
}

// close judges a window that is over and empties it.
func (c *Correlator) close(g *cluster) {
	k := g.rule.corr
	last := g.window[len(g.window)-1]
	switch {
	case k.expr != nil || k.kind == temporal || k.kind == temporalOrdered:
		if k.window(g.window) {
			c.fire(g, g.window[0].ts, last, func(e *episode) { e.happened(g.window) })
		}
	case k.kind == valueShare:
		if text, share, ok := g.share(); ok {
			c.fire(g, g.window[0].ts, last, func(e *episode) {
				e.counted(g, share)
				e.value(text)
			})
		}
	default:
		if x, ok := g.measure(); ok && k.holds(x) {
			c.fire(g, g.window[0].ts, last, func(e *episode) { e.counted(g, x) })
		}
	}
	for len(g.window) > 0 {
		c.drop(g)
	}
	g.sum = 0
}

// sample is the value that an occurrence adds; ok is false when it has none.
// Several fields make one value together.
func (k *correlation) sample(o *occurrence) (s sample, ok bool) {
	if len(k.fields) == 0 {
		return s, true
	}
	var text []string
	for _, f := range k.fields {
		v, ok := o.value(k.field(o.rule, f))
		if !ok {
			return s, false
		}
		text = append(text, string(appendFold(nil, v)))
	}
	s.text = strings.Join(text, ", ")
	if k.kind != valueCount && k.kind != valueShare {
		if s.number, ok = parseNumber(s.text); !ok || math.IsNaN(s.number) || math.IsInf(s.number, 0) {
			return s, false
		}
	}
	return s, true
}

func (c *Correlator) push(g *cluster, o occurrence, s sample) {
	g.window = append(g.window, o)
	c.kept++
	k := g.rule.corr
	switch k.kind {
	case valueCount, valueShare:
		if g.counts == nil {
			g.counts = map[string]int{}
		}
		g.counts[s.text]++
		g.values = append(g.values, s)
	case valueSum, valueAvg, valueMin, valueMax, valuePercentile:
		g.sum += s.number
		g.values = append(g.values, s)
	}
}

// drop takes the oldest occurrence from the window.
func (c *Correlator) drop(g *cluster) {
	g.window = g.window[1:]
	c.kept--
	if len(g.values) == 0 {
		return
	}
	s := g.values[0]
	g.values = g.values[1:]
	if g.counts != nil {
		if g.counts[s.text]--; g.counts[s.text] == 0 {
			delete(g.counts, s.text)
		}
	}
	if g.sum -= s.number; len(g.values) == 0 {
		g.sum = 0
	}
}

// measure is what the condition is compared with.
func (g *cluster) measure() (x float64, ok bool) {
	n := float64(len(g.window))
	switch g.rule.corr.kind {
	case valueCount:
		return float64(len(g.counts)), true
	case valueSum:
		return g.sum, true
	case valueAvg:
		return g.sum / n, n > 0
	case valueMin, valueMax, valuePercentile:
		if n == 0 {
			return 0, false
		}
		return g.rank(), true
	}
	return n, true
}

// rank is the least, greatest or percentile of the values.
func (g *cluster) rank() float64 {
	k := g.rule.corr
	switch k.kind {
	case valueMin, valueMax:
		x := g.values[0].number
		for _, s := range g.values[1:] {
			if k.kind == valueMin {
				x = min(x, s.number)
			} else {
				x = max(x, s.number)
			}
		}
		return x
	}
	all := make([]float64, len(g.values))
	for i, s := range g.values {
		all[i] = s.number
	}
	slices.Sort(all)
	return percentile(all, k.percentile)
}

// percentile is the value below which p percent of the sorted values lie, in
// between two of them where the place falls between.
func percentile(sorted []float64, p float64) float64 {
	at := p / 100 * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// share returns the value whose part of all values, in percent, meets the
// condition: the rarest of them.
func (g *cluster) share() (text string, share float64, ok bool) {
	for t, n := range g.counts {
		x := 100 * float64(n) / float64(len(g.values))
		if g.rule.corr.holds(x) && (!ok || x < share || x == share && t < text) {
			text, share, ok = t, x, true
		}
	}
	return text, share, ok
}

// inOrder judges rules that must happen within the timespan.
func (c *Correlator) inOrder(g *cluster, o occurrence) {
	k := g.rule.corr
	switch {
	case k.expr != nil:
		c.line(g, o)
	case k.kind == temporalOrdered:
		c.advance(g, o)
	default:
		if g.seen == nil {
			g.seen = make([]occurrence, len(k.rules))
		}
		g.seen[o.place] = o
		var now []occurrence
		for _, s := range g.seen {
			if s.rule != nil && o.ts.Sub(s.ts) <= k.span {
				now = append(now, s)
			}
		}
		if k.holds(float64(len(now))) {
			slices.SortStableFunc(now, func(a, b occurrence) int { return int(min(max(a.ts-b.ts, -1), 1)) })
			c.fire(g, now[0].ts, o, func(e *episode) { e.happened(now) })
		}
	}
}

// chain is the latest way in which the first rules happened in their order.
type chain struct {
	steps  []occurrence
	before []occurrence // the same before the event that made steps
}

// advance is temporalOrdered. One event is never two steps.
func (c *Correlator) advance(g *cluster, o occurrence) {
	k := g.rule.corr
	if g.chains == nil {
		g.chains = make([]chain, len(k.rules))
	}
	steps := []occurrence{o}
	if o.place > 0 {
		p := &g.chains[o.place-1]
		prior := p.steps
		if len(prior) > 0 && prior[len(prior)-1].ref == o.ref {
			prior = p.before
		}
		if len(prior) == 0 || o.ts.Sub(prior[0].ts) > k.span {
			return
		}
		steps = append(slices.Clone(prior), o)
	}
	x := &g.chains[o.place]
	if len(x.steps) == 0 || x.steps[0].ts <= steps[0].ts {
		if len(x.steps) == 0 || x.steps[len(x.steps)-1].ref != o.ref {
			x.before = x.steps
		}
		x.steps = steps
	}
	if k.holds(float64(len(steps))) && len(steps) == k.last() {
		c.fire(g, steps[0].ts, o, func(e *episode) { e.happened(steps) })
	}
}

// last is how many rules must have happened in order for the first time that
// the condition can hold.
func (k *correlation) last() int {
	for n := 1; n <= len(k.rules); n++ {
		if k.holds(float64(n)) {
			return n
		}
	}
	return len(k.rules)
}

// line judges an extended condition over the occurrences within the timespan.
// Of the same rule twice in a row the later one stands for both.
func (c *Correlator) line(g *cluster, o occurrence) {
	k := g.rule.corr
	for len(g.window) > 0 && (o.ts.Sub(g.window[0].ts) > k.span || len(g.window) == maxLines) {
		c.drop(g)
	}
	if n := len(g.window); n > 0 && g.window[n-1].place == o.place {
		g.window[n-1] = o
	} else {
		c.push(g, o, sample{})
	}
	if k.window(g.window) {
		c.fire(g, g.window[0].ts, o, func(e *episode) { e.happened(g.window) })
	}
}

// window tells whether a temporal correlation is true of a whole window.
func (k *correlation) window(w []occurrence) bool {
	seen := func(rule int) bool {
		return slices.ContainsFunc(w, func(o occurrence) bool { return o.place == rule })
	}
	switch {
	case k.expr != nil && k.kind == temporalOrdered:
		_, ok := k.expr.follows(w, 0)
		return ok
	case k.expr != nil:
		return k.expr.holds(seen)
	case k.kind == temporalOrdered:
		at, ref := 0, record.Ref{}
		for _, o := range w {
			if at < len(k.rules) && o.place == at && (at == 0 || o.ref != ref) {
				at, ref = at+1, o.ref
			}
		}
		return k.holds(float64(at))
	}
	n := 0
	for i := range k.rules {
		if seen(i) {
			n++
		}
	}
	return k.holds(float64(n))
}
