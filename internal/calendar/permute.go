package calendar

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Options of a test.
type Options struct {
	Windows []Window
	Level   float64 // of significance, after correction for the number of windows
	Draws   int     // arrangements drawn, when there are too many to try all
	Seed    uint64  // of the draws: the same gives the same
}

// Window is the days around an event that are looked at, counted from its first
// and last day.
type Window struct {
	Name        string `json:"name"`
	Before      int    `json:"before"` // days before the first day
	After       int    `json:"after"`  // days after the last day
	LeaveEvents bool   `json:"without_the_event,omitempty"`
}

// Defaults are four windows, each of which is a hypothesis.
var Defaults = Options{
	Windows: []Window{
		{Name: "the month before", Before: 30, LeaveEvents: true},
		{Name: "the week before", Before: 7, LeaveEvents: true},
		{Name: "three days either way", Before: 3, After: 3},
		{Name: "the week after", After: 7, LeaveEvents: true},
	},
	Level: 0.05, Draws: 9999, Seed: 1,
}

// What a test needs at least; below, it cannot tell.
const (
	leastClusters = 3
	leastWeeks    = 10
	leastActive   = 4 // days with activity
	maxExact      = 20_000
)

// Activity is how much was found per day, and on which days there was evidence
// at all.
type Activity struct {
	Found    map[Day]int
	Observed map[Day]bool
}

// The answers.
const (
	Clusters   = "clusters"    // more than chance
	Chance     = "chance"      // no more than chance
	CannotTell = "cannot tell" // too few events or too little time
)

// Result is what a test says.
type Result struct {
	Answer     string   `json:"answer"`
	Says       string   `json:"says"`
	Events     []Event  `json:"events"`   // inside the time that was observed
	Outside    int      `json:"outside"`  // events outside it
	Clusters   int      `json:"clusters"` // of events, which move together
	Weeks      int      `json:"weeks"`
	Active     int      `json:"active_days"`
	Hypotheses int      `json:"hypotheses"` // windows that were tried; p-values are corrected for them
	Tests      []Tested `json:"tests"`
	Problems   []string `json:"problems,omitempty"`
	First      Day      `json:"first"`
	Last       Day      `json:"last"`
	Series     []int    `json:"per_day"` // findings of each day from First on; -1 without evidence
}

// Tested is one window.
type Tested struct {
	Window
	Mean      float64 `json:"mean"`     // of ln(1+findings) over its days
	Expected  float64 `json:"expected"` // the same over all arrangements
	P         float64 `json:"p"`        // arrangements with as high a mean, of all
	Corrected float64 `json:"p_corrected"`
	Exact     bool    `json:"exact"` // all arrangements were tried
	Tried     int     `json:"arrangements"`
}

// series is the observed time in whole weeks: position 0 is First.
type series struct {
	x        []float64 // ln(1+findings)
	seen     []bool
	clusters [][][2]int // events by cluster, as first and last position
}

// Test compares activity inside windows around events with that of the same
// calendar put elsewhere: each cluster of events is moved by whole weeks, on a
// ring, independently of the others. That keeps weekdays, and events that belong
// together, and asks nothing of how activity is distributed. p is the part of
// arrangements whose mean is as high; with several windows the p-values are
// corrected as Holm does (Scandinavian Journal of Statistics 6, 1979).
func Test(c *Calendar, a Activity, o Options) *Result {
	r := &Result{Hypotheses: len(o.Windows), Events: []Event{}, Tests: []Tested{}, Problems: c.Problems}
	s := r.lay(c, a, reach(o.Windows))
	if why := r.tooLittle(s, o); why != "" {
		r.Answer, r.Says = CannotTell, "cannot tell whether activity clusters around events: "+why
		return r
	}
	for _, w := range o.Windows {
		r.Tests = append(r.Tests, s.test(w, o))
	}
	holm(r.Tests)
	best := slices.MinFunc(r.Tests, func(a, b Tested) int { return cmp.Compare(a.Corrected, b.Corrected) })
	over := fmt.Sprintf("%s in %s over %s, %s tried", counted(len(r.Events), "event"), counted(r.Clusters, "cluster"), counted(r.Weeks, "week"), counted(r.Hypotheses, "window"))
	if best.Corrected <= o.Level {
		r.Answer = Clusters
		r.Says = fmt.Sprintf("activity clusters around events more than chance: in %s it is %.1f times what other weeks would give, p = %.4f after correction (%s). This is a prior, no evidence of who it was", best.Name, best.Mean/max(best.Expected, 1e-9), best.Corrected, over)
		return r
	}
	r.Answer = Chance
	r.Says = fmt.Sprintf("activity does not cluster around events more than chance: the least p is %.2f after correction (%s)", best.Corrected, over)
	return r
}

// reach is how far windows reach, which is how far events are of one cluster.
func reach(ws []Window) int {
	n := 0
	for _, w := range ws {
		n = max(n, w.Before, w.After)
	}
	return min(n, 14)
}

