package sigma

import (
	"fmt"

	yaml "go.yaml.in/yaml/v3"
)

// test is an event that a rule carries in its own file, under tests: fires:
// or tests: quiet:, as a map of the names that rules use to values.
type test struct {
	fires  bool
	line   int
	values [][2]string
}

func readTests(d *document) ([]test, error) {
	var out []test
	for _, group := range [...]struct {
		fires bool
		list  []yaml.Node
	}{{true, d.Tests.Fires}, {false, d.Tests.Quiet}} {
		for i := range group.list {
			y := &group.list[i]
			if y.Kind != yaml.MappingNode {
				return nil, fmt.Errorf("tests: line %d: an event must be a map", y.Line)
			}
			t := test{fires: group.fires, line: y.Line}
			for j := 0; j+1 < len(y.Content); j += 2 {
				v := resolve(y.Content[j+1])
				list := []*yaml.Node{v}
				if v.Kind == yaml.SequenceNode {
					list = v.Content
				}
				for _, v := range list {
					text, err := scalarText(resolve(v))
					if err != nil {
						return nil, fmt.Errorf("tests: line %d: %w", v.Line, err)
					}
					t.values = append(t.values, [2]string{y.Content[j].Value, text})
				}
			}
			out = append(out, t)
		}
	}
	return out, nil
}

// Tested tells whether a rule carries events that it must be true of, and
// events that it must not be true of.
func (r *Rule) Tested() (fires, quiet bool) {
	for _, t := range r.tests {
		fires = fires || t.fires
		quiet = quiet || !t.fires
	}
	return fires, quiet
}

// Failure is an event of a rule's own tests on which it did not do as it says.
type Failure struct {
	Rule *Rule
	Line int
	Why  string
}

// Test runs the tests that the rules carry.
func (e *Engine) Test() []Failure {
	var out []Failure
	v := newView(len(e.fields.names))
	for i, r := range e.matched {
		all := kindOfEvent{category: []string{r.Source.Category}, product: r.Source.Product, service: []string{r.Source.Service}}
		route := e.newRoute(all, 0, nil)
		for _, t := range r.tests {
			v.begin(route)
			for _, kv := range t.values {
				v.put(kv[0], kv[1])
			}
			holds, _ := r.holds(v)
			switch {
			case t.fires && !holds:
				out = append(out, Failure{r, t.line, "should fire and is quiet"})
			case !t.fires && holds:
				out = append(out, Failure{r, t.line, "should be quiet and fires"})
			case holds && !candidate(route, v, i):
				out = append(out, Failure{r, t.line, "is true, but its index does not find it"})
			}
		}
	}
	return out
}

// candidate tells whether the indexes of a route find rule number n for the
// event in v.
func candidate(r *route, v *view, n int) bool {
	found := false
	look := func(b *bucket) {
		m := newMarks(n + 1)
		for _, x := range b.always {
			found = found || x.number == n
		}
		for i := range v.vals {
			b.scan(v.vals[i].field, v.folded(i), func(l *indexed) {
				for _, x := range l.rules {
					if x.number == n {
						m.set(x)
					}
				}
			})
		}
		m.drain(func(x int) { found = found || x == n })
	}
	look(r.rest)
	for _, b := range r.byID {
		look(b)
	}
	return found
}
