package sigma

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits of one rule, so that a hostile file cannot exhaust us.
const (
	maxDepth  = 64    // nesting of a condition or detection
	maxValues = 20000 // patterns of one rule, after expansion
	maxTerms  = 20000 // selections that a condition names, each as often as it does
)

// parseCondition reads a condition (Sigma specification 2.x, "Condition").
// From tightest: x of, not, and, or. selections are the detection's parts in
// the order of the document.
func parseCondition(text string, selections []*node) (*node, error) {
	p := &conditionParser{selections: selections}
	if err := p.scan(text); err != nil {
		return nil, err
	}
	n, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.at < len(p.tokens) {
		return nil, fmt.Errorf("condition: %q is not expected there", p.tokens[p.at])
	}
	return n, nil
}

type conditionParser struct {
	tokens     []string
	at         int
	selections []*node
	terms      int
}

// name counts selections that are named.
func (p *conditionParser) name(n int) error {
	if p.terms += n; p.terms > maxTerms {
		return fmt.Errorf("condition: it names more than %d selections", maxTerms)
	}
	return nil
}

// scan splits the text into names, words and parentheses.
func (p *conditionParser) scan(text string) error {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')':
			p.tokens = append(p.tokens, text[i:i+1])
			i++
		case isNameByte(c):
			j := i
			for j < len(text) && isNameByte(text[j]) {
				j++
			}
			p.tokens = append(p.tokens, text[i:j])
			i = j
		default:
			return fmt.Errorf("condition: unexpected character %q", c)
		}
	}
	return nil
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '*' || c == '.' || c == '?' || c >= 0x80
}

// word tells whether the next token is w, in any case, and passes over it.
func (p *conditionParser) word(w string) bool {
	if p.at < len(p.tokens) && strings.EqualFold(p.tokens[p.at], w) {
		p.at++
		return true
	}
	return false
}

func (p *conditionParser) or(depth int) (*node, error) { return p.join(depth, "or", opOr, p.and) }

func (p *conditionParser) and(depth int) (*node, error) { return p.join(depth, "and", opAnd, p.not) }

func (p *conditionParser) join(depth int, word string, op opKind, next func(int) (*node, error)) (*node, error) {
	n, err := next(depth)
	if err != nil {
		return nil, err
	}
	kids := []*node{n}
	for p.word(word) {
		k, err := next(depth)
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
	}
	return group(op, kids), nil
}

func (p *conditionParser) not(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("condition: nested deeper than %d", maxDepth)
	}
	if p.word("not") {
		n, err := p.not(depth + 1)
		if err != nil {
			return nil, err
		}
		return &node{op: opNot, kids: []*node{n}}, nil
	}
	if p.word("(") {
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.word(")") {
			return nil, fmt.Errorf("condition: a parenthesis is not closed")
		}
		return n, nil
	}
	return p.operand()
}

// operand is a name or "N of …".
func (p *conditionParser) operand() (*node, error) {
	if p.at >= len(p.tokens) {
		return nil, fmt.Errorf("condition: it ends where a name is expected")
	}
	t := p.tokens[p.at]
	p.at++
	if p.word("of") {
		if p.at >= len(p.tokens) {
			return nil, fmt.Errorf("condition: it ends after of")
		}
		pattern := p.tokens[p.at]
		p.at++
		return p.quantified(strings.ToLower(t), pattern)
	}
	for _, s := range p.selections {
		if s.name == t {
			return s, p.name(1)
		}
	}
	return nil, fmt.Errorf("condition: there is no selection %q", t)
}

// quantified is "1 of", "any of", "all of" or "N of" the selections that a
// pattern names. Names that begin with an underscore are meant only when the
// pattern begins with one.
func (p *conditionParser) quantified(how, pattern string) (*node, error) {
	var kids []*node
	for _, s := range p.selections {
		if strings.HasPrefix(s.name, "_") && !strings.HasPrefix(pattern, "_") {
			continue
		}
		if strings.EqualFold(pattern, "them") || namePattern(pattern, s.name) {
			kids = append(kids, s)
		}
	}
	if len(kids) == 0 {
		return nil, fmt.Errorf("condition: no selection is named like %q", pattern)
	}
	if err := p.name(len(kids)); err != nil {
		return nil, err
	}
	switch how {
	case "1", "any":
		return group(opOr, kids), nil
	case "all":
		return group(opAnd, kids), nil
	}
	n, err := strconv.Atoi(how)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("condition: %q of is not a number", how)
	}
	if n > len(kids) {
		return nil, fmt.Errorf("condition: %d of %q asks for more selections than there are", n, pattern)
	}
	return &node{op: opCount, need: n, kids: kids}, nil
}

// namePattern tells whether a name fits a pattern with asterisks.
func namePattern(pattern, name string) bool {
	for {
		i := strings.IndexByte(pattern, '*')
		if i < 0 {
			return pattern == name
		}
		if !strings.HasPrefix(name, pattern[:i]) {
			return false
		}
		name, pattern = name[i:], pattern[i+1:]
		if pattern == "" {
			return true
		}
		lit, _, more := strings.Cut(pattern, "*")
		if !more {
			return strings.HasSuffix(name, lit)
		}
		j := strings.Index(name, lit)
		if j < 0 {
			return false
		}
		name = name[j:]
	}
}
