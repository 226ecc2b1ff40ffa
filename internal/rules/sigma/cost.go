package sigma

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cost is what a rule costs. What was measured is zero unless a Matcher did.
type Cost struct {
	Found      string // how events that may fit are found, in words
	Always     bool   // nothing sets them apart: every event of the log source is evaluated
	Nanos      int    // about how long evaluating one event takes, when all of the condition is looked at
	Records    int    // records of its log source that were seen
	Candidates int    // of these evaluated
	Fired      int
	Time       time.Duration // spent on evaluating
}

// Cost is what a rule costs, without measuring. A correlation costs what its
// rules do.
func (r *Rule) Cost() Cost {
	if r.corr != nil {
		c := Cost{Found: "hits of its rules"}
		for _, p := range r.corr.rules {
			if p.part != nil {
				part := p.Cost()
				c.Found, c.Always, c.Nanos = part.Found, c.Always || part.Always, c.Nanos+part.Nanos
			}
		}
		return c
	}
	sets := requiredSets(r.cond, nil, noField)
	c := Cost{Nanos: r.cond.plan()}
	if len(sets) == 0 {
		c.Always, c.Found = true, "every event of the log source"
		return c
	}
	words := make([]string, 0, len(sets))
	for _, s := range sets {
		if len(s) == 1 {
			words = append(words, fmt.Sprintf("%q", short(s[0].text)))
		} else {
			words = append(words, fmt.Sprintf("one of %d texts", len(s)))
		}
	}
	c.Found = strings.Join(words, " and ")
	return c
}

// meter is what a Matcher measures.
type meter struct {
	routes map[*route]int
	costs  []Cost // by number of the rule
}

// Measure has m measure what each rule costs from now on.
func (m *Matcher) Measure() {
	m.meter = &meter{routes: map[*route]int{}, costs: make([]Cost, len(m.engine.matched))}
}

// measured evaluates rule n with a clock.
func (m *Matcher) measured(n int) (ok, stopped bool) {
	c := &m.meter.costs[n]
	start := time.Now()
	ok, stopped = m.engine.matched[n].holds(m.view)
	c.Time += time.Since(start)
	c.Candidates++
	if ok {
		c.Fired++
	}
	return ok, stopped
}

// Costs adds up what matchers measured of a rule.
func (e *Engine) Costs(r *Rule, matchers []*Matcher) Cost {
	total := r.Cost()
	var parts []*Rule
	e.below(r, &parts)
	for _, m := range matchers {
		if m.meter == nil {
			continue
		}
		for _, p := range parts {
			x := &m.meter.costs[p.number]
			total.Candidates += x.Candidates
			total.Time += x.Time
			if p == r {
				total.Fired += x.Fired
			}
		}
		for route, n := range m.meter.routes {
			if slices.ContainsFunc(parts, func(p *Rule) bool { return route.kind.takes(p.Source) }) {
				total.Records += n
			}
		}
	}
	return total
}

// below gathers the rules about events that r looks at.
func (e *Engine) below(r *Rule, out *[]*Rule) {
	if r.corr == nil {
		if !slices.Contains(*out, r) {
			*out = append(*out, r)
		}
		return
	}
	for _, p := range r.corr.rules {
		e.below(p, out)
	}
}
