package sigma

import (
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
	grams        map[uint32][]int32 // literals by four bytes
	grams3       map[uint32][]int32
	// Shorter ones are looked for where a rare byte of theirs is seen.
	short [256][]int32
	rare  bool // there are some
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
	type pair struct {
		lit  int
		rule *entry
	}
	has := map[pair]bool{}
	for _, e := range rules {
		set, ok := required(e.rule.cond, common)
		if !ok {
			b.always = append(b.always, e)
			continue
		}
		for _, l := range set {
			i, known := byLiteral[l]
			if !known {
				i = len(b.lits)
				byLiteral[l] = i
				b.lits = append(b.lits, indexed{literal: l})
			}
			if p := (pair{i, e}); !has[p] {
				has[p] = true
				b.lits[i].rules = append(b.lits[i].rules, e)
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
		if len(l.text) < 3 {
			l.at = rareByte(l.text)
			c := l.text[l.at]
			b.short[c] = append(b.short[c], int32(n))
			b.rare = true
			continue
		}
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
	if b.rare {
		b.scanShort(field, text, fn)
	}
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
			if l.lies(text, i) {
				fn(l)
			}
		}
	}
}

// lies tells whether the literal is in text where its gram is at i.
func (l *indexed) lies(text []byte, i int) bool {
	from := i - l.at
	return from >= 0 && len(text)-from >= len(l.text) && string(text[from:from+len(l.text)]) == l.text
}

// scanShort looks for literals of one or two bytes.
func (b *bucket) scanShort(field int, text []byte, fn func(*indexed)) {
	for i, c := range text {
		for _, n := range b.short[c] {
			if l := &b.lits[n]; (l.field == field || l.field == anyField) && l.lies(text, i) {
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
