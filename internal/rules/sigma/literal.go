package sigma

import (
	"math/bits"
	"regexp/syntax"
	"slices"
	"strconv"
)

// literal is text that must occur, in lower case, in a value of a field for a
// rule to be true.
type literal struct {
	field int // anyField for keywords
	text  string
}

// minLiteral is the shortest literal worth looking for; maxLiterals bounds how
// many one rule may need.
const (
	minLiteral  = 3
	maxLiterals = 600
)

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
			l := a.patterns[i].literal()
			if len(l) < minLiteral {
				return nil, false
			}
			set = append(set, literal{a.field, string(appendFold(nil, string(l)))})
		}
	case testRegexp:
		for _, re := range a.res {
			tree, err := syntax.Parse(re.String(), syntax.Perl)
			if err != nil {
				return nil, false
			}
			texts := regexpLiterals(tree.Simplify())
			if len(texts) == 0 {
				return nil, false
			}
			for _, t := range texts {
				set = append(set, literal{a.field, t})
			}
		}
	}
	return set, len(set) > 0
}

// regexpLiterals returns texts, in lower case, of which one occurs in whatever
// re matches; none when that cannot be told.
func regexpLiterals(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r >= 0x80 || re.Flags&syntax.FoldCase != 0 && (r|0x20 == 'k' || r|0x20 == 's') {
				// Letters that fold to others outside ASCII could be missed.
				return longestASCII(re.Rune, re.Flags&syntax.FoldCase != 0)
			}
		}
		if len(re.Rune) < minLiteral {
			return nil
		}
		return []string{string(appendFold(nil, string(re.Rune)))}
	case syntax.OpCapture, syntax.OpPlus:
		return regexpLiterals(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return regexpLiterals(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, s := range re.Sub {
			if t := regexpLiterals(s); len(t) > 0 && (best == nil || shortest(t) > shortest(best)) {
				best = t
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, s := range re.Sub {
			t := regexpLiterals(s)
			if len(t) == 0 {
				return nil
			}
			all = append(all, t...)
		}
		return all
	}
	return nil
}

// longestASCII is the longest run of runes that have one lower-case form.
func longestASCII(runes []rune, fold bool) []string {
	var best, run []rune
	for _, r := range runes {
		if r >= 0x80 || fold && (r|0x20 == 'k' || r|0x20 == 's') {
			run = run[:0]
			continue
		}
		if run = append(run, r); len(run) > len(best) {
			best = slices.Clone(run)
		}
	}
	if len(best) < minLiteral {
		return nil
	}
	return []string{string(appendFold(nil, string(best)))}
}

func shortest(texts []string) int {
	n := len(texts[0])
	for _, t := range texts[1:] {
		n = min(n, len(t))
	}
	return n
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
