package pattern

import (
	"slices"
	"time"
)

// Match returns the numbers of the observations that satisfy the pattern
// together, in order and without repetition, or none. Of several ways to
// satisfy it one is returned. The error is ErrWork.
func (p *Pattern) Match(observations []Observation) ([]int, error) {
	sights := make([]Sight, len(observations))
	leaves := make([][]int, len(p.leaves))
	for i := range observations {
		o := &observations[i]
		sights[i] = Sight{First: o.First, Last: o.Last, Number: o.Number}
		for n := range p.leaves {
			if p.MatchLeaf(n, o) {
				leaves[n] = append(leaves[n], i)
			}
		}
	}
	return p.Bind(sights, leaves)
}

// Sight is an observation without what was seen.
type Sight struct {
	First, Last time.Time
	Number      int // how often; 0 is taken as 1
}

// Bind is Match for observations that were compared before: leaves holds for
// each comparison of the pattern the numbers of the sights that satisfy it.
func (p *Pattern) Bind(sights []Sight, leaves [][]int) ([]int, error) {
	s := &search{sights: sights, used: make([]int, len(sights)), left: MaxWork}
	for _, l := range leaves {
		sorted := slices.Clone(l)
		slices.SortStableFunc(sorted, func(a, b int) int { return sights[a].First.Compare(sights[b].First) })
		s.leaves = append(s.leaves, sorted)
	}
	var found []int
	if s.eval(p.root, func() bool { found = slices.Clone(s.bound); return true }) {
		slices.Sort(found)
		return slices.Compact(found), nil
	}
	if s.left <= 0 {
		return nil, ErrWork
	}
	return nil, nil
}

// search finds a binding: for each expression in brackets an instance of an
// observation, none twice, such that all qualifiers hold. Each step is tried
// with what comes after it as a continuation, so that the first way that holds
// ends the search.
type search struct {
	sights []Sight
	leaves [][]int // by First
	used   []int   // instances of each sight in the binding
	bound  []int   // the binding so far
	limits []limit // qualifiers around the expression at hand
	left   int     // steps that may still be taken
}

// limit is a qualifier, with what it knows of the binding so far.
type limit struct {
	kind     limitKind
	from, to time.Time     // limitStartStop; limitAfter has from
	span     time.Duration // limitWithin

	latestFirst, earliestLast time.Time // of what was bound inside limitWithin
	some                      bool
}

type limitKind uint8

const (
	limitWithin limitKind = iota
	limitStartStop
	limitAfter
)

// allows tells whether the times of a sight can be within the limit, given
// what was bound before.
func (l *limit) allows(s *Sight) bool {
	switch l.kind {
	case limitStartStop:
		// Within [from, to) at some time that the sight covers.
		return !s.Last.Before(l.from) && s.First.Before(l.to)
	case limitAfter:
		return !s.Last.Before(l.from)
	case limitWithin:
		if !l.some {
			return true
		}
		first, last := later(l.latestFirst, s.First), earlier(l.earliestLast, s.Last)
		return first.Sub(last) <= l.span
	}
	return true
}

