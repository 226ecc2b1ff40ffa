package sigma

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// compiler turns documents into an Engine.
type compiler struct {
	e       *Engine
	opts    Options
	docs    []*document
	refused []Refused
	ids     map[string]bool
	lost    map[string]string // why a rule is not there, by id and name
	byName  map[string][]*Rule
	order   map[*Rule]int // where its document stands

	programs int // instructions of all regular expressions
}

func (c *compiler) refuse(d *document, err error) {
	c.refused = append(c.refused, Refused{Tree: d.tree, File: d.file, Line: d.line, ID: d.ID, Title: d.Title, Reason: err.Error()})
	for _, k := range [...]string{strings.ToLower(d.ID), d.Name} {
		if k != "" {
			c.lost[k] = err.Error()
		}
	}
}

// compile makes rules of the documents: first those about single events, then
// the filters that narrow them, then the correlations that look at them.
func (c *compiler) compile() {
	var filters, correlations []*document
	for i, d := range c.docs {
		d.at = i
		switch {
		case d.Correlation.Kind != 0:
			correlations = append(correlations, d)
		case d.Filter.Kind != 0:
			filters = append(filters, d)
		default:
			if err := c.rule(d); err != nil {
				c.refuse(d, err)
			}
		}
	}
	for _, d := range filters {
		if err := c.filter(d); err != nil {
			c.refuse(d, err)
		}
	}
	c.correlations(correlations)
	slices.SortStableFunc(c.e.Rules, func(a, b *Rule) int { return c.order[a] - c.order[b] })
	slices.SortStableFunc(c.refused, func(a, b Refused) int { return a.Tree - b.Tree })
}

var techniqueTag = regexp.MustCompile(`^attack\.t\d{4}(\.\d{3})?$`)

// head makes a rule of what all documents have; it does not claim the id yet.
func (c *compiler) head(d *document) (*Rule, error) {
	r := &Rule{
		ID: strings.ToLower(d.ID), Name: d.Name, Title: d.Title, Status: d.Status, Description: strings.TrimSpace(d.Description),
		Author: flat(&d.Author), Date: d.Date, Modified: d.Modified, Tags: d.Tags, References: texts(&d.References), Related: d.Related,
		FalsePositives: texts(&d.FalsePositives), Tree: d.tree, File: d.file, Line: d.line, Level: finding.Medium, Source: d.source(), number: -1,
	}
	if r.ID == "" {
		r.ID = fmt.Sprintf("%s:%d", d.file, d.line)
	}
	r.detector, r.closing = "sigma:"+r.ID, r.closes()
	if c.ids[r.ID] && !d.shared {
		return nil, errTwice
	}
	if d.Level != "" {
		level, err := finding.ParseSeverity(d.Level)
		if err != nil {
			return nil, err
		}
		r.Level = level
	}
	for _, t := range d.Tags {
		t = strings.ToLower(t)
		if id, ok := strings.CutPrefix(t, "dossier."); ok {
			dossier, rest, _ := strings.Cut(id, "-") // TH-3a: the variant stays small
			r.Dossier = append(r.Dossier, strings.ToUpper(dossier)+"-"+rest)
		}
		if techniqueTag.MatchString(t) {
			r.Techniques = append(r.Techniques, attack.ID(strings.ToUpper(strings.TrimPrefix(t, "attack."))))
		}
	}
	return r, nil
}

// rule makes a rule about single events of a document.
func (c *compiler) rule(d *document) error {
	detection := resolve(&d.Detection)
	switch {
	case detection.Kind == 0 && d.source() == LogSource{}:
		return errNotRule
	case detection.Kind != yaml.MappingNode:
		return errNoDetection
	}
	r, err := c.head(d)
	if err != nil {
		return err
	}
	w, err := readDetections(detection)
	if err != nil {
		return err
	}
	changed := false
	for _, p := range c.opts.Pipelines {
		did, err := p.apply(r, w)
		if err != nil {
			return err
		}
		changed = changed || did
	}
	if d.Taxonomy != "" && d.Taxonomy != "sigma" && !changed {
		return fmt.Errorf("its field names are of taxonomy %q: name a pipeline that translates them", d.Taxonomy)
	}
	if r.Source == (LogSource{}) {
		return errNoSource
	}
	if err := c.conditions(r, w); err != nil {
		return err
	}
	if r.tests, err = readTests(d); err != nil {
		return err
	}
	if !c.e.routable(r) {
		return errUnsupported
	}
	c.add(d, r)
	c.number(r)
	return nil
}

// add makes a rule known.
func (c *compiler) add(d *document, r *Rule) {
	c.ids[r.ID] = true
	c.order[r] = d.at
	c.e.Rules = append(c.e.Rules, r)
	for _, k := range r.keys() {
		c.byName[k] = append(c.byName[k], r)
	}
}

// keys are what a rule may be called in references.
func (r *Rule) keys() []string {
	if r.Name == "" || r.Name == r.ID {
		return []string{r.ID}
	}
	return []string{r.ID, r.Name}
}

// number adds a rule to those that are matched; a rule with an aggregation is
// matched by its parts.
func (c *compiler) number(r *Rule) {
	if r.corr == nil {
		r.number = len(c.e.matched)
		c.e.matched = append(c.e.matched, r)
		return
	}
	for _, p := range r.corr.rules {
		p.number = len(c.e.matched)
		c.e.matched = append(c.e.matched, p)
	}
	c.e.corrs = append(c.e.corrs, r)
}

// conditions builds the selections and the condition of r.
func (c *compiler) conditions(r *Rule, w *written) error {
	b := c.builder()
	for _, s := range w.selections {
		n, err := b.build(s.what)
		if err != nil {
			return fmt.Errorf("selection %q: %w", s.name, err)
		}
		r.selects = append(r.selects, &node{op: opSelect, name: s.name, kids: []*node{n}})
	}
	if len(w.conditions) == 0 {
		return errNoCondition
	}
	r.Conditions = w.conditions
	var kids []*node
	for _, text := range w.conditions {
		text, aggregation, has := strings.Cut(text, "|")
		n, err := parseCondition(text, r.selects)
		if err != nil {
			return err
		}
		if has {
			if len(w.conditions) > 1 {
				return fmt.Errorf("an aggregation must be the only condition")
			}
			return c.aggregate(r, n, aggregation, w.timeframe)
		}
		kids = append(kids, n)
	}
	r.cond = group(opOr, kids)
	for _, x := range w.added {
		n, err := b.build(x.what)
		if err != nil {
			return fmt.Errorf("condition of a pipeline: %w", err)
		}
		if n = (&node{op: opSelect, name: "pipeline", kids: []*node{n}}); x.negated {
			n = &node{op: opNot, kids: []*node{n}}
		}
		r.cond = group(opAnd, []*node{r.cond, n})
	}
	return nil
}

func (c *compiler) builder() *builder {
	return &builder{fields: &c.e.fields, placeholders: c.opts.Placeholders, programs: &c.programs}
}
