package sigma

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
	kids []*node
	need int
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
		for _, k := range n.kids {
			if !k.eval(v) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range n.kids {
			if k.eval(v) {
				return true
			}
		}
		return false
	case opNot:
		return !n.kids[0].eval(v)
	case opCount:
		left := n.need
		for _, k := range n.kids {
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