// late tells whether no sight that begins as late as s, or later, is allowed.
func (l *limit) late(s *Sight) bool {
	switch l.kind {
	case limitStartStop:
		return !s.First.Before(l.to)
	case limitWithin:
		return l.some && s.First.Sub(l.earliestLast) > l.span
	case limitAfter:
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (s *search) allows(n int) bool {
	for i := range s.limits {
		if !s.limits[i].allows(&s.sights[n]) {
			return false
		}
	}
	return true
}

func (s *search) late(n int) bool {
	for i := range s.limits {
		if s.limits[i].late(&s.sights[n]) {
			return true
		}
	}
	return false
}

// free is how many instances of a sight are not in the binding.
func (s *search) free(n int) int { return max(1, s.sights[n].Number) - s.used[n] }

// eval satisfies e, then what comes after it.
func (s *search) eval(e expr, then func() bool) bool {
	switch e := e.(type) {
	case leafExpr:
		return s.choose(s.leaves[e.n], 1, then)
	case pairExpr:
		return s.pair(e, then)
	case repeatExpr:
		if leaf, ok := e.inner.(leafExpr); ok {
			return s.choose(s.leaves[leaf.n], e.times, then)
		}
		return s.repeat(e, e.times, then)
	case withinExpr:
		return s.limited(limit{kind: limitWithin, span: e.span}, e.inner, then)
	case startStopExpr:
		return e.from.Before(e.to) && s.limited(limit{kind: limitStartStop, from: e.from, to: e.to}, e.inner, then)
	}
	return false
}

func (s *search) pair(e pairExpr, then func() bool) bool {
	switch e.op {
	case opAnd:
		return s.eval(e.left, func() bool { return s.eval(e.right, then) })
	case opOr:
		return s.eval(e.left, then) || s.eval(e.right, then)
	case opFollowedBy:
		from := len(s.bound)
		return s.eval(e.left, func() bool {
			latest := s.sights[s.bound[from]].First
			for _, n := range s.bound[from:] {
				latest = later(latest, s.sights[n].First)
			}
			return s.limited(limit{kind: limitAfter, from: latest}, e.right, then)
		})
	}
	return false
}

// limited satisfies e under one more limit, which no longer holds for what
// comes after.
func (s *search) limited(l limit, e expr, then func() bool) bool {
	s.limits = append(s.limits, l)
	ok := s.eval(e, func() bool {
		last := len(s.limits) - 1
		mine := s.limits[last]
		s.limits = s.limits[:last]
		ok := then()
		s.limits = append(s.limits, mine)
		return ok
	})
	s.limits = s.limits[:len(s.limits)-1]
	return ok
}

// repeat satisfies a compound expression n times.
func (s *search) repeat(e repeatExpr, n int, then func() bool) bool {
	if n == 0 {
		return then()
	}
	return s.eval(e.inner, func() bool { return s.repeat(e, n-1, then) })
}

// choose binds n instances from the candidates, in their order.
func (s *search) choose(candidates []int, n int, then func() bool) bool {
	if n == 0 {
		return then()
	}
	if n > 1 && !s.enough(candidates, n) {
		return false
	}
	for i, c := range candidates {
		if s.left--; s.left <= 0 || s.late(c) {
			return false
		}
		most := min(n, s.free(c))
		if most <= 0 || !s.allows(c) {
			continue
		}
		for take := most; take > 0; take-- {
			undo := s.bind(c, take)
			ok := s.choose(candidates[i+1:], n-take, then)
			undo()
			if ok {
				return true
			}
			if s.left <= 0 {
				return false
			}
		}
	}
	return false
}

// enough tells whether the candidates that the limits allow by themselves are
// n instances or more. Limits only grow tighter, so fewer now are too few.
func (s *search) enough(candidates []int, n int) bool {
	for _, c := range candidates {
		if s.left--; s.left <= 0 || s.late(c) {
			return false
		}
		if s.allows(c) {
			if n -= s.free(c); n <= 0 {
				return true
			}
		}
	}
	return false
}

// bind adds instances of a sight to the binding.
func (s *search) bind(n, instances int) (undo func()) {
	sight := &s.sights[n]
	before := slices.Clone(s.limits)
	s.used[n] += instances
	s.bound = append(s.bound, n)
	for i := range s.limits {
		l := &s.limits[i]
		if l.kind != limitWithin {
			continue
		}
		if !l.some {
			l.latestFirst, l.earliestLast, l.some = sight.First, sight.Last, true
			continue
		}
		l.latestFirst, l.earliestLast = later(l.latestFirst, sight.First), earlier(l.earliestLast, sight.Last)
	}
	return func() {
		s.used[n] -= instances
		s.bound = s.bound[:len(s.bound)-1]
		copy(s.limits, before)
	}
}
