// Package sigma compiles Sigma rules (specification 2.x, https://sigmahq.io)
// and matches records against all of them in one pass:
//
//	engine, refused := sigma.Compile(os.DirFS("rules"))
//	m := engine.NewMatcher() // one for each goroutine
//	m.Match(rec, func(f finding.Finding) { … })
//
// A rule costs something only when its rare part is seen: rules are routed by
// log source and event number, then found by a literal that must occur for
// them to be true, and only such candidates are evaluated. Matching an event
// that no rule describes allocates nothing.
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
	Title          string
	Status         string
	Description    string
	Author         string
	Level          finding.Severity
	Tags           []string
	References     []string
	FalsePositives []string
	Techniques     []attack.ID
	Dossier        []string // from tags dossier.vt-09
	Source         LogSource
	File           string // path in the file system it was compiled from
	Line           int    // where the document begins

	cond    *node
	tests   []test
	selects []*node // selections by name, for the reasons of a finding
}

// LogSource says which records a rule is for; empty parts are not asked for.
type LogSource struct {
	Category, Product, Service string
}

// Refused is a document that was not compiled.
type Refused struct {
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
	errCorrelation = errors.New("correlation rules need state over many events and are not usable yet")
	errFilter      = errors.New("filter documents are not usable yet")
	errAction      = errors.New("collections with action are obsolete; write whole documents")
	errAggregate   = errors.New("aggregations after | in a condition (count, near …) are obsolete and not usable; write a correlation")
	errNoSource    = errors.New("no log source is given")
	errNoDetection = errors.New("no detection is given")
	errNoCondition = errors.New("no condition is given")
	errUnsupported = errors.New("no evidence that longwatch reads has this log source")
	errTwice       = errors.New("another rule has the same id")
)
