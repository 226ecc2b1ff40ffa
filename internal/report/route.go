package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Measures of the drawing of a path.
const (
	routeWidth  = 940 // least, so that a short path is not blown up
	stopWidth   = 196
	stopHeight  = 40
	stopGap     = 98 // for what is written on an edge
	stopRow     = 58
	maxStopText = 26 // characters that fit a stop
	maxViaText  = 16 // and an edge
)

// stop is a place on the path.
type stop struct {
	e        record.Entity
	move     *finding.Move // that led here; nil where the path begins
	n        int           // its number, from 1
	next     []*stop
	x, y     int
	reached  bool // by a move
	entrance bool
}

// route draws the path: from left to right, each place once, with the step that
// led to it.
func route(i *finding.Incident) template.HTML {
	roots := placed(i)
	if len(roots) == 0 {
		return ""
	}
	w, h := routeWidth, 0
	var measure func(s *stop)
	measure = func(s *stop) {
		w, h = max(w, s.x+stopWidth+8), max(h, s.y+stopRow)
		for _, n := range s.next {
			measure(n)
		}
	}
	for _, r := range roots {
		measure(r)
	}
	var s svg
	s.f(`<svg class="route" viewBox="0 0 %d %d" role="img" aria-label="Path of the intruder">`, w, h)
	for _, r := range roots {
		s.branch(r)
	}
	s.f(`</svg>`)
	return s.html()
}

// placed are the beginnings of the path, all their places with a position: a
// column for each step away, a row for each end.
func placed(i *finding.Incident) []*stop {
	roots := stops(i)
	row := 0
	var place func(s *stop, depth int)
	place = func(s *stop, depth int) {
		s.x = 8 + depth*(stopWidth+stopGap)
		if len(s.next) == 0 {
			s.y = 8 + row*stopRow
			row++
			return
		}
		for _, c := range s.next {
			place(c, depth+1)
		}
		s.y = (s.next[0].y + s.next[len(s.next)-1].y) / 2
	}
	for _, r := range roots {
		place(r, 0)
	}
	return roots
}

// stops builds the tree of the path. A place that was reached twice stands at
// its first arrival.
func stops(i *finding.Incident) []*stop {
	at := map[string]*stop{}
	var roots []*stop
	find := func(e record.Entity) *stop {
		k := ident(e)
		if at[k] == nil {
			at[k] = &stop{e: e}
			roots = append(roots, at[k])
		}
		return at[k]
	}
	for n := range i.Path {
		m := &i.Path[n]
		from, to := find(m.From), find(m.To)
		if to.reached || from == to || leads(to, from) {
			continue
		}
		to.reached, to.move, to.n = true, m, n+1
		from.next = append(from.next, to)
	}
	roots = slices.DeleteFunc(roots, func(s *stop) bool { return s.reached || len(s.next) == 0 })
	if i.Entry != nil {
		if s := at[ident(i.Entry.Entity)]; s != nil {
			s.entrance = true
		}
	}
	return roots
}

// leads tells whether the path goes from a to b already.
func leads(a, b *stop) bool {
	return a == b || slices.ContainsFunc(a.next, func(s *stop) bool { return leads(s, b) })
}

func (s *svg) branch(from *stop) {
	for _, to := range from.next {
		x1, y1, x2, y2 := from.x+stopWidth, from.y+stopHeight/2, to.x, to.y+stopHeight/2
		m := (x1 + x2) / 2
		s.f(`<path class="edge" d="M%d %d C%d %d %d %d %d %d"><title>%s</title></path>`, x1, y1, m, y1, m, y2, x2, y2, tip(to.move.Why))
		s.f(`<text class="via" x="%d" y="%d" text-anchor="end">%d. %s</text>`, x2-6, y2-6, to.n, esc(cut(strings.ReplaceAll(string(to.move.Kind), "-", " "), maxViaText)))
		if to.move.Account != "" {
			s.f(`<text class="via" x="%d" y="%d" text-anchor="end">%s</text>`, x2-6, y2+14, esc(cut(to.move.Account, maxViaText)))
		}
		s.branch(to)
	}
	class := stopClass(from.e)
	if from.entrance {
		class += " entrance"
	}
	what := from.e.Kind
	if from.move != nil {
		what = when(from.move.Time)
	}
	if from.entrance {
		what = "began " + what
	}
	s.f(`<g class="node %s"><rect x="%d" y="%d" width="%d" height="%d" rx="5"/><text x="%d" y="%d">%s</text><text class="tick" x="%d" y="%d">%s</text><title>%s %s</title></g>`,
		class, from.x, from.y, stopWidth, stopHeight, from.x+9, from.y+16, esc(cut(from.e.Value, maxStopText)), from.x+9, from.y+32, esc(what), esc(from.e.Kind), tip(from.e.Value))
}

func stopClass(e record.Entity) string {
	switch e.Kind {
	case "device", "host":
		return "machine"
	case "user":
		return "account"
	case "address":
		if internal(e.Value) {
			return "machine"
		}
	}
	return "outside"
}

// cut shortens a label in its middle.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most/2-1]) + "…" + string(r[len(r)-most/2:])
}

// reachGroup is the places of one grade.
type reachGroup struct {
	Grade finding.Grade
	About string
	Rows  []finding.Reach
	More  int
}

// maxReachRows is how many places of one grade a page lists.
const maxReachRows = 40

var gradeAbout = map[finding.Grade]string{
	finding.Touched:  "something was done on it or to it",
	finding.Accessed: "logged on to, or its data read",
	finding.Possibly: "within reach of what the intruder holds, without a trace of him",
}

// reachGroups sorts the reach of an incident by grade, the highest first.
func reachGroups(i *finding.Incident) []reachGroup {
	var out []reachGroup
	for _, g := range []finding.Grade{finding.Touched, finding.Accessed, finding.Possibly} {
		x := reachGroup{Grade: g, About: gradeAbout[g]}
		for _, r := range i.Reach {
			switch {
			case r.Grade != g:
			case len(x.Rows) == maxReachRows:
				x.More++
			default:
				x.Rows = append(x.Rows, r)
			}
		}
		if len(x.Rows) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// weakJoins are the ties on which an incident hangs, weakest first.
func weakJoins(i *finding.Incident, most int) []finding.Join {
	out := slices.Clone(i.Joins)
	slices.SortStableFunc(out, func(a, b finding.Join) int {
		switch {
		case a.Probability < b.Probability:
			return -1
		case a.Probability > b.Probability:
			return 1
		}
		return 0
	})
	return out[:min(len(out), most)]
}

// titleOf names a finding of an incident.
func titleOf(i *finding.Incident, id string) string {
	for _, f := range i.Findings {
		if f.ID == id {
			return f.Title
		}
	}
	return id
}

// likelihood is a probability as people read it.
func likelihood(p float64) string { return fmt.Sprintf("%.0f %%", 100*p) }
