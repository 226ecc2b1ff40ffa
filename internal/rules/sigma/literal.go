package sigma

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// literal is text that must occur, in lower case, in a value of a field for a
// rule to be true.
type literal struct {
	field int // anyField for keywords
	text  string
	whole bool // it must be all of the value
}

// minLiteral is the shortest literal worth looking for when it has no rare
// byte; maxLiterals bounds how many one rule may need.
const (
	minLiteral  = 3
	maxLiterals = 6000
)

// maxWhole is the longest text that is looked for as a whole value.
const maxWhole = 64

// rareByte is the place of a byte that ordinary values seldom have, -1 when
// there is none.
func rareByte(s string) int {
	for i := range len(s) {
		if !isLetter(s[i]) && strings.IndexByte(" \\/:.-_\"{}(),=", s[i]) < 0 {
			return i
		}
	}
	return -1
}

// mark is the place of the byte by which a literal of one or two bytes is
// found: a rare one, or of two the one that is no letter or digit.
func mark(s string) int {
	if i := rareByte(s); i >= 0 || len(s) < 2 {
		return i
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && c != ' ' && c != '\\' {
			return i
		}
	}
	return -1
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// findable tells whether text is worth looking for.
func findable(text string) bool { return len(text) >= minLiteral || mark(text) >= 0 }

// maxSets bounds the sets of literals that a rule is found by; all but the
// best must be small.
const (
	maxSets    = 4
	maxFurther = 48
)

// requiredSets returns sets of literals, the best first: in every event for
// which n is true one of each set occurs. skip is a field whose values are
// known already.
func requiredSets(n *node, common map[string]int, skip int) [][]literal {
	var all [][]literal
	var visit func(n *node)
	visit = func(n *node) {
		switch n.op {
		case opSelect:
			visit(n.kids[0])
		case opAnd:
			for _, k := range n.kids {
				visit(k)
			}
		default:
			if s, ok := required(n, common); ok && !slices.ContainsFunc(s, func(l literal) bool { return l.field == skip }) {
				all = append(all, s)
			}
		}
	}
	visit(n)
	slices.SortStableFunc(all, func(a, b []literal) int { return worth(b, common) - worth(a, common) })
	out := all[:0]
	for i, s := range all {
		if len(out) < maxSets && (i == 0 || len(s) <= maxFurther) && !slices.ContainsFunc(out, func(o []literal) bool { return slices.Equal(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// required returns literals of which at least one occurs in every event for
// which n is true; ok is false when there is no such set. common tells how
// many rules want a literal, so that the rarest set is chosen.
func required(n *node, common map[string]int) (set []literal, ok bool) {
	switch n.op {
	case opSelect:
		return required(n.kids[0], common)
	case opAnd:
		best := 0
		for _, k := range n.kids {
			s, has := required(k, common)
			if !has {
				continue
			}
			if v := worth(s, common); !ok || v > best {
				set, best, ok = s, v, true
			}
		}
		return set, ok
	case opOr, opCount:
		for _, k := range n.kids {
			s, has := required(k, common)
			if !has || len(set)+len(s) > maxLiterals {
				return nil, false
			}
			set = append(set[:len(set):len(set)], s...)
		}
		return set, len(set) > 0
	case opAtom:
		return n.atom.required()
	}
	return nil, false
}

// worth grades a set: long literals that few rules share are worth most.
func worth(set []literal, common map[string]int) int {
	low := 1 << 20
	for _, l := range set {
		low = min(low, 4*min(len(l.text), 16)-6*bits.Len(uint(common[l.text])))
	}
	return low - 3*bits.Len(uint(len(set)))
}

// required returns a literal for each alternative of a. It remembers the
// answer, so it is for the time of compilation only.
func (a *atom) required() (set []literal, ok bool) {
	if !a.asked {
		a.asked = true
		a.lits, a.litsOK = a.literals()
	}
	return a.lits, a.litsOK
}

func (a *atom) literals() (set []literal, ok bool) {
	if len(a.patterns)+len(a.res) > maxLiterals {
		return nil, false
	}
	switch a.kind {
	case testPattern:
		for i := range a.patterns {
			l := literal{field: a.field, text: string(appendFold(nil, string(a.patterns[i].literal())))}
			l.whole = a.patterns[i].shape == shapeExact && len(l.text) <= maxWhole && a.field != anyField
			if !l.whole && !findable(l.text) {
				return nil, false
			}
			set = append(set, l)
		}
	case testRegexp:
		for _, re := range a.res {
			texts := regexpLiterals(re.tree, 1)
			if len(texts) == 0 || slices.ContainsFunc(texts, func(s string) bool { return !findable(s) }) {
				return nil, false
			}
			for _, t := range texts {
				set = append(set, literal{field: a.field, text: t})
			}
		}
	}
	return set, len(set) > 0
}

// eventIDs returns the numbers of which EventID must be one; ok is false when
// the rule does not say.
func eventIDs(n *node, field int) (ids []uint32, ok bool) {
	switch n.op {
	case opSelect:
		return eventIDs(n.kids[0], field)
	case opAnd:
		for _, k := range n.kids {
			if ids, ok := eventIDs(k, field); ok {
				return ids, true
			}
		}
	case opOr:
		for _, k := range n.kids {
			more, ok := eventIDs(k, field)
			if !ok {
				return nil, false
			}
			ids = append(ids, more...)
		}
		return ids, len(ids) > 0
	case opAtom:
		a := n.atom
		if a.field != field || a.kind != testPattern {
			return nil, false
		}
		for _, p := range a.patterns {
			id, err := strconv.ParseUint(string(p.lit), 10, 32)
			if p.shape != shapeExact || err != nil {
				return nil, false
			}
			ids = append(ids, uint32(id))
		}
		return ids, len(ids) > 0
	}
	return nil, false
}
