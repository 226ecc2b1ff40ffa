package sigma

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// Engine is compiled rules. It is not changed after Compile and may be shared.
type Engine struct {
	Rules   []*Rule // in the order of their trees and files
	Filters []Filter

	matched []*Rule // rules that are asked about every event
	corrs   []*Rule // correlations, those that others look at first
	fields  fieldTable
	eventID int
	routes  routes
}

// Options say what to compile.
type Options struct {
	Trees        []fs.FS // the tree named first wins when two rules have one id
	Placeholders map[string][]string
	Pipelines    []*Pipeline // applied one after the other
}

// Compile compiles every .yml and .yaml file of the trees, in name order. What
// cannot be used is returned with the reason.
func Compile(trees ...fs.FS) (*Engine, []Refused) {
	return CompileWith(Options{Trees: trees})
}

// CompileWith is Compile with more to say. The rules of all trees know each
// other: a correlation or a filter may name a rule of another tree.
func CompileWith(opts Options) (*Engine, []Refused) {
	e := &Engine{fields: fieldTable{numbers: map[string]int{}}}
	e.eventID = e.fields.number("EventID")
	for _, p := range opts.Pipelines {
		opts.Placeholders = p.define(opts.Placeholders)
	}
	c := &compiler{e: e, opts: opts, ids: map[string]bool{}, lost: map[string]string{}, byName: map[string][]*Rule{}, order: map[*Rule]int{}}
	for i, tree := range opts.Trees {
		c.readTree(i, tree)
	}
	c.compile()
	for _, r := range e.matched {
		r.cond.plan()
	}
	e.build()
	return e, c.refused
}

// Matcher matches records against an Engine. It belongs to one goroutine.
type Matcher struct {
	// Hits, where set, is given what correlations must know: they find nothing
	// without it.
	Hits func(*Hit)
	// Candidates counts evaluated rules, for measurement.
	Candidates int

	engine *Engine
	view   *view
	marks  marks
	hit    func(*indexed)
	record record.Record
	emit   func(*Firing)
	firing Firing
	judge  func(int)
	meter  *meter // nil unless costs are measured

	stopped map[int]int // how often rules were stopped, by number
}

// NewMatcher returns a matcher for one goroutine.
func (e *Engine) NewMatcher() *Matcher {
	m := &Matcher{engine: e, view: newView(len(e.fields.names)), marks: newMarks(len(e.matched)), stopped: map[int]int{}}
	m.hit = func(l *indexed) {
		for _, x := range l.rules {
			m.marks.set(x)
		}
	}
	m.judge = func(n int) {
		m.Candidates++
		r := m.engine.matched[n]
		ok, stopped := false, false
		if m.meter != nil {
			ok, stopped = m.measured(n)
		} else {
			ok, stopped = r.holds(m.view)
		}
		if stopped {
			m.stopped[n]++
		}
		if !ok {
			return
		}
		if len(r.parents) > 0 && m.Hits != nil {
			m.Hits(r.hit(m.view, m.record))
		}
		if !r.quiet {
			m.firing = Firing{r, m.view, m.record}
			m.emit(&m.firing)
		}
	}
	return m
}

// Match emits every rule that is true of r, in the order of the rules.
func (m *Matcher) Match(r record.Record, emit func(*Firing)) {
	route, id := m.engine.routes.of(r)
	for ; route != nil; route = route.also {
		m.match(route, id, r, emit)
	}
}

func (m *Matcher) match(route *route, id uint32, r record.Record, emit func(*Firing)) {
	if m.meter != nil {
		m.meter.routes[route]++
	}
	b, ok := route.byID[id]
	if !ok {
		b = route.rest
	}
	if len(b.always) == 0 && len(b.lits) == 0 {
		return
	}
	v := m.view
	v.begin(route)
	v.fill(r)
	for _, x := range b.always {
		m.marks.candidate(x.number)
	}
	if len(b.lits) > 0 {
		for i := range v.vals {
			b.scan(v.vals[i].field, v.folded(i), m.hit)
		}
	}
	m.record, m.emit = r, emit
	m.marks.drain(m.judge)
	m.record, m.emit, m.firing = nil, nil, Firing{}
}

// Len is how many rules were compiled.
func (e *Engine) Len() int { return len(e.Rules) }

// Correlates tells whether some rule needs a Correlator.
func (e *Engine) Correlates() bool { return len(e.corrs) > 0 }

// Find returns the rules whose id begins with prefix or whose name or title
// it is, by id.
func (e *Engine) Find(prefix string) []*Rule {
	var out []*Rule
	for _, r := range e.Rules {
		if strings.HasPrefix(r.ID, strings.ToLower(prefix)) || r.Name == prefix || strings.EqualFold(r.Title, prefix) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
