package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// sequence is an extended condition: rules joined by and, or and not. In a
// temporal_ordered correlation the parts of an and follow each other.
type sequence struct {
	op   opKind // opAnd, opOr, opNot; opSelect for a rule
	kids []*sequence
	name string
	rule int // its place in the correlation
}

// parseSequence reads an extended condition.
func parseSequence(text string) (*sequence, error) {
	p := &conditionParser{}
	if err := p.scan(text); err != nil {
		return nil, err
	}
	s, err := p.sequence(0, 0)
	if err != nil {
		return nil, err
	}
	if p.at < len(p.tokens) {
		return nil, fmt.Errorf("condition: %q is not expected there", p.tokens[p.at])
	}
	return s, nil
}

// sequence reads what binds at least as tightly as level: 0 or, 1 and, 2 not.
func (p *conditionParser) sequence(level, depth int) (*sequence, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("condition: nested deeper than %d", maxDepth)
	}
	if level == 2 {
		switch {
		case p.word("not"):
			s, err := p.sequence(2, depth+1)
			if err != nil {
				return nil, err
			}
			return &sequence{op: opNot, kids: []*sequence{s}}, nil
		case p.word("("):
			s, err := p.sequence(0, depth+1)
			if err == nil && !p.word(")") {
				err = fmt.Errorf("condition: a parenthesis is not closed")
			}
			return s, err
		case p.at == len(p.tokens):
			return nil, fmt.Errorf("condition: it ends where a name is expected")
		}
		name := p.tokens[p.at]
		if strings.ContainsAny(name, "()*?") {
			return nil, fmt.Errorf("condition: %q is not expected there", name)
		}
		p.at++
		return &sequence{op: opSelect, name: name}, nil
	}
	s := &sequence{op: [...]opKind{opOr, opAnd}[level]}
	for {
		k, err := p.sequence(level+1, depth)
		if err != nil {
			return nil, err
		}
		s.kids = append(s.kids, k)
		if !p.word([...]string{"or", "and"}[level]) {
			break
		}
	}
	if len(s.kids) == 1 {
		return s.kids[0], nil
	}
	return s, nil
}

// names appends the rules of s in the order in which they are first named.
func (s *sequence) names(out []string) []string {
	if s.op == opSelect {
		if slices.Contains(out, s.name) {
			return out
		}
		return append(out, s.name)
	}
	for _, k := range s.kids {
		out = k.names(out)
	}
	return out
}

// place numbers the rules by name.
func (s *sequence) place(places map[string]int) {
	if s.op == opSelect {
		s.rule = places[s.name]
	}
	for _, k := range s.kids {
		k.place(places)
	}
}

// rises tells whether more events can only make s true.
func (s *sequence) rises() bool {
	if s.op == opNot {
		return false
	}
	for _, k := range s.kids {
		if !k.rises() {
			return false
		}
	}
	return true
}

// holds tells whether s is true where the rules seen are these.
func (s *sequence) holds(seen func(rule int) bool) bool {
	switch s.op {
	case opSelect:
		return seen(s.rule)
	case opNot:
		return !s.kids[0].holds(seen)
	case opOr:
		for _, k := range s.kids {
			if k.holds(seen) {
				return true
			}
		}
		return false
	}
	for _, k := range s.kids {
		if !k.holds(seen) {
			return false
		}
	}
	return true
}

// follows returns the place after the shortest start of window, from place
// from, in which s happens in order; ok is false when it does not. What must
// not happen must not happen anywhere in the window.
func (s *sequence) follows(window []occurrence, from int) (end int, ok bool) {
	switch s.op {
	case opSelect:
		for i := from; i < len(window); i++ {
			if window[i].place == s.rule && (i == 0 || from == 0 || window[i].ref != window[from-1].ref) {
				return i + 1, true
			}
		}
		return 0, false
	case opNot:
		_, happens := s.kids[0].follows(window, 0)
		return from, !happens
	case opOr:
		for _, k := range s.kids {
			if e, has := k.follows(window, from); has && (!ok || e < end) {
				end, ok = e, true
			}
		}
		return end, ok
	}
	end = from
	for _, k := range s.kids {
		if end, ok = k.follows(window, end); !ok {
			return 0, false
		}
	}
	return end, true
}
