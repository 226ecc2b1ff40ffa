package sigma

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// Pipeline changes rules before they are compiled, as a pySigma processing
// pipeline does: other field names, more conditions, another log source.
// Postprocessing and finalizers are about the text of queries and mean nothing
// here.
type Pipeline struct {
	Name     string
	Priority int
	vars     map[string][]string
	steps    []*step
}

// Limits of one pipeline.
const (
	maxTransformations = 10_000
	maxPipeline        = 8 << 20
)

// step is one transformation and when it is applied.
type step struct {
	id     string
	kind   string
	rule   conditions
	item   conditions
	name   conditions
	change transformation
	nested []*step
}

// transformation is what a kind of step does to a rule.
type transformation func(run *pipelineRun, s *step) error

// ParsePipeline reads a pipeline.
func ParsePipeline(text []byte) (*Pipeline, error) {
	if len(text) > maxPipeline {
		return nil, fmt.Errorf("larger than %d bytes", maxPipeline)
	}
	root, err := parseYAML(text)
	switch {
	case err != nil:
		return nil, err
	case root == nil || root.Kind != yaml.MappingNode:
		return nil, errors.New("a pipeline must be a map")
	case count(root) > maxCopied*4:
		return nil, fmt.Errorf("more than %d YAML nodes", maxCopied*4)
	}
	p := &Pipeline{vars: map[string][]string{}}
	if n := get(root, "name"); n != nil {
		p.Name = n.Value
	}
	if n := get(root, "priority"); n != nil {
		if err := n.Decode(&p.Priority); err != nil {
			return nil, fmt.Errorf("priority: %w", err)
		}
	}
	if v := get(root, "vars"); v != nil {
		for i := 0; i+1 < len(v.Content); i += 2 {
			p.vars[v.Content[i].Value] = texts(v.Content[i+1])
		}
	}
	p.steps, err = parseSteps(get(root, "transformations"), 0)
	return p, err
}

func parseSteps(y *yaml.Node, depth int) ([]*step, error) {
	switch {
	case y == nil:
		return nil, nil
	case y.Kind != yaml.SequenceNode:
		return nil, fmt.Errorf("line %d: transformations must be a list", y.Line)
	case depth > 8:
		return nil, fmt.Errorf("line %d: nested too deep", y.Line)
	case len(y.Content) > maxTransformations:
		return nil, fmt.Errorf("more than %d transformations", maxTransformations)
	}
	var out []*step
	for i, c := range y.Content {
		s, err := parseStep(resolve(c), depth)
		if err != nil {
			return nil, fmt.Errorf("transformation %d, line %d: %w", i+1, c.Line, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func parseStep(y *yaml.Node, depth int) (*step, error) {
	if y.Kind != yaml.MappingNode {
		return nil, errors.New("it must be a map")
	}
	kind := get(y, "type")
	if kind == nil {
		return nil, errors.New("no type is given")
	}
	s := &step{kind: kind.Value}
	if id := get(y, "id"); id != nil {
		s.id = id.Value
	}
	for _, part := range [...]struct {
		name string
		to   *conditions
		kind map[string]conditionMaker
	}{{"rule", &s.rule, ruleConditions}, {"detection_item", &s.item, itemConditions}, {"field_name", &s.name, nameConditions}} {
		if err := part.to.parse(y, part.name, part.kind); err != nil {
			return nil, err
		}
	}
	if s.kind == "nest" {
		var err error
		if s.nested, err = parseSteps(get(y, "items"), depth+1); err != nil {
			return nil, err
		}
		s.change = func(run *pipelineRun, s *step) error { return run.all(s.nested) }
		return s, nil
	}
	maker, ok := transformations[s.kind]
	if !ok {
		return nil, fmt.Errorf("the transformation %q is not known", s.kind)
	}
	change, err := maker(y)
	s.change = change
	return s, err
}

// define adds the pipeline's variables to the placeholders, where they are not
// defined yet.
func (p *Pipeline) define(placeholders map[string][]string) map[string][]string {
	out := maps.Clone(p.vars)
	if out == nil {
		out = map[string][]string{}
	}
	maps.Copy(out, placeholders)
	return out
}

// pipelineRun is a pipeline at work on one rule.
type pipelineRun struct {
	p       *Pipeline
	rule    *Rule
	written *written
	applied map[string]bool
	state   map[string]string
	changed bool
}

// apply changes a rule and tells whether some step was for it. d is a rule or
// a filter.
func (p *Pipeline) apply(r *Rule, w *written) (bool, error) {
	run := &pipelineRun{p: p, rule: r, written: w, applied: map[string]bool{}, state: map[string]string{}}
	err := run.all(p.steps)
	if err != nil && p.Name != "" {
		err = fmt.Errorf("pipeline %q: %w", p.Name, err)
	}
	return run.changed, err
}

func (run *pipelineRun) all(steps []*step) error {
	for _, s := range steps {
		ok, err := s.rule.hold(&subject{run: run})
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		run.changed = true
		if err := s.change(run, s); err != nil {
			return err
		}
		if s.id != "" {
			run.applied[s.id] = true
		}
	}
	return nil
}

// items calls fn with every item that the step's conditions hold for. What fn
// returns takes the item's place; nil drops it.
func (run *pipelineRun) items(s *step, fn func(d *detection) (*detection, error)) error {
	var visit func(d *detection) (*detection, error)
	visit = func(d *detection) (*detection, error) {
		if d.kind != oneItem {
			var kids []*detection
			for _, k := range d.kids {
				n, err := visit(k)
				if err != nil {
					return nil, err
				}
				if n != nil {
					kids = append(kids, n)
				}
			}
			if d.kids = kids; len(kids) == 0 {
				return nil, nil
			}
			return d, nil
		}
		for _, c := range [...]*conditions{&s.item, &s.name} {
			ok, err := c.hold(&subject{run: run, item: d, field: d.field})
			if err != nil || !ok {
				return d, err
			}
		}
		n, err := fn(d)
		if n != nil && s.id != "" {
			n.mark(s.id)
		}
		return n, err
	}
	for i := range run.written.selections {
		sel := &run.written.selections[i]
		n, err := visit(sel.what)
		if err != nil {
			return err
		}
		if n == nil {
			n = &detection{kind: allOf} // all was dropped: nothing is asked
		}
		sel.what = n
	}
	for i := range run.written.added {
		n, err := visit(run.written.added[i].what)
		if err != nil {
			return err
		}
		if n == nil {
			n = &detection{kind: allOf}
		}
		run.written.added[i].what = n
	}
	return nil
}

// mark notes that a step was applied to the items of d.
func (d *detection) mark(id string) {
	if d.kind == oneItem {
		d.marks = append(slices.Clip(d.marks), id)
	}
	for _, k := range d.kids {
		k.mark(id)
	}
}

// match is a value with the asterisks that modifiers put around it, as
// conditions see it.
func (d *detection) match(y *yaml.Node) string {
	v := y.Value
	for _, m := range d.chain {
		if m == "contains" || m == "endswith" {
			v = "*" + strings.TrimPrefix(v, "*")
		}
		if m == "contains" || m == "startswith" {
			v = strings.TrimSuffix(v, "*") + "*"
		}
	}
	return v
}
