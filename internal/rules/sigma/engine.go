package sigma

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Engine is compiled rules. It is not changed after Compile and may be shared.
type Engine struct {
	Rules []*Rule // in the order of their files

	fields       fieldTable
	eventID      int
	placeholders map[string][]string
	ids          map[string]bool
	refused      []Refused
	routes       routes
}

// Compile compiles every .yml and .yaml file of the trees, in name order. What
// cannot be used is returned with the reason. Rules whose id was seen before
// are refused, so the tree named first wins.
func Compile(trees ...fs.FS) (*Engine, []Refused) {
	return CompileWith(nil, trees...)
}

// CompileWith is Compile with values for the placeholders of the expand
// modifier.
func CompileWith(placeholders map[string][]string, trees ...fs.FS) (*Engine, []Refused) {
	e := &Engine{fields: fieldTable{numbers: map[string]int{}}, placeholders: placeholders, ids: map[string]bool{}}
	e.eventID = e.fields.number("EventID")
	for _, tree := range trees {
		if err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				e.refuse(name, 0, document{}, err)
				return nil
			}
			ext := strings.ToLower(path.Ext(name))
			if d.IsDir() || ext != ".yml" && ext != ".yaml" {
				return nil
			}
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				e.refuse(name, 0, document{}, err)
				return nil
			}
			e.parseFile(name, text)
			return nil
		}); err != nil {
			e.refuse(".", 0, document{}, err)
		}
	}
	e.build()
	return e, e.refused
}

// Matcher matches records against an Engine. It belongs to one goroutine.
type Matcher struct {
	engine *Engine
	view   *view
	marks  marks
	hit    func(*indexed)
	record record.Record
	emit   func(finding.Finding)
	judge  func(int)

	// Candidates counts evaluated rules, for measurement.
	Candidates int
}

// NewMatcher returns a matcher for one goroutine.
func (e *Engine) NewMatcher() *Matcher {
	m := &Matcher{engine: e, view: newView(len(e.fields.names)), marks: newMarks(len(e.Rules))}
	m.hit = func(l *indexed) {
		for _, x := range l.rules {
			m.marks.set(x.number)
		}
	}
	m.judge = func(n int) {
		m.Candidates++
		r := m.engine.Rules[n]
		if r.cond.eval(m.view) {
			m.emit(r.claim(m.view, m.record))
		}
	}
	return m
}

// Match emits a sealed finding for every rule that is true of r, in the order
// of the rules.
func (m *Matcher) Match(r record.Record, emit func(finding.Finding)) {
	route, id := m.engine.routes.of(r)
	if route == nil {
		return
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
		m.marks.set(x.number)
	}
	if len(b.lits) > 0 {
		for i := range v.vals {
			b.scan(v.vals[i].field, v.folded(i), m.hit)
		}
	}
	m.record, m.emit = r, emit
	m.marks.drain(m.judge)
	m.record, m.emit = nil, nil
}

// Len is how many rules were compiled.
func (e *Engine) Len() int { return len(e.Rules) }

// Listens lists the log sources of the rules with how many rules each has, for
// `rules list`.
func (e *Engine) Listens() map[LogSource]int {
	out := map[LogSource]int{}
	for _, r := range e.Rules {
		out[r.Source]++
	}
	return out
}

// Find returns the rules whose id begins with prefix, by id.
func (e *Engine) Find(prefix string) []*Rule {
	var out []*Rule
	for _, r := range e.Rules {
		if strings.HasPrefix(r.ID, strings.ToLower(prefix)) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
