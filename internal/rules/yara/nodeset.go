package yara

import (
	"sort"

	"longwatch/internal/rules/yara/module"
)

// quantity is "all", "any", "none", a number or a percentage of a set.
type quantity struct {
	all, none bool
	x         node // for numbers; any is the number one
	percent   bool
}

// value evaluates the quantity of n things. known is false when it is
// undefined.
func (q *quantity) value(c *context) (n int64, known bool) {
	if q.x == nil {
		return 0, true
	}
	v := c.eval(q.x)
	switch v.Kind {
	case module.Int:
		return v.I, true
	case module.Float:
		return int64(v.F), true
	}
	return 0, false
}

// reached tells whether found of count things are what the quantity wants.
func (q *quantity) reached(n int64, known bool, found, count int) module.Value {
	switch {
	case q.all || (!known && !q.percent):
		return module.Truth(found >= count)
	case q.percent:
		if !known || count == 0 {
			return module.Undefined
		}
		return module.Truth(float64(found)/float64(count)*100 >= float64(n))
	case q.none || n == 0:
		return module.Truth(found == 0)
	}
	return module.Truth(int64(found) >= n)
}

// stringRef is $name, or $ in a loop.
type stringRef struct{ s *String }

func (r stringRef) get(c *context) *String {
	if r.s == nil {
		return c.each
	}
	return r.s
}

type found struct{ s stringRef }

func (n found) eval(c *context) module.Value { return module.Truth(len(c.finds(n.s.get(c))) > 0) }

type foundAt struct {
	s  stringRef
	at node
}

func (n foundAt) eval(c *context) module.Value {
	at := c.eval(n.at)
	if at.Kind != module.Int {
		return module.Truth(false)
	}
	f := c.finds(n.s.get(c))
	i := sort.Search(len(f), func(i int) bool { return f[i].Offset >= at.I })
	return module.Truth(i < len(f) && f[i].Offset == at.I)
}

// span is a range of numbers.
type span struct{ lo, hi node }

func (s *span) value(c *context) (lo, hi int64, ok bool) {
	l, h := c.eval(s.lo), c.eval(s.hi)
	return l.I, h.I, l.Kind == module.Int && h.Kind == module.Int
}

// between is how many finds start from lo to hi.
func between(f []Find, lo, hi int64) int {
	from := sort.Search(len(f), func(i int) bool { return f[i].Offset >= lo })
	to := sort.Search(len(f), func(i int) bool { return f[i].Offset > hi })
	return max(0, to-from)
}

type foundIn struct {
	s  stringRef
	in span
}

func (n foundIn) eval(c *context) module.Value {
	lo, hi, ok := n.in.value(c)
	if !ok {
		return module.Undefined
	}
	return module.Truth(between(c.finds(n.s.get(c)), lo, hi) > 0)
}

type count struct {
	s  stringRef
	in *span
}

func (n count) eval(c *context) module.Value {
	f := c.finds(n.s.get(c))
	if n.in == nil {
		return module.Number(int64(len(f)))
	}
	lo, hi, ok := n.in.value(c)
	if !ok {
		return module.Undefined
	}
	return module.Number(int64(between(f, lo, hi)))
}

// offset is @name[i], length !name[i]; the first is number one.
type offset struct {
	s      stringRef
	i      node
	length bool
}

func (n offset) eval(c *context) module.Value {
	i := int64(1)
	if n.i != nil {
		v := c.eval(n.i)
		if v.Kind != module.Int {
			return module.Undefined
		}
		i = v.I
	}
	f := c.finds(n.s.get(c))
	if i < 1 || i > int64(len(f)) {
		return module.Undefined
	}
	if n.length {
		return module.Number(int64(f[i-1].Length))
	}
	return module.Number(f[i-1].Offset)
}

// of is "N of strings", perhaps in a range or at an offset.
type of struct {
	n       quantity
	strings []*String
	rules   []int
	in      *span
	at      node
}

func (n *of) eval(c *context) module.Value {
	want, known := n.n.value(c)
	hits := 0
	c.work -= len(n.strings) + len(n.rules)
	switch {
	case n.in != nil:
		lo, hi, ok := n.in.value(c)
		if !ok {
			return module.Undefined
		}
		for _, s := range n.strings {
			if between(c.finds(s), lo, hi) > 0 {
				hits++
			}
		}
	case n.at != nil:
		for _, s := range n.strings {
			if (foundAt{stringRef{s}, n.at}).eval(c).I != 0 {
				hits++
			}
		}
	default:
		for _, s := range n.strings {
			if len(c.finds(s)) > 0 {
				hits++
			}
		}
		for _, r := range n.rules {
			if c.matched[r] {
				hits++
			}
		}
	}
	return n.n.reached(want, known, hits, len(n.strings)+len(n.rules))
}

// forOf is a loop over strings.
type forOf struct {
	n       quantity
	strings []*String
	body    node
}

func (n *forOf) eval(c *context) module.Value {
	want, known := n.n.value(c)
	hits := 0
	outer := c.each
	for _, s := range n.strings {
		c.each = s
		if c.truth(n.body) {
			hits++
		}
	}
	c.each = outer
	return n.n.reached(want, known, hits, len(n.strings))
}

// forIn is a loop over numbers or over what a module holds.
type forIn struct {
	n    quantity
	at   int // of its first variable
	vars int
	span *span
	list []node
	over node
	body node
}

func (n *forIn) eval(c *context) module.Value {
	want, known := n.n.value(c)
	hits, rounds := 0, 0
	c.vars = c.vars[:n.at]
	for range n.vars {
		c.vars = append(c.vars, module.Undefined)
	}
	// round returns whether the loop goes on.
	round := func() bool {
		rounds++
		if c.truth(n.body) {
			hits++
		}
		c.vars = c.vars[:n.at+n.vars]
		switch {
		case n.n.all || !known || n.n.percent:
			return true
		case n.n.none || want == 0:
			return hits == 0
		}
		return int64(hits) < want
	}
	n.iterate(c, round)
	if rounds == 0 {
		return module.Truth(false)
	}
	return n.n.reached(want, known, hits, rounds)
}

// iterate sets the variables and calls round until it has enough.
func (n *forIn) iterate(c *context, round func() bool) {
	switch {
	case n.span != nil:
		lo, hi, ok := n.span.value(c)
		for i := lo; ok && i <= hi; i++ {
			c.vars[n.at] = module.Number(i)
			if !round() || i == hi {
				return
			}
		}
	case n.list != nil:
		for _, x := range n.list {
			c.vars[n.at] = c.eval(x)
			if !round() {
				return
			}
		}
	default:
		o := c.eval(n.over).O
		if o == nil {
			return
		}
		for i, v := range o.Items {
			c.vars[n.at+n.vars-1] = v
			if n.vars == 2 {
				c.vars[n.at] = module.String(o.Keys[i])
			}
			if !round() {
				return
			}
		}
	}
}
