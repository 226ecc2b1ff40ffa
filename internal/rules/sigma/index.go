package sigma

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unsafe"
)

// bucket is the rules for one kind of event: those that must always be
// evaluated, and the others by the literals they need.
type bucket struct {
	always []*entry
	lits   []indexed

	// A literal is found by four of its bytes (three when it is that short): a
	// bit for the hash of every such gram, then a chain of the literals with it.
	four, three grams
	// Shorter ones are looked for where a rare byte of theirs is seen.
	short [256][]int32
	rare  bool // there are some
	// Whole values are looked up.
	whole       map[literal]int32
	wholeFields map[int]bool
}

// grams finds literals by a few of their bytes.
type grams struct {
	bits  []uint64 // a set of hashes
	heads []int32  // first literal by the upper bits of the hash, -1 for none
	next  []int32  // by literal: the next one in the chain
	shift uint32
	any   bool
}

func newGrams(n int) grams {
	size := uint32(6)
	for 1<<size < 2*n {
		size++
	}
	g := grams{bits: make([]uint64, 1<<min(size+4, 18)/64), heads: make([]int32, 1<<size), next: make([]int32, n), shift: 32 - size}
	for i := range g.heads {
		g.heads[i] = -1
	}
	return g
}

// hashGram spreads a gram over 32 bits.
func hashGram(g uint32) uint32 { return g * 0x9e3779b1 }

func (g *grams) add(gram uint32, lit int) {
	h := hashGram(gram)
	i := h >> (32 - g.width())
	g.bits[i>>6] |= 1 << (i & 63)
	g.next[lit], g.heads[h>>g.shift] = g.heads[h>>g.shift], int32(lit)
	g.any = true
}

// width is how many bits of a hash choose a bit of the set.
func (g *grams) width() uint32 { return uint32(bits.TrailingZeros32(uint32(len(g.bits)))) + 6 }

// entry is a rule in a bucket.
type entry struct {
	rule   *Rule
	number int // of the rule, for the marks of a matcher
}

// indexed is a literal and the rules that need it.
type indexed struct {
	literal
	at    int // of the gram in the text
	rules []need
}

// need is one of the sets of literals of a rule: it is a candidate when one of
// each of its sets was seen.
type need struct {
	number   int
	set, all uint8 // bit of the set; bits of all its sets
}

// newBucket indexes rules for events whose field number skip is known, noField
// when there is none.
func newBucket(rules []*entry, skip int) *bucket {
	b := &bucket{whole: map[literal]int32{}, wholeFields: map[int]bool{}}
	common := map[string]int{}
	for _, e := range rules {
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
		set  uint8
	}
	has := map[pair]bool{}
	for _, e := range rules {
		sets := requiredSets(e.rule.cond, common, skip)
		if len(sets) == 0 {
			b.always = append(b.always, e)
			continue
		}
		for i, set := range sets {
			n := need{e.number, 1 << i, 1<<len(sets) - 1}
			for _, l := range set {
				at, known := byLiteral[l]
				if !known {
					at = len(b.lits)
					byLiteral[l] = at
					b.lits = append(b.lits, indexed{literal: l})
				}
				if p := (pair{at, e, n.set}); !has[p] {
					has[p] = true
					b.lits[at].rules = append(b.lits[at].rules, n)
				}
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
		for i := 0; i+4 <= len(l.text) && !l.whole; i++ {
			count[gram4([]byte(l.text[i:]))]++
		}
	}
	b.four, b.three = newGrams(len(b.lits)), newGrams(len(b.lits))
	for n := range b.lits {
		l := &b.lits[n]
		switch {
		case l.whole:
			b.whole[l.literal] = int32(n)
			b.wholeFields[l.field] = true
		case len(l.text) < 3:
			l.at = rareByte(l.text)
			c := l.text[l.at]
			b.short[c] = append(b.short[c], int32(n))
			b.rare = true
		case len(l.text) == 3:
			b.three.add(gram3([]byte(l.text)), n)
		default:
			for i := 1; i+4 <= len(l.text); i++ {
				if count[gram4([]byte(l.text[i:]))] < count[gram4([]byte(l.text[l.at:]))] {
					l.at = i
				}
			}
			b.four.add(gram4([]byte(l.text[l.at:])), n)
		}
	}
}

func gram4(s []byte) uint32 { return binary.LittleEndian.Uint32(s) }

func gram3(s []byte) uint32 { return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 }

// scan calls fn with every literal that occurs in text, the value of a field;
// a literal that occurs twice may be told twice.
func (b *bucket) scan(field int, text []byte, fn func(*indexed)) {
	if b.wholeFields[field] && len(text) <= maxWhole {
		// The key lives as long as the lookup.
		key := literal{field, unsafe.String(unsafe.SliceData(text), len(text)), true} //nolint:gosec // the text is only read, and not kept
		if n, ok := b.whole[key]; ok {
			fn(&b.lits[n])
		}
	}
	if b.rare {
		b.scanShort(field, text, fn)
	}
	if b.three.any {
		width := 32 - b.three.width()
		for i := 0; i+3 <= len(text); i++ {
			h := hashGram(gram3(text[i:]))
			if at := h >> width; b.three.bits[at>>6]>>(at&63)&1 != 0 {
				b.chain(&b.three, h, field, text, i, fn)
			}
		}
	}
	width := 32 - b.four.width()
	set := b.four.bits
	for i := 0; i+4 <= len(text); i++ {
		h := hashGram(gram4(text[i:]))
		if at := h >> width; set[at>>6]>>(at&63)&1 != 0 {
			b.chain(&b.four, h, field, text, i, fn)
		}
	}
}

// chain tells the literals of one chain that lie in text with their gram at i.
func (b *bucket) chain(g *grams, h uint32, field int, text []byte, i int, fn func(*indexed)) {
	for n := g.heads[h>>g.shift]; n >= 0; n = g.next[n] {
		if l := &b.lits[n]; (l.field == field || l.field == anyField) && l.lies(text, i) {
			fn(l)
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

// marks gathers which sets of each rule were seen, and which rules are
// candidates.
type marks struct {
	seen  []uint8 // by rule
	dirty []int   // rules that have something in seen
	ready []uint64
	words []int // of ready that are not zero
}

func newMarks(n int) marks { return marks{seen: make([]uint8, n), ready: make([]uint64, n/64+1)} }

// set notes that one of a rule's sets was seen.
func (m *marks) set(x need) {
	s := m.seen[x.number]
	if s == 0 {
		m.dirty = append(m.dirty, x.number)
	}
	m.seen[x.number] = s | x.set
	if s|x.set == x.all && s != x.all {
		m.candidate(x.number)
	}
}

// candidate has a rule evaluated.
func (m *marks) candidate(n int) {
	if m.ready[n/64] == 0 {
		m.words = append(m.words, n/64)
	}
	m.ready[n/64] |= 1 << (n % 64)
}

// drain calls fn with every candidate in rising order and forgets all.
func (m *marks) drain(fn func(n int)) {
	for _, n := range m.dirty {
		m.seen[n] = 0
	}
	m.dirty = m.dirty[:0]
	slices.Sort(m.words)
	for _, w := range m.words {
		for x := m.ready[w]; x != 0; x &= x - 1 {
			fn(w*64 + bits.TrailingZeros64(x))
		}
		m.ready[w] = 0
	}
	m.words = m.words[:0]
}