// lay puts activity and events onto whole weeks.
func (r *Result) lay(c *Calendar, a Activity, reach int) *series {
	s := &series{}
	if len(a.Observed) == 0 {
		return s
	}
	first, last := Day(math.MaxInt32), Day(math.MinInt32)
	for d := range a.Observed {
		first, last = min(first, d), max(last, d)
	}
	r.Weeks = min(int(last-first)+1, maxSpan) / 7
	n := 7 * r.Weeks
	r.First, r.Last = first, first+Day(max(n, 1))-1
	s.x, s.seen = make([]float64, n), make([]bool, n)
	for i := range n {
		d := first + Day(i)
		s.seen[i] = a.Observed[d]
		found := -1
		if s.seen[i] {
			found = a.Found[d]
			s.x[i] = math.Log1p(float64(found))
			if found > 0 {
				r.Active++
			}
		}
		r.Series = append(r.Series, found)
	}
	end := 0
	for _, e := range c.Events {
		if e.First < first || e.Last > r.Last {
			r.Outside++
			continue
		}
		r.Events = append(r.Events, e)
		at := [2]int{int(e.First - first), int(e.Last - first)}
		if len(s.clusters) == 0 || at[0]-end > reach {
			s.clusters = append(s.clusters, nil)
		}
		k := len(s.clusters) - 1
		s.clusters[k] = append(s.clusters[k], at)
		end = max(end, at[1])
	}
	r.Clusters = len(s.clusters)
	return s
}

// maxSpan bounds the days of a series: thirty years.
const maxSpan = 30 * 366

// tooLittle says why nothing can be said, or nothing.
func (r *Result) tooLittle(s *series, o Options) string {
	switch {
	case len(o.Windows) == 0:
		return "no window was asked for"
	case r.Weeks < leastWeeks:
		return fmt.Sprintf("the evidence spans %d whole weeks, and %d are needed", r.Weeks, leastWeeks)
	case r.Clusters < leastClusters:
		return fmt.Sprintf("%s in %s within the time of the evidence, where %d clusters are needed", counted(len(r.Events), "event"), counted(r.Clusters, "cluster"), leastClusters)
	case r.Active < leastActive:
		return fmt.Sprintf("there are findings on %d days, and %d are needed", r.Active, leastActive)
	case r.Active*10 > 9*observed(s):
		return "there are findings on nearly every day"
	}
	return ""
}

func observed(s *series) int {
	n := 0
	for _, seen := range s.seen {
		if seen {
			n++
		}
	}
	return n
}

// test tries one window.
func (s *series) test(w Window, o Options) Tested {
	t := Tested{Window: w}
	weeks := len(s.x) / 7
	shift := make([]int, len(s.clusters))
	mark := make([]bool, len(s.x))
	t.Mean = s.mean(w, shift, mark)
	sum, high := 0.0, 0
	try := func() {
		m := s.mean(w, shift, mark)
		sum += m
		t.Tried++
		if m >= t.Mean-1e-12 {
			high++
		}
	}
	if all := math.Pow(float64(weeks), float64(len(shift))); all <= maxExact {
		t.Exact = true
		for more := true; more; more = next(shift, weeks) {
			try()
		}
		t.P = float64(high) / float64(t.Tried)
	} else {
		rnd := rand.New(rand.NewPCG(o.Seed, uint64(w.Before)<<32|uint64(w.After)))
		for range o.Draws {
			for i := range shift {
				shift[i] = rnd.IntN(weeks)
			}
			try()
		}
		t.P = float64(high+1) / float64(t.Tried+1) // the calendar itself is one of them
	}
	t.Expected = sum / float64(t.Tried)
	return t
}

// next counts shift up as a number of base weeks; false after the last.
func next(shift []int, weeks int) bool {
	for i := range shift {
		if shift[i]++; shift[i] < weeks {
			return true
		}
		shift[i] = 0
	}
	return false
}

// mean is the mean activity of observed days inside the windows, with clusters
// moved by so many weeks. mark is scratch.
func (s *series) mean(w Window, shift []int, mark []bool) float64 {
	clear(mark)
	n := len(s.x)
	each := func(fn func(at int)) {
		for k, events := range s.clusters {
			for _, e := range events {
				for d := e[0] - w.Before; d <= e[1]+w.After; d++ {
					if w.LeaveEvents && d >= e[0] && d <= e[1] && w.Before+w.After > 0 {
						continue
					}
					fn(((d+7*shift[k])%n + n) % n)
				}
			}
		}
	}
	sum, days := 0.0, 0
	each(func(at int) {
		if !mark[at] && s.seen[at] {
			mark[at] = true
			sum += s.x[at]
			days++
		}
	})
	if days == 0 {
		return 0
	}
	return sum / float64(days)
}

// holm corrects p-values for their number, stepwise.
func holm(ts []Tested) {
	order := make([]int, len(ts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ts[a].P, ts[b].P) })
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, ts[i].P*float64(len(ts)-rank)))
		ts[i].Corrected = least
	}
}

// counted is a number of things in words.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
