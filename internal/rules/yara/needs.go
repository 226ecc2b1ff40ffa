package yara

// needsString tells whether a condition can be true only when at least one of
// the rule's strings was found. It is sure of a yes, never of a no.
func needsString(n node) bool {
	switch n := n.(type) {
	case and:
		return needsString(n.x) || needsString(n.y)
	case or:
		return needsString(n.x) && needsString(n.y)
	case found, foundAt, foundIn:
		return true
	case *of:
		return len(n.strings) > 0 && atLeastOne(&n.n)
	case *forOf:
		return atLeastOne(&n.n) && needsString(n.body)
	case *forIn:
		// A loop without rounds is false, so one round must be true.
		return atLeastOne(&n.n) && needsString(n.body)
	case comparison:
		return positive(n)
	case count:
		return true
	case offset:
		return n.i == nil && !n.length // an offset of zero is false, an unknown one too
	}
	return false
}

// atLeastOne tells whether a quantity wants one or more.
func atLeastOne(q *quantity) bool {
	if q.all {
		return true
	}
	v, ok := q.x.(constant)
	return ok && !q.none && v.v.I > 0
}

// positive tells whether a comparison is false for a count of zero, and for an
// offset that is not known.
func positive(n comparison) bool {
	if _, ok := n.x.(offset); ok {
		return true
	}
	if _, ok := n.y.(offset); ok {
		return true
	}
	x, y, op := n.x, n.y, n.op
	if _, ok := x.(constant); ok {
		x, y, op = y, x, mirrored[op]
	}
	v, isConst := y.(constant)
	if c, ok := x.(count); !ok || !isConst || c.in != nil {
		return false
	}
	return !ordered(op, 0, v.v.I)
}

var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
