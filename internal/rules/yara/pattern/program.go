package pattern

import "errors"

// maxProgram is how long a program can get. Intervals are written out, so a
// pattern of a few bytes can ask for very much.
const maxProgram = 1 << 16

// window is how many bytes a match can reach in each direction from where an
// atom was found, as in YARA.
const window = 4096

type code uint8

const (
	codeByte  code = iota // one of set, then the next
	codeSplit             // x first, then y
	codeJump              // x
	codeStart             // at the first byte of the data
	codeEnd
	codeWord
	codeNotWord
	codeMatch
)

type inst struct {
	code code
	x, y int32
	set  *Bytes
}

// leaf is one byte of a pattern with all intervals written out.
type leaf struct {
	set      *Bytes
	fwd, bwd int32 // where its instruction stands in each program
}

// Pattern is a compiled pattern. It is not changed after it was made and can
// be used by any number of machines.
type Pattern struct {
	// Greedy is set when the longest match is wanted of those that start at one
	// byte, rather than the first one found.
	Greedy bool
	// Fixed is set when every match has the same length, without alternatives:
	// Sets has the bytes.
	Fixed bool
	Sets  []*Bytes

	fwd, bwd []inst
	atoms    []Atom
	first    Bytes // what a match can start with
	bare     bool  // can match without any byte, or start with an assertion
}

var errTooLarge = errors.New("regular expression is too large")

// compile writes the programs of a tree; of a plain one only when always.
func compile(n *node, always bool) (*Pattern, error) {
	c := compiler{}
	tree := c.expand(n, 0)
	if c.overflow {
		return nil, errTooLarge
	}
	p := &Pattern{}
	if p.fixed(tree); !always && p.Plain() {
		return p, nil
	}
	p.fwd = c.program(tree, false)
	p.bwd = c.program(tree, true)
	if c.overflow {
		return nil, errTooLarge
	}
	p.atoms = c.choose(tree)
	p.firsts()
	return p, nil
}

// tree is a pattern with its intervals written out, so that every byte of it
// is there by itself.
type tree struct {
	op     op // opByte, opConcat, opAlt, opRepeat (0 or 1, or 0 to forever), assertions
	leaf   *leaf
	kids   []*tree
	star   bool
	greedy bool
}

type compiler struct {
	size     int
	overflow bool
	code     []inst
	back     bool
}

// expand writes the intervals out.
func (c *compiler) expand(n *node, depth int) *tree {
	if c.size++; c.size > maxProgram || depth > 4*maxNesting {
		c.overflow = true
	}
	t := &tree{op: n.op, greedy: n.greedy}
	if c.overflow {
		t.op = opEmpty
		return t
	}
	switch n.op {
	case opByte:
		t.leaf = &leaf{set: n.set}
	case opConcat, opAlt:
		for _, k := range n.kids {
			t.kids = append(t.kids, c.expand(k, depth+1))
		}
	case opRepeat:
		return c.interval(n, depth)
	}
	return t
}

// interval writes x{2,4} as xx(x(x)?)?.
func (c *compiler) interval(n *node, depth int) *tree {
	if n.min > maxProgram {
		c.overflow = true
	}
	var all []*tree
	for i := 0; i < n.min && !c.overflow; i++ {
		all = append(all, c.expand(n.kids[0], depth+1))
	}
	more := n.max - n.min
	if n.max >= forever || more >= window {
		all = append(all, &tree{op: opRepeat, star: true, greedy: n.greedy, kids: []*tree{c.expand(n.kids[0], depth+1)}})
	} else if more > 0 {
		// The optional rest is a flat list; program nests it.
		rest := &tree{op: opRepeat, greedy: n.greedy}
		for i := 0; i < more && !c.overflow; i++ {
			rest.kids = append(rest.kids, c.expand(n.kids[0], depth+1))
		}
		all = append(all, rest)
	}
	return &tree{op: opConcat, kids: all}
}

func (c *compiler) program(t *tree, back bool) []inst {
	c.code, c.back = nil, back
	c.emit(t)
	c.add(inst{code: codeMatch})
	return c.code
}

