package pattern

import (
	"errors"
	"fmt"
	"strconv"
)

// Options of a regular expression.
type Options struct {
	NoCase bool
	DotAll bool // the dot matches line feeds
	// Mixed allows greedy and lazy quantifiers in one expression. In the
	// strings of a rule they cannot be mixed, because the length of a match
	// could not be told.
	Mixed bool
}

// maxNesting is how deep groups can stand in each other.
const maxNesting = 200

// Regex reads a regular expression.
func Regex(src string, o Options) (*Pattern, error) {
	n, lazy, greedy, err := parseRegex(src, o)
	if err != nil {
		return nil, err
	}
	if lazy && greedy && !o.Mixed {
		return nil, errors.New("greedy and ungreedy quantifiers can't be mixed in a regular expression")
	}
	p, err := compile(n, true)
	if err != nil {
		return nil, err
	}
	p.Greedy = greedy
	return p, nil
}

// regexParser reads a regular expression. Its faults are panics of type error.
type regexParser struct {
	src          string
	pos          int
	o            Options
	depth        int
	lazy, greedy bool // quantifiers seen
}

func parseRegex(src string, o Options) (n *node, lazy, greedy bool, err error) {
	p := regexParser{src: src, o: o}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(syntaxError)
			if !ok {
				panic(r)
			}
			err = f
		}
	}()
	n = p.alternative()
	if p.pos < len(p.src) {
		p.fail("unexpected %q", p.src[p.pos])
	}
	return n, p.lazy, p.greedy, nil
}

type syntaxError string

func (e syntaxError) Error() string { return string(e) }

func (p *regexParser) fail(format string, args ...any) {
	panic(syntaxError(fmt.Sprintf(format, args...)))
}

func (p *regexParser) more() bool { return p.pos < len(p.src) }

