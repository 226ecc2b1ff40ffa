package pattern

import (
	"math/bits"
	"slices"
)

// AtomLen is the length of the longest atom.
const AtomLen = 4

// Bounds of atoms.
const (
	maxForms  = 256  // ways in which one window of the pattern can be written
	maxAtoms  = 1024 // of a pattern
	aloneFast = 2    // windows this short may have as many forms as fit in maxAtoms
)

// Place is where an atom stands in a pattern. The zero Place is the start.
type Place struct{ fwd, bwd int32 }

// Atom is a row of bytes that one of a pattern's matches must have. Of letters
// that can be of either case, the lower one is given.
type Atom struct {
	Bytes [AtomLen]byte
	Len   int
	Place Place
	// Near are what stands before and after the bytes of the atom, as far as it
	// is certain; Before is where the atom starts in it.
	Near   []*Bytes
	Before int
}

// Atoms are such that every match of the pattern has at least one. It is empty
// when nothing is certain of a match.
func (p *Pattern) Atoms() []Atom { return p.atoms }

// choice is a way to find a part of a pattern.
type choice struct {
	quality int
	atoms   []Atom
}

// choose finds the atoms of a tree that are least often found by chance.
func (c *compiler) choose(t *tree) []Atom {
	best := pick(t)
	if best == nil || len(best.atoms) > maxAtoms {
		return nil
	}
	return best.atoms
}

// pick returns the best choice for a part that every match must have; nil
// when there is none.
func pick(t *tree) *choice {
	switch t.op {
	case opByte:
		return row([]*leaf{t.leaf})
	case opConcat:
		return pickRow(t)
	case opAlt:
		all := &choice{quality: 1 << 20}
		for _, k := range t.kids {
			one := pick(k)
			if one == nil {
				return nil
			}
			all.quality = min(all.quality, one.quality)
			all.atoms = append(all.atoms, one.atoms...)
		}
		all.quality -= 2 * len(t.kids)
		return all
	}
	return nil
}

// pickRow looks at the rows of bytes in a sequence, and at its other parts.
func pickRow(t *tree) *choice {
	var best *choice
	better := func(o *choice) {
		if o != nil && (best == nil || o.quality > best.quality) {
			best = o
		}
	}
	var bytes []*leaf
	flush := func() {
		better(row(bytes))
		bytes = nil
	}
	var walk func(t *tree)
	walk = func(t *tree) {
		for _, k := range t.kids {
			switch k.op {
			case opByte:
				bytes = append(bytes, k.leaf)
			case opConcat:
				walk(k)
			case opEmpty:
			default:
				flush()
				better(pick(k))
			}
		}
	}
	walk(t)
	flush()
	return best
}

// row finds the best window of a row of bytes.
func row(bytes []*leaf) *choice {
	var best *choice
	from, to := 0, 0
	for i := range bytes {
		for n := 1; n <= AtomLen && i+n <= len(bytes); n++ {
			q, ok := quality(bytes[i : i+n])
			if ok && (best == nil || q > best.quality) {
				best = &choice{quality: q}
				from, to = i, i+n
			}
		}
	}
	if best != nil {
		best.atoms = forms(bytes, from, to)
	}
	return best
}

// quality tells how rarely a window is found by chance; ok is false when it can
// be written in too many ways.
func quality(w []*leaf) (q int, ok bool) {
	total := 1
	var seen Bytes
	for _, l := range w {
		n, b := folded(l.set)
		if n == 0 {
			return 0, false
		}
		if total *= n; total > maxForms && (len(w) > aloneFast || total > maxAtoms) {
			return 0, false
		}
		if n > 1 {
			q += 8 - 2*min(n, 16)/3
			continue
		}
		q += Weight(b)
		seen.Add(b)
	}
	if _, b := folded(&seen); seen.Len() == 1 && Weight(b) <= commonWeight {
		q -= 10 * len(w)
	} else {
		q += 2 * seen.Len()
	}
	return q, true
}

const commonWeight = 12

// Weight tells how much a byte does for an atom to be rare: in programs and
// texts zeros, spaces and fill bytes are found most, then the letters in the
// order of their use, marks of programming languages and the bytes that many
// instructions begin with.
func Weight(b byte) int { return weights[b] }

var weights = func() (w [256]int) {
	for i := range w {
		w[i] = 20
	}
	for i, c := range []byte("etaoinsrlcdpumhgfybvwkxjqz") {
		w[c] = 14 + i/4
		w[c-0x20] = 14 + i/4
	}
	for _, c := range []byte("\n\t\"'.,()=-_/\\;:0123456789%$\x01\x02\x04\x08\x10\x0f\x40\x48\x83\x89\x8b\xe8\xc0\xfe") {
		w[c] = min(w[c], 17)
	}
	for _, c := range []byte{0, ' ', 0xcc, 0xff, 0x90} {
		w[c] = commonWeight
	}
	return w
}()

// folded is how many ways there are to write a set when the case of letters is
// the same, and the lowest of them.
func folded(s *Bytes) (n int, b byte) {
	one := s.lower()
	n = one.Len()
	for i, w := range one {
		if w != 0 {
			return n, byte(64*i + bits.TrailingZeros64(w))
		}
	}
	return n, 0
}

// lower is the set without the capital letters whose small form is in it. Both
// are in the second word, 32 bits apart.
func (s *Bytes) lower() Bytes {
	const capitals = 1<<27 - 2
	out := *s
	out[1] &^= s[1] >> 32 & capitals
	return out
}

// nearReach is how many bytes around an atom are kept to look at first.
const nearReach = 12

// forms writes a window in all its ways.
func forms(bytes []*leaf, from, to int) []Atom {
	lo, hi := max(0, from-nearReach), min(len(bytes), to+nearReach)
	near := make([]*Bytes, 0, hi-lo)
	for _, l := range bytes[lo:hi] {
		near = append(near, l.set)
	}
	base := Atom{Len: to - from, Near: near, Before: from - lo, Place: Place{bytes[from].fwd, bytes[from].bwd + 1}}
	out := []Atom{base}
	for i, l := range bytes[from:to] {
		var next []Atom
		set := l.set.lower()
		for c := range 256 {
			if !set.Has(byte(c)) {
				continue
			}
			for _, a := range out {
				a.Bytes[i] = byte(c)
				next = append(next, a)
			}
		}
		out = next
	}
	return slices.Clip(out)
}
