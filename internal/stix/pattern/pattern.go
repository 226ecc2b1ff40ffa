// Package pattern reads and evaluates STIX patterns (STIX 2.1 section 9, OASIS
// Standard, 10 June 2021; those of STIX 2.0 part 5 too):
//
//	p, err := pattern.Parse("[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [file:name = 'a.exe'] WITHIN 600 SECONDS")
//	bound, err := p.Match(observations)
//
// A pattern is parsed once and may then be matched from many goroutines. What
// a pattern may cost is bounded by work counted, not by time, so that the same
// evidence gives the same answer everywhere.
package pattern

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Bounds of what is read and evaluated.
const (
	MaxSource  = 1 << 20 // bytes of one pattern
	MaxNesting = 200     // parentheses within each other
	MaxRepeats = 100_000 // times in REPEATS
	MaxWork    = 5_000_000
)

// ErrWork is returned when a pattern was given up because evaluating it took
// more than MaxWork steps.
var ErrWork = errors.New("the pattern takes too much work to evaluate on these observations")

// Object is a cyber-observable object as encoding/json decodes it: strings,
// booleans, numbers (float64, int64 or json.Number), []any, map[string]any and
// nil. []byte is a binary value.
type Object = map[string]any

// Observation is what was seen at one time (an observed-data object).
type Observation struct {
	First, Last time.Time
	Number      int               // how often it was seen; 0 is taken as 1
	Objects     map[string]Object // by the identifier that _ref properties name
}

// Pattern is a parsed pattern.
type Pattern struct {
	Source string
	root   expr
	leaves []*comparison
}

// Error is a pattern that is not well-formed, or that cannot be evaluated.
type Error struct {
	At  int // byte of the source, from 0
	Why string
}

// Error says where and why.
func (e *Error) Error() string { return fmt.Sprintf("character %d: %s", e.At+1, e.Why) }

// expr is an observation expression.
type expr interface{ isExpr() }

type (
	// leafExpr is a comparison in brackets, number n of the pattern.
	leafExpr struct{ n int }
	// pairExpr joins two expressions.
	pairExpr struct {
		op          pairOp
		left, right expr
	}
	// repeatExpr is expr REPEATS times TIMES.
	repeatExpr struct {
		inner expr
		times int
	}
	// withinExpr is expr WITHIN span SECONDS.
	withinExpr struct {
		inner expr
		span  time.Duration
	}
	// startStopExpr is expr START from STOP to; to is not part of it.
	startStopExpr struct {
		inner    expr
		from, to time.Time
	}
)

type pairOp uint8

const (
	opAnd pairOp = iota
	opOr
	opFollowedBy
)

func (leafExpr) isExpr()      {}
func (pairExpr) isExpr()      {}
func (repeatExpr) isExpr()    {}
func (withinExpr) isExpr()    {}
func (startStopExpr) isExpr() {}

// comparison is a comparison expression: a tree of AND and OR over tests.
type comparison struct {
	test        *test // a leaf, or
	or          bool  // how left and right are joined
	left, right *comparison
}

// test compares what a path selects with literals.
type test struct {
	typ   string
	path  []step
	op    testOp
	not   bool
	value any   // the literal: string, int64, float64, bool, []byte, time.Time, matcher, netip.Prefix
	set   []any // of IN
}

type testOp uint8

const (
	opEqual testOp = iota
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opIn
	opLike
	opMatches
	opSubset
	opSuperset
	opExists
)

// step is one step of an object path: a property, an index, or all of a list.
type step struct {
	name  string
	index int
	kind  stepKind
}

type stepKind uint8

const (
	stepName stepKind = iota
	stepIndex
	stepAll
)

// Simple is a pattern that says no more than that one property of one object
// has one of some values.
type Simple struct {
	Type   string   // of the object, such as "domain-name"
	Path   string   // such as "value" or "hashes.'SHA-256'"
	Values []string // any of these
}

// Simple returns the pattern as comparisons of single properties, any of which
// satisfies it. It reports false when the pattern says more than that: an AND,
// a qualifier, another operator. Most indicators of feeds are simple, and are
// matched by an index instead of one after the other.
func (p *Pattern) Simple() ([]Simple, bool) {
	var out []Simple
	var comparisons func(c *comparison) bool
	comparisons = func(c *comparison) bool {
		if c.test == nil {
			return c.or && comparisons(c.left) && comparisons(c.right)
		}
		t := c.test
		s := Simple{Type: t.typ, Path: pathText(t.path)}
		literals := t.set
		if t.op == opEqual {
			literals = []any{t.value}
		}
		if t.not || (t.op != opEqual && t.op != opIn) {
			return false
		}
		for _, v := range literals {
			text, ok := v.(string)
			if !ok {
				return false
			}
			s.Values = append(s.Values, text)
		}
		out = append(out, s)
		return true
	}
	var walk func(e expr) bool
	walk = func(e expr) bool {
		switch e := e.(type) {
		case leafExpr:
			return comparisons(p.leaves[e.n])
		case pairExpr:
			return e.op == opOr && walk(e.left) && walk(e.right)
		}
		return false
	}
	if !walk(p.root) {
		return nil, false
	}
	return out, true
}

// Leaves is how many comparisons in brackets the pattern has.
func (p *Pattern) Leaves() int { return len(p.leaves) }

// Types lists the types of objects that comparison n looks at.
func (p *Pattern) Types(n int) []string {
	var out []string
	var walk func(c *comparison)
	walk = func(c *comparison) {
		if c.test == nil {
			walk(c.left)
			walk(c.right)
			return
		}
		if !slices.Contains(out, c.test.typ) {
			out = append(out, c.test.typ)
		}
	}
	walk(p.leaves[n])
	return out
}
