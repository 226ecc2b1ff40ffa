package yara

import (
	"math/bits"

	"longwatch/internal/rules/yara/pattern"
	"longwatch/internal/rules/yara/search"
)

// atom is what the search looks for, and what to do when it is found.
type atom struct {
	link *link
	back int32 // bytes before it, in the form
	// Of patterns: where the atom stands, and what is around it.
	place  pattern.Place
	near   []*pattern.Bytes
	before int16
	wide   bool
}

// indexer collects the atoms of all strings.
type indexer struct {
	builder search.Builder
	atoms   []atom
}

func (x *indexer) add(bytes []byte, c search.Check, a atom) {
	x.builder.Add(bytes, c)
	x.atoms = append(x.atoms, a)
}

// link adds the atoms of one link. It returns false when it has none.
func (x *indexer) link(l *link) bool {
	if l.pattern == nil {
		for i := range l.forms {
			if !x.form(l, &l.forms[i]) {
				return false
			}
		}
		return true
	}
	atoms := l.pattern.Atoms()
	for i := range atoms {
		a := &atoms[i]
		out := atom{link: l, place: a.Place, near: a.Near, before: int16(a.Before)}
		if l.ascii {
			x.add(a.Bytes[:a.Len], beside(a, false), out)
		}
		if l.wide {
			out.wide = true
			var w []byte
			for _, b := range a.Bytes[:min(a.Len, 2)] {
				w = append(w, b, 0)
			}
			x.add(w, beside(a, true), out)
		}
	}
	return len(atoms) > 0
}

// beside is what is certain of the bytes around an atom of a pattern: of those
// after it, or before it where there are more.
func beside(a *pattern.Atom, wide bool) search.Check {
	step, n := 1, 4
	if wide {
		step, n = 2, 2
	}
	from := a.Before + a.Len
	if len(a.Near)-from < n {
		from = max(0, a.Before-n)
	}
	c := search.Check{At: int32(step * (from - a.Before))}
	for i := 0; i < n && from+i < len(a.Near); i++ {
		if v, m, ok := a.Near[from+i].Masked(); ok {
			c.Value |= uint32(v) << (8 * step * i)
			c.Mask |= uint32(m) << (8 * step * i)
			if wide {
				c.Mask |= 0xff << (8 * (step*i + 1))
			}
		}
	}
	return c
}

// besideForm is the same for a window of a form, xored with a key.
func besideForm(f *form, from, to int, key byte) search.Check {
	at := to
	if len(f.value)-at < 4 {
		at = max(0, from-4)
	}
	c := search.Check{At: int32(at - from)}
	for i := 0; i < 4 && at+i < len(f.value); i++ {
		c.Value |= uint32(f.value[at+i]^key) << (8 * i)
		c.Mask |= uint32(f.mask[at+i]) << (8 * i)
	}
	return c
}

// form picks the window of a form that is rarest, and of those that are alike
// the one that fewest other strings have picked.
func (x *indexer) form(l *link, f *form) bool {
	best, from, to := -1<<30, 0, 0
	for i := range f.value {
		n := min(pattern.AtomLen, len(f.value)-i)
		for ; n > 0; n-- {
			score, ok := x.score(f, i, i+n, l.xored)
			if ok && score > best {
				best, from, to = score, i, i+n
			}
			if n == pattern.AtomLen && ok {
				break // shorter ones are no better
			}
		}
	}
	if best == -1<<30 {
		return false
	}
	x.write(l, f, from, to)
	return true
}

// score tells how good a window is; ok is false for one with too many wildcards.
func (x *indexer) score(f *form, from, to int, xored bool) (score int, ok bool) {
	wild := 0
	var seen pattern.Bytes
	for i := from; i < to; i++ {
		if f.mask[i] == 0xff || f.mask[i] == 0xdf && f.value[i]&0x40 != 0 { // certain, but for its case
			score += pattern.Weight(f.value[i])
			seen.Add(search.Folded(f.value[i]))
			continue
		}
		free := 8 - bits.OnesCount8(f.mask[i])
		if wild += free; wild > 8 {
			return 0, false
		}
		score += 4 - 2*free
	}
	score += 2 * seen.Len()
	if seen.Len() == 1 && to-from > 1 {
		score -= 10 * (to - from)
	}
	if !xored && wild == 0 {
		score -= 4 * bits.Len(uint(x.builder.Load(f.value[from:to])))
	}
	return score, true
}

// write adds a window in all its ways.
func (x *indexer) write(l *link, f *form, from, to int) {
	a := atom{link: l, back: int32(from)}
	if l.xored {
		for key := int(l.key[0]); key <= int(l.key[1]); key++ {
			b := make([]byte, 0, pattern.AtomLen)
			for _, v := range f.value[from:to] {
				b = append(b, v^byte(key))
			}
			x.add(b, besideForm(f, from, to, byte(key)), a)
		}
		return
	}
	all := [][]byte{{}}
	for i := from; i < to; i++ {
		var next [][]byte
		for v := range 256 {
			if c := byte(v); c&f.mask[i] != f.value[i] || search.Folded(c) != c && (c|0x20)&f.mask[i] == f.value[i] {
				continue // not a way to write it, or the capital of one
			}
			for _, b := range all {
				next = append(next, append(b[:len(b):len(b)], byte(v)))
			}
		}
		all = next
	}
	c := besideForm(f, from, to, 0)
	for _, b := range all {
		x.add(b, c, a)
	}
}
