// Package sigma compiles Sigma rules (specification 2.x, https://sigmahq.io)
// and matches records against all of them in one pass:
//
//	engine, refused := sigma.Compile(os.DirFS("rules"))
//	m := engine.NewMatcher() // one for each goroutine
//	m.Match(rec, func(f *sigma.Firing) { … f.Finding() … })
//
// A rule costs something only when its rare part is seen: rules are routed by
// log source and event number, then found by a literal that must occur for
// them to be true, and only such candidates are evaluated. Matching an event
// that no rule describes allocates nothing.
//
// Correlation rules look at what rules found, in the order of event time: a
// Matcher hands out Hits, which belong into a Correlator once all evidence is
// read and they are in order:
//
//	m.Hits = func(h *sigma.Hit) { kept = append(kept, h) }
//	…
//	c := engine.NewCorrelator()
//	for _, h := range inOrder(kept) {
//		c.Hit(h)
//	}
//	findings := c.Finish()
//
// A rule that cannot be used is never dropped silently: Compile returns it
// with the reason.
package sigma

import (
	"errors"
	"fmt"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// Rule is one compiled rule.
type Rule struct {
	ID             string // UUID of the rule, or its file when it has none
	Name           string // by which correlations and filters call it
	Title          string
	Status         string
	Description    string
	Author         string
	Date, Modified string
	Level          finding.Severity
	Tags           []string
	References     []string
	FalsePositives []string
	Related        []Related
	Techniques     []attack.ID
	Dossier        []string // from tags dossier.vt-09
	Source         LogSource
	Conditions     []string // as written
	Filters        []string // titles of the filters that were added
	Tree           int      // number of the tree it was compiled from
	File           string   // path in that tree
	Line           int      // where the document begins

	cond    *node        // nil for correlations
	corr    *correlation // nil for rules about single events
	tests   []test
	selects []*node // selections by name, for the reasons of a finding

	detector string   // what its findings are called
	closing  []string // the last reasons of its findings

	number  int                         // among the rules that are matched; -1 for correlations
	part    *Rule                       // the rule with an aggregation that this is a part of
	quiet   bool                        // it was written for a correlation, which reports instead
	parents []*parent                   // correlations that look at it
	asks    []ask                       // fields whose values they need
	renames []func(field string) string // what pipelines call fields
}

// ask is a field whose value goes into a Hit.
type ask struct {
	name  string
	field int
}

// LogSource says which records a rule is for; empty parts are not asked for.
type LogSource struct {
	Category, Product, Service string
}

// String is product/category/service, a star for what is not asked.
func (s LogSource) String() string {
	star := func(p string) string {
		if p == "" {
			return "*"
		}
		return p
	}
	return star(s.Product) + "/" + star(s.Category) + "/" + star(s.Service)
}

// Refused is a document that was not compiled.
type Refused struct {
	Tree   int
	File   string
	Line   int
	ID     string // when it could be read
	Title  string
	Reason string
}

// String says which document was refused and why.
func (r Refused) String() string {
	s := r.File
	if r.Line > 0 {
		s += fmt.Sprintf(":%d", r.Line)
	}
	if r.Title != "" {
		s += fmt.Sprintf(" (%q)", short(r.Title))
	}
	return s + ": " + r.Reason
}

// Why rules are refused.
var (
	errNotRule     = errors.New("it is no Sigma document: it has neither detection, correlation nor filter")
	errRepeat      = errors.New("action repeat follows no rule")
	errNoSource    = errors.New("no log source is given")
	errNoDetection = errors.New("no detection is given")
	errNoCondition = errors.New("no condition is given")
	errUnsupported = errors.New("no evidence that longwatch reads has this log source")
	errTwice       = errors.New("another rule has the same id")
	errFilterIdle  = errors.New("none of the rules that this filter names is there and has its log source")
)
