package sigma

import (
	"fmt"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// filter adds the condition of a filter document to the rules that it names
// (Sigma filters specification 2.1): they are true only where it is, too. As
// in pySigma a filter may be for any rule of its log source, and is never
// added to correlations.
func (c *compiler) filter(d *document) error {
	y := resolve(&d.Filter)
	if y.Kind != yaml.MappingNode {
		return fmt.Errorf("filter must be a map")
	}
	source := d.source()
	if source == (LogSource{}) {
		return errNoSource
	}
	names := get(y, "rules")
	if names == nil {
		return fmt.Errorf("the filter does not say which rules it is for")
	}
	rest := *y
	rest.Content = nil
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Value != "rules" {
			rest.Content = append(rest.Content, y.Content[i:i+2]...)
		}
	}
	w, err := readDetections(&rest)
	if err != nil {
		return err
	}
	for _, p := range c.opts.Pipelines {
		if _, err := p.apply(&Rule{Title: d.Title, ID: d.ID, Source: source}, w); err != nil {
			return err
		}
	}
	if len(w.conditions) != 1 {
		return fmt.Errorf("a filter must have exactly one condition")
	}
	b := c.builder()
	var selects []*node
	for _, s := range w.selections {
		n, err := b.build(s.what)
		if err != nil {
			return fmt.Errorf("selection %q: %w", s.name, err)
		}
		selects = append(selects, &node{op: opSelect, name: s.name, kids: []*node{n}})
	}
	cond, err := parseCondition(w.conditions[0], selects)
	if err != nil {
		return err
	}
	list := texts(names)
	rules := c.e.Rules
	if every := len(list) == 0 && names.Kind == yaml.SequenceNode || len(list) == 1 && strings.EqualFold(list[0], "any"); !every {
		rules = nil
		for _, ref := range list {
			if r := c.find(ref, d); r != nil {
				rules = append(rules, r)
			}
		}
	}
	found := false
	for _, r := range rules {
		if !source.covers(r.Source) {
			continue
		}
		if len(r.Filters) == maxFilters {
			return fmt.Errorf("rule %q has %d filters already", r.Title, maxFilters)
		}
		found = true
		r.Filters = append(r.Filters, d.Title)
		for _, p := range r.parts() {
			p.cond = group(opAnd, []*node{p.cond, cond})
		}
	}
	if !found {
		return errFilterIdle
	}
	c.e.Filters = append(c.e.Filters, Filter{d.Title, d.ID, d.tree})
	return nil
}

// Filter is a filter document that narrows some rule.
type Filter struct {
	Title, ID string
	Tree      int
}

// maxFilters bounds the filters of one rule.
const maxFilters = 64

// covers tells whether every record of source other belongs to s as well.
func (s LogSource) covers(other LogSource) bool {
	return (s.Category == "" || s.Category == other.Category) && (s.Product == "" || s.Product == other.Product) && (s.Service == "" || s.Service == other.Service)
}

// called tells whether reference means r.
func (r *Rule) called(reference string) bool {
	return strings.EqualFold(reference, r.ID) || r.Name != "" && reference == r.Name
}

// parts are the rules that are asked about events for r: itself, or what an
// aggregation in its condition joins.
func (r *Rule) parts() []*Rule {
	if r.corr == nil {
		return []*Rule{r}
	}
	return r.corr.rules
}