func (c *compiler) add(i inst) int32 {
	if len(c.code) > 4*maxProgram {
		c.overflow = true
		return 0
	}
	c.code = append(c.code, i)
	return int32(len(c.code) - 1)
}

func (c *compiler) here() int32 { return int32(len(c.code)) }

// split is a choice between going on and a place not yet known; the order
// tells which is preferred.
func (c *compiler) split() int32 { return c.add(inst{code: codeSplit}) }

func (c *compiler) patch(at int32, greedy bool, into, out int32) {
	if !greedy {
		into, out = out, into
	}
	c.code[at].x, c.code[at].y = into, out
}

func (c *compiler) emit(t *tree) {
	if c.overflow {
		return
	}
	switch t.op {
	case opByte:
		at := c.add(inst{code: codeByte, set: t.leaf.set})
		if c.back {
			t.leaf.bwd = at
		} else {
			t.leaf.fwd = at
		}
	case opConcat:
		for i := range t.kids {
			if c.back {
				i = len(t.kids) - 1 - i
			}
			c.emit(t.kids[i])
		}
	case opAlt:
		c.alternatives(t.kids)
	case opRepeat:
		if t.star {
			c.star(t)
		} else {
			c.optional(t)
		}
	case opStart:
		c.add(inst{code: codeStart})
	case opEnd:
		c.add(inst{code: codeEnd})
	case opWord:
		c.add(inst{code: codeWord})
	case opNotWord:
		c.add(inst{code: codeNotWord})
	}
}

func (c *compiler) alternatives(kids []*tree) {
	var ends []int32
	for i, k := range kids {
		if i == len(kids)-1 {
			c.emit(k)
			break
		}
		s := c.split()
		c.emit(k)
		ends = append(ends, c.add(inst{code: codeJump}))
		c.patch(s, true, s+1, c.here())
	}
	for _, e := range ends {
		c.code[e].x = c.here()
	}
}

func (c *compiler) star(t *tree) {
	s := c.split()
	c.emit(t.kids[0])
	c.add(inst{code: codeJump, x: s})
	c.patch(s, t.greedy, s+1, c.here())
}

// optional writes (x(x(x)?)?)? of the kids: every one can be the last.
func (c *compiler) optional(t *tree) {
	var splits []int32
	for _, k := range t.kids {
		splits = append(splits, c.split())
		c.emit(k)
	}
	for _, s := range splits {
		c.patch(s, t.greedy, s+1, c.here())
	}
}

// fixed notes whether the pattern is a plain row of bytes.
func (p *Pattern) fixed(t *tree) {
	var row []*Bytes
	if flat(t, &row) && len(row) > 0 {
		p.Fixed, p.Sets = true, row
	}
}

// Plain tells whether the pattern is a row of bytes that masks can tell. One
// made by Hex or Chained then has no programs and no atoms: whoever searches
// compares the bytes.
func (p *Pattern) Plain() bool {
	for _, s := range p.Sets {
		if _, _, ok := s.Masked(); !ok {
			return false
		}
	}
	return p.Fixed
}

func flat(t *tree, row *[]*Bytes) bool {
	switch t.op {
	case opByte:
		*row = append(*row, t.leaf.set)
		return true
	case opConcat:
		for _, k := range t.kids {
			if !flat(k, row) {
				return false
			}
		}
		return true
	}
	return false
}

// firsts finds what a match can start with.
func (p *Pattern) firsts() {
	seen := make([]bool, len(p.fwd))
	stack := []int32{0}
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch i := p.fwd[pc]; i.code {
		case codeByte:
			p.first.Join(i.set)
		case codeSplit:
			stack = append(stack, i.y, i.x)
		case codeJump:
			stack = append(stack, i.x)
		case codeMatch:
			p.bare = true
		default:
			stack = append(stack, pc+1)
		}
	}
}

// Starts tells whether a match that has any byte can start with b.
func (p *Pattern) Starts(b byte) bool { return p.first.Has(b) }
