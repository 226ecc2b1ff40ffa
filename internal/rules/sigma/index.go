package sigma

import (
	"bytes"
	"math/bits"
	"slices"
)

// bucket is the rules for one kind of event: those that must always be
// evaluated, and the others by the literals they need.
type bucket struct {
	always []*entry
	lits   []indexed

	// A literal is found by four of its bytes (three when it is that short):
	// a bit for the hash of every such gram, then a table of grams.
	bits4, bits3 [1 << 10]uint64
	grams        map[uint32][]int32 // literals by gram; three-byte grams have bit 32 clear in their top byte
	grams3       map[uint32][]int32
}

// entry is a rule in a bucket.
type entry struct {
	rule   *Rule
	number int // of the rule, for the marks of a matcher
}

// indexed is a literal and the rules that need it.
type indexed struct {
	literal
	at    int // of the gram in the text
	rules []*entry
}

// newBucket indexes rules.
func newBucket(rules []*entry) *bucket {
	b := &bucket{grams: map[uint32][]int32{}, grams3: map[uint32][]int32{}}
	common := map[string]int{}
	for _, e := range rules {
		if set, ok := required(e.rule.cond, nil); ok {
			for _, l := range set {
				common[l.text]++
			}
		}
		e.rule.cond.walk(func(n *node) bool {
			if n.op == opAtom {
				if set, ok := n.atom.required(); ok {
					for _, l := range set {
						common[l.text]++
					}
				}
			}
			return n.op != opNot
		})
	}
	byLiteral := map[literal]int{}
	for _, e := range rules {
		set, ok := required(e.rule.cond, common)
		if !ok {
			b.always = append(b.always, e)
			continue
		}
		for _, l := range set {
			i, has := byLiteral[l]
			if !has {
				i = len(b.lits)
				byLiteral[l] = i
				b.lits = append(b.lits, indexed{literal: l})
			}
			if x := &b.lits[i]; !slices.Contains(x.rules, e) {
				x.rules = append(x.rules, e)
			}
		}
	}
	b.choose()
	return b
}

// choose picks for every literal the gram that fewest literals share.
func (b *bucket) choose() {
	count := map[uint32]int{}
	for _, l := range b.lits {
		for i := 0; i+4 <= len(l.text); i++ {
			count[gram4([]byte(l.text[i:]))]++
		}
	}
	for n := range b.lits {
		l := &b.lits[n]
		if len(l.text) < 4 {
			g := gram3([]byte(l.text))
			setBit(&b.bits3, g)
			b.grams3[g] = append(b.grams3[g], int32(n))
			continue
		}
		for i := 1; i+4 <= len(l.text); i++ {
			if count[gram4([]byte(l.text[i:]))] < count[gram4([]byte(l.text[l.at:]))] {
				l.at = i
			}
		}
		g := gram4([]byte(l.text[l.at:]))
		setBit(&b.bits4, g)
		b.grams[g] = append(b.grams[g], int32(n))
	}
}

func gram4(s []byte) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func gram3(s []byte) uint32 { return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 }

// bitOf is the place of a gram in a bit set of 2^16.
func bitOf(g uint32) (word, bit uint32) {
	h := g * 0x9e3779b1 >> 16
	return h >> 6, h & 63
}

func setBit(set *[1 << 10]uint64, g uint32) {
	w, b := bitOf(g)
	set[w] |= 1 << b
}

// scan calls fn with every literal that occurs in text, the value of a field;
// a literal that occurs twice may be told twice.
func (b *bucket) scan(field int, text []byte, fn func(*indexed)) {
	for i := 0; i+3 <= len(text); i++ {
		if len(b.grams3) > 0 {
			g := gram3(text[i:])
			if w, bit := bitOf(g); b.bits3[w]>>bit&1 != 0 {
				for _, n := range b.grams3[g] {
					if l := &b.lits[n]; l.field == field || l.field == anyField {
						fn(l)
					}
				}
			}
		}
		if i+4 > len(text) {
			return
		}
		g := gram4(text[i:])
		if w, bit := bitOf(g); b.bits4[w]>>bit&1 == 0 {
			continue
		}
		for _, n := range b.grams[g] {
			l := &b.lits[n]
			if l.field != field && l.field != anyField {
				continue
			}
			if from := i - l.at; from >= 0 && len(text)-from >= len(l.text) && bytes.Equal(text[from:from+len(l.text)], []byte(l.text)) {
				fn(l)
			}
		}
	}
}

// marks is a set of rule numbers that is emptied in one step.
type marks struct {
	words []uint64
	dirty []int
}

func newMarks(n int) marks { return marks{words: make([]uint64, n/64+1)} }

func (m *marks) set(n int) {
	if m.words[n/64] == 0 {
		m.dirty = append(m.dirty, n/64)
	}
	m.words[n/64] |= 1 << (n % 64)
}

// drain calls fn with every number in rising order and empties the set.
func (m *marks) drain(fn func(n int)) {
	slices.Sort(m.dirty)
	for _, w := range m.dirty {
		for x := m.words[w]; x != 0; x &= x - 1 {
			fn(w*64 + bits.TrailingZeros64(x))
		}
		m.words[w] = 0
	}
	m.dirty = m.dirty[:0]
}