func (p *regexParser) take(c byte) bool {
	if p.more() && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *regexParser) alternative() *node {
	if p.depth++; p.depth > maxNesting {
		p.fail("groups nested deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	kids := []*node{p.concatenation()}
	if kids[0].op == opEmpty {
		p.fail("empty group or alternative")
	}
	for p.take('|') {
		kids = append(kids, p.concatenation())
	}
	return alternatives(kids)
}

func (p *regexParser) concatenation() *node {
	var kids []*node
	for p.more() && p.src[p.pos] != '|' && p.src[p.pos] != ')' {
		kids = append(kids, p.repeat())
	}
	if len(kids) == 0 {
		return &node{op: opEmpty}
	}
	return concat(kids...)
}

// repeat reads one thing and the quantifier after it.
func (p *regexParser) repeat() *node {
	n := p.single()
	if n.op == opStart || n.op == opEnd || n.op == opWord || n.op == opNotWord {
		return n
	}
	r := &node{op: opRepeat, kids: []*node{n}, greedy: true}
	switch {
	case p.take('*'):
		r.max = forever
	case p.take('+'):
		r.min, r.max = 1, forever
	case p.take('?'):
		r.max = 1
	case p.interval(r):
		r.jump = n.dot
	default:
		return n
	}
	if p.take('?') {
		r.greedy = false
		p.lazy = true
	} else {
		p.greedy = true
	}
	return r
}

// interval reads {n}, {n,}, {,m} or {n,m}. Anything else in braces is literal.
func (p *regexParser) interval(r *node) bool {
	i := p.pos
	if i >= len(p.src) || p.src[i] != '{' {
		return false
	}
	num := func(none int) (int, bool) {
		start := i + 1
		for i = start; i < len(p.src) && p.src[i] >= '0' && p.src[i] <= '9'; i++ {
		}
		if i == start {
			return none, false
		}
		n, err := strconv.Atoi(p.src[start:i])
		if err != nil || n > forever {
			p.fail("repeat interval too large")
		}
		return n, true
	}
	lo, some := num(0)
	hi := lo
	if i < len(p.src) && p.src[i] == ',' {
		hi, _ = num(forever)
	} else if !some {
		return false
	}
	if i >= len(p.src) || p.src[i] != '}' {
		return false
	}
	if hi < lo || hi == 0 {
		p.fail("bad repeat interval")
	}
	p.pos = i + 1
	r.min, r.max = lo, hi
	return true
}

func (p *regexParser) single() *node {
	c := p.src[p.pos]
	p.pos++
	switch c {
	case '(':
		n := p.alternative()
		if !p.take(')') {
			p.fail("missing closing parenthesis")
		}
		return n
	case '.':
		if p.o.DotAll {
			return &node{op: opByte, set: &anything, dot: true}
		}
		return &node{op: opByte, set: &anyLine, dot: true}
	case '^':
		return &node{op: opStart}
	case '$':
		return &node{op: opEnd}
	case '*', '+', '?':
		p.fail("nothing to repeat before %q", c)
	case '[':
		return p.class()
	case '\\':
		return p.escape()
	}
	return p.literal(c)
}

func (p *regexParser) literal(c byte) *node {
	s := &single[c]
	if l := c | 0x20; p.o.NoCase && l >= 'a' && l <= 'z' {
		s = &Bytes{}
		s.Add(c)
		s.fold()
	}
	return &node{op: opByte, set: s}
}

// shorthand is the set of \w and its kin.
func shorthand(c byte) (s Bytes, ok bool) {
	switch c {
	case 'w':
		return words, true
	case 'W':
		return words.Not(), true
	case 's':
		return spaces, true
	case 'S':
		return spaces.Not(), true
	case 'd':
		return digits, true
	case 'D':
		return digits.Not(), true
	}
	return s, false
}

// escape reads what follows a backslash outside of a class.
func (p *regexParser) escape() *node {
	if !p.more() {
		p.fail("illegal escape sequence")
	}
	c := p.src[p.pos]
	if s, ok := shorthand(c); ok {
		p.pos++
		return &node{op: opByte, set: &s}
	}
	switch {
	case c == 'b':
		p.pos++
		return &node{op: opWord}
	case c == 'B':
		p.pos++
		return &node{op: opNotWord}
	case c >= '0' && c <= '9':
		p.fail("backreferences are not allowed")
	}
	return p.literal(p.escaped())
}

// escaped reads the byte that a backslash stands before.
func (p *regexParser) escaped() byte {
	if !p.more() {
		p.fail("illegal escape sequence")
	}
	c := p.src[p.pos]
	p.pos++
	switch c {
	case 'x':
		if p.pos+2 > len(p.src) {
			p.fail("illegal escape sequence")
		}
		n, err := strconv.ParseUint(p.src[p.pos:p.pos+2], 16, 8)
		if err != nil {
			p.fail("illegal escape sequence")
		}
		p.pos += 2
		return byte(n)
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'a':
		return '\a'
	}
	return c
}

// class reads a class whose opening bracket was read.
func (p *regexParser) class() *node {
	var s Bytes
	negated := p.take('^')
	for first := true; ; first = false {
		if !p.more() {
			p.fail("missing terminating ] for character class")
		}
		c := p.src[p.pos]
		p.pos++
		if c == ']' {
			if !first {
				break
			}
			s.Add(c)
			continue
		}
		if c == '\\' {
			if !p.more() {
				p.fail("missing terminating ] for character class")
			}
			// A shorthand before a dash is itself, not the start of a range.
			if set, ok := shorthand(p.src[p.pos]); ok {
				p.pos++
				s.Join(&set)
				continue
			}
			c = p.escaped()
		}
		if p.pos+1 < len(p.src) && p.src[p.pos] == '-' && p.src[p.pos+1] != ']' {
			p.pos++
			hi := p.src[p.pos]
			p.pos++
			if hi == '\\' {
				hi = p.escaped()
			}
			if hi < c {
				p.fail("bad character range")
			}
			s.Span(c, hi)
			continue
		}
		s.Add(c)
	}
	if p.o.NoCase {
		s.fold()
	}
	if negated {
		s = s.Not()
	}
	return &node{op: opByte, set: &s}
}
