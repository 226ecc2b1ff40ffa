package pattern

import (
	"math"
	"strconv"
)

// Bounds of hex strings.
const (
	// chainGap is the longest jump inside a pattern. A hex string with a
	// longer one is cut there into links that are searched for one by one.
	chainGap = 200
	// maxTokens is the most bytes, jumps and groups of one hex string.
	maxTokens = 1 << 16
)

// A Link is one part of a hex string that was cut at its long jumps.
type Link struct {
	*Pattern
	// Min and Max bytes lie between the end of the link before and this one.
	Min, Max int
}

// Hex reads a hex string without its braces. The result has more than one link
// where jumps longer than 200 bytes stand between them.
func Hex(src string) (links []Link, err error) {
	p := hexParser{src: src}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(syntaxError)
			if !ok {
				panic(r)
			}
			links, err = nil, f
		}
	}()
	items := p.tokens(0)
	if p.pos < len(src) {
		p.fail("syntax error, unexpected " + strconv.Quote(src[p.pos:p.pos+1]))
	}
	return chain(items, false)
}

// Chained reads a regular expression like Regex, and cuts it where a hex
// string would be cut: at lazy intervals of the dot longer than 200.
func Chained(src string, o Options) ([]Link, error) {
	n, lazy, greedy, err := parseRegex(src, o)
	if err != nil {
		return nil, err
	}
	if lazy && greedy {
		return nil, syntaxError("greedy and ungreedy quantifiers can't be mixed in a regular expression")
	}
	items := []*node{n}
	if n.op == opConcat {
		items = n.kids
	}
	return chain(items, greedy)
}

// chain cuts a sequence at its long jumps.
func chain(items []*node, greedy bool) ([]Link, error) {
	var links []Link
	next := Link{}
	start := 0
	for i := 0; i <= len(items); i++ {
		if i < len(items) && (i <= start || i+1 >= len(items) || !long(items[i])) {
			continue
		}
		p, err := compile(concat(items[start:i]...), false)
		if err != nil {
			return nil, err
		}
		p.Greedy = greedy
		next.Pattern = p
		links = append(links, next)
		if i < len(items) {
			next = Link{Min: items[i].min, Max: items[i].max}
			start = i + 1
		}
	}
	return links, nil
}

func long(n *node) bool {
	return n.op == opRepeat && n.jump && !n.greedy && n.max > chainGap
}

type hexParser struct {
	src   string
	pos   int
	count int
}

func (p *hexParser) fail(why string) { panic(syntaxError(why)) }

func (p *hexParser) peek() byte {
	for p.pos < len(p.src) && p.src[p.pos] == ' ' {
		p.pos++
	}
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

func (p *hexParser) next() byte {
	c := p.peek()
	if c != 0 {
		p.pos++
	}
	return c
}

// tokens reads bytes, groups and jumps up to the end, | or ). Neither the
// first nor the last can be a jump.
func (p *hexParser) tokens(depth int) []*node {
	if depth > maxNesting {
		p.fail("groups nested too deep")
	}
	var out []*node
	jump := false
	for {
		if p.count++; p.count > maxTokens {
			p.fail("hex string too long")
		}
		switch c := p.peek(); c {
		case 0, '|', ')':
			if len(out) == 0 || jump {
				p.fail("syntax error, expecting a byte")
			}
			return out
		case '[':
			if len(out) == 0 {
				p.fail("a hex string cannot start with a jump")
			}
			jump = true
			out = append(out, p.jump(depth > 0))
			continue
		case '(':
			p.pos++
			out = append(out, p.group(depth))
		default:
			out = append(out, p.byte())
		}
		jump = false
	}
}

func (p *hexParser) group(depth int) *node {
	var kids []*node
	for {
		kids = append(kids, concat(p.tokens(depth+1)...))
		switch p.next() {
		case '|':
		case ')':
			return alternatives(kids)
		default:
			p.fail("missing closing parenthesis")
		}
	}
}

// byte reads a pair of digits, either of which can be a question mark, and
// the ~ that may stand before it.
func (p *hexParser) byte() *node {
	negated := p.peek() == '~'
	if negated {
		p.pos++
	}
	value, mask := byte(0), byte(0)
	for i := range 2 {
		c := p.next()
		if i == 1 && (p.pos < 2 || p.src[p.pos-2] == ' ') {
			p.fail("uneven number of digits in hex string")
		}
		value, mask = value<<4, mask<<4
		if c == '?' {
			continue
		}
		n, err := strconv.ParseUint(string(rune(c)), 16, 4)
		if err != nil {
			p.fail("uneven number of digits in hex string")
		}
		value, mask = value|byte(n), mask|0x0f
	}
	n := &node{op: opByte, dot: mask == 0 && !negated}
	if n.dot {
		n.set = &anything
		return n
	}
	if mask == 0 {
		p.fail("?? cannot be negated")
	}
	if mask == 0xff && !negated {
		n.set = &single[value]
		return n
	}
	var s Bytes
	for c := range 256 {
		if byte(c)&mask == value {
			s.Add(byte(c))
		}
	}
	if negated {
		s = s.Not()
	}
	n.set = &s
	return n
}

// jump reads [n], [n-m], [n-] or [-].
func (p *hexParser) jump(inGroup bool) *node {
	p.pos++
	num := func() (int, bool) {
		n, some := 0, false
		for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
			if n = n*10 + int(c-'0'); n > math.MaxInt32 {
				p.fail("jump too large")
			}
			some = true
			p.pos++
		}
		return n, some
	}
	lo, some := num()
	hi := lo
	switch {
	case p.peek() == '-':
		p.pos++
		var bounded bool
		if hi, bounded = num(); !bounded {
			hi = math.MaxInt32
		}
	case !some:
		p.fail("invalid jump length")
	case lo == 0:
		p.fail("invalid jump length")
	}
	if p.next() != ']' {
		p.fail("invalid character in hex string jump")
	}
	if lo > hi {
		p.fail("invalid jump range")
	}
	if inGroup && hi > chainGap {
		p.fail("jumps over 200 not allowed inside alternation (|)")
	}
	dot := &node{op: opByte, set: &anything, dot: true}
	if lo == 1 && hi == 1 {
		return dot
	}
	return &node{op: opRepeat, kids: []*node{dot}, min: lo, max: hi, jump: true}
}
