package sigma

import "slices"

// opKind is what a node of a condition does.
type opKind uint8

const (
	opAnd opKind = iota
	opOr
	opNot
	opCount // at least need of kids
	opAtom
	opSelect // a named part of the detection: kids[0]
	opTrue   // nothing is asked
)

// node is a part of a compiled condition. Nodes are not changed after Compile.
type node struct {
	op   opKind
	kids []*node // in the order of the rule
	fast []*node // the same, the cheapest first, once plan was called
	need int
	cost int
	name string // opSelect
	atom *atom  // opAtom
}

// group joins nodes and leaves out what has no effect.
func group(op opKind, kids []*node) *node {
	if len(kids) == 1 {
		return kids[0]
	}
	return &node{op: op, kids: kids}
}

// eval tells whether n is true of the event in v.
func (n *node) eval(v *view) bool {
	//exhaustive:enforce
	switch n.op {
	case opAnd:
		for _, k := range n.fast {
			if !k.eval(v) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range n.fast {
			if k.eval(v) {
				return true
			}
		}
		return false
	case opNot:
		return !n.kids[0].eval(v)
	case opCount:
		left := n.need
		for _, k := range n.fast {
			if k.eval(v) {
				if left--; left == 0 {
					return true
				}
			}
		}
		return false
	case opSelect:
		return n.kids[0].eval(v)
	case opAtom:
		return n.atom.eval(v)
	case opTrue:
	}
	return true
}

// plan orders what is evaluated by what it costs, in about nanoseconds, and
// returns the cost of n. It is called before n is evaluated.
func (n *node) plan() int {
	if n.op == opAtom {
		return n.atom.cost()
	}
	if n.fast != nil || len(n.kids) == 0 {
		return n.cost
	}
	type priced struct {
		kid  *node
		cost int
	}
	var kids []priced
	for _, k := range n.kids {
		c := k.plan()
		kids = append(kids, priced{k, c})
		n.cost += c
	}
	slices.SortStableFunc(kids, func(a, b priced) int { return a.cost - b.cost })
	for _, k := range kids {
		n.fast = append(n.fast, k.kid)
	}
	return n.cost
}

// cost is about what looking at one event costs, when all is looked at.
func (a *atom) cost() int {
	c := 0
	for i := range a.patterns {
		switch a.patterns[i].shape {
		case shapeContains:
			c += 20
		case shapeGlob:
			c += 50
		default:
			c += 4
		}
	}
	for _, x := range a.res {
		switch {
		case x.run != nil:
			c += 200
		case len(x.need) > 0:
			c += 300
		default:
			c += 5000
		}
	}
	c += 30*len(a.nets) + 20*len(a.numbers)
	if a.kind == testTime {
		c += 200
	}
	if a.field == anyField {
		c *= 20
	}
	return c + 2
}

// walk calls fn for n and everything below it, without going into what fn
// says no to.
func (n *node) walk(fn func(*node) bool) {
	if !fn(n) {
		return
	}
	for _, k := range n.kids {
		k.walk(fn)
	}
}
