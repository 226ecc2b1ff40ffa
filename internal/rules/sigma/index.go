package sigma

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// bucket is the rules for one kind of event: those that must always be
// evaluated, and the others by the literals they need.
type bucket struct {
	always []*entry
	lits   []indexed
	fields []*finder // by field, as far as there is one
	any    *finder   // literals of keywords, for every value; nil when there are none
}

// finder finds literals of one field in a value.
type finder struct {
	// A literal is found by four of its bytes (three when it is that short): a
	// bit for the hash of every such gram, then a chain of the literals with it.
	four, three grams
	// Shorter ones are looked for where a rare byte of theirs is seen.
	short  *[256][]int32
	shorts [4]uint64 // a bit for each of those bytes
	// Whole values are looked up.
	whole map[string]int32
}

// grams finds literals by a few of their bytes.
type grams struct {
	bits  []uint64 // a set of hashes
	heads []int32  // first link by the upper bits of the hash, -1 for none
	next  []link
	shift uint32
	// Where all literals are long, several grams of each are kept and only
	// every so many places of a text are looked at.
	stride int
}

// link is a literal in a chain with the place of the gram in it, the hash of
// the gram, and the next link.
type link struct {
	lit, next, at int32
	hash          uint32
}

// newGrams makes room for n literals, the shortest of so many bytes, whose
// grams have width bytes.
func newGrams(n, shortest, width int) grams {
	if n == 0 {
		return grams{}
	}
	stride := min(max(shortest-width+1, 1), 4)
	if stride == 3 {
		stride = 2
	}
	n *= stride
	size := uint32(6)
	for 1<<size < 2*n {
		size++
	}
	g := grams{bits: make([]uint64, 1<<min(size+4, 17)/64), heads: make([]int32, 1<<size), shift: 32 - size, stride: stride}
	for i := range g.heads {
		g.heads[i] = -1
	}
	return g
}

// hashGram spreads a gram over 32 bits.
func hashGram(g uint32) uint32 { return g * 0x9e3779b1 }

func (g *grams) add(gram uint32, lit, at int) {
	h := hashGram(gram)
	i := h >> (32 - g.width())
	g.bits[i>>6] |= 1 << (i & 63)
	g.next = append(g.next, link{int32(lit), g.heads[h>>g.shift], int32(at), h})
	g.heads[h>>g.shift] = int32(len(g.next) - 1)
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
	at    int // of its rare byte, when it is very short
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
	b := &bucket{}
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

// ordinary is text that values of events are full of. What occurs in it is a
// poor mark of a literal.
const ordinary = `c:\windows\system32\svchost.exe -k netsvcs -p -s c:\program files (x86)\common files\microsoft corporation nt authority\system ` +
	`"c:\windows\explorer.exe" c:\users\public\appdata\local\temp\ microsoft® windows® operating system service control manager hklm\software\microsoft\windows\currentversion\ ` +
	`hklm\system\currentcontrolset\services\ security-auditing microsoft-windows-sysmon/operational sha1= md5= sha256= imphash= 10.0. /operational powershell.exe cmd.exe /c .dll`

var ordinaryGrams = func() map[uint32]bool {
	out := map[uint32]bool{}
	for i := 0; i+4 <= len(ordinary); i++ {
		out[gram4([]byte(ordinary[i:]))] = true
	}
	return out
}()

// choose makes the finders: for every literal it picks the gram that is in no
// ordinary text and that fewest literals share.
func (b *bucket) choose() {
	count := map[uint32]int{}
	type size struct{ four, three, shortest int }
	sizes := map[int]*size{}
	for i := range b.lits {
		l := &b.lits[i]
		s := sizes[l.field]
		if s == nil {
			s = &size{shortest: 1 << 20}
			sizes[l.field] = s
		}
		switch n := len(l.text); {
		case l.whole || n < 3:
		case n == 3:
			s.three++
		default:
			s.four++
			s.shortest = min(s.shortest, n)
			for i := 0; i+4 <= n; i++ {
				count[gram4([]byte(l.text[i:]))]++
			}
		}
	}
	for field, s := range sizes {
		f := &finder{four: newGrams(s.four, s.shortest, 4), three: newGrams(s.three, 3, 3), whole: map[string]int32{}}
		if field == anyField {
			b.any = f
			continue
		}
		if n := field + 1 - len(b.fields); n > 0 {
			b.fields = append(b.fields, make([]*finder, n)...)
		}
		b.fields[field] = f
	}
	for n := range b.lits {
		l := &b.lits[n]
		f := b.any
		if l.field != anyField {
			f = b.fields[l.field]
		}
		switch {
		case l.whole:
			f.whole[l.text] = int32(n)
		case len(l.text) < 3:
			l.at = mark(l.text)
			if f.short == nil {
				f.short = new([256][]int32)
			}
			c := l.text[l.at]
			f.short[c] = append(f.short[c], int32(n))
			f.shorts[c>>6] |= 1 << (c & 63)
		case len(l.text) == 3:
			f.three.add(gram3([]byte(l.text)), n, 0)
		default:
			best, least := 0, 1<<62
			for i := 0; i+f.four.stride+3 <= len(l.text); i++ {
				sum := 0
				for j := range f.four.stride {
					g := gram4([]byte(l.text[i+j:]))
					if sum += count[g]; ordinaryGrams[g] {
						sum += 1 << 20
					}
				}
				if sum < least {
					best, least = i, sum
				}
			}
			for j := range f.four.stride {
				f.four.add(gram4([]byte(l.text[best+j:])), n, best+j)
			}
		}
	}
}

func gram4(s []byte) uint32 { return binary.LittleEndian.Uint32(s) }

func gram3(s []byte) uint32 { return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 }

// scan calls fn with every literal that occurs in text, the value of a field;
// a literal that occurs twice may be told twice.
func (b *bucket) scan(field int, text []byte, fn func(*indexed)) {
	if field >= 0 && field < len(b.fields) {
		if f := b.fields[field]; f != nil {
			f.scan(b.lits, text, fn)
		}
	}
	if b.any != nil {
		b.any.scan(b.lits, text, fn)
	}
}

func (f *finder) scan(lits []indexed, text []byte, fn func(*indexed)) {
	if len(f.whole) > 0 && len(text) <= maxWhole {
		if n, ok := f.whole[string(text)]; ok {
			fn(&lits[n])
		}
	}
	if f.short != nil {
		for i, c := range text {
			if f.shorts[c>>6]>>(c&63)&1 == 0 {
				continue
			}
			for _, n := range f.short[c] {
				if l := &lits[n]; l.lies(text, i-l.at) {
					fn(l)
				}
			}
		}
	}
	if set := f.three.bits; len(set) > 0 {
		width := 32 - f.three.width()
		for i := 0; i+3 <= len(text); i++ {
			h := hashGram(gram3(text[i:]))
			if at := h >> width; set[at>>6]>>(at&63)&1 != 0 {
				f.three.chain(lits, h, text, i, fn)
			}
		}
	}
	if len(f.four.bits) > 0 {
		f.four.scan(lits, text, fn)
	}
}

// scan looks for grams of four bytes. Eight bytes are taken at once, which hold
// as many grams as are looked at in four places.
func (g *grams) scan(lits []indexed, text []byte, fn func(*indexed)) {
	set, width, i := g.bits, 32-g.width(), 0
	last := uint32(len(set) - 1) // their number is a power of two
	if g.stride < 4 {
		for ; i+8 <= len(text); i += 4 {
			x := binary.LittleEndian.Uint64(text[i:])
			h0, h2 := hashGram(uint32(x)), hashGram(uint32(x>>16))
			a0, a2 := h0>>width, h2>>width
			hit := set[a0>>6&last]>>(a0&63)&1 | set[a2>>6&last]>>(a2&63)&1<<2
			if g.stride == 1 {
				h1, h3 := hashGram(uint32(x>>8)), hashGram(uint32(x>>24))
				a1, a3 := h1>>width, h3>>width
				hit |= set[a1>>6&last]>>(a1&63)&1<<1 | set[a3>>6&last]>>(a3&63)&1<<3
			}
			for ; hit != 0; hit &= hit - 1 {
				n := bits.TrailingZeros64(hit)
				g.chain(lits, hashGram(uint32(x>>(8*n))), text, i+n, fn)
			}
		}
	}
	for ; i+4 <= len(text); i += g.stride {
		h := hashGram(gram4(text[i:]))
		if at := h >> width; set[at>>6]>>(at&63)&1 != 0 {
			g.chain(lits, h, text, i, fn)
		}
	}
}

// chain tells the literals of one chain that lie in text with their gram at i.
func (g *grams) chain(lits []indexed, h uint32, text []byte, i int, fn func(*indexed)) {
	for n := g.heads[h>>g.shift]; n >= 0; {
		x := &g.next[n]
		if n = x.next; x.hash != h {
			continue
		}
		if l := &lits[x.lit]; l.lies(text, i-int(x.at)) {
			fn(l)
		}
	}
}

// lies tells whether the literal is in text at a place.
func (l *indexed) lies(text []byte, from int) bool {
	return from >= 0 && len(text)-from >= len(l.text) && string(text[from:from+len(l.text)]) == l.text
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
