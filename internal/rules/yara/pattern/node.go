// Package pattern matches the regular expressions and hex strings of YARA
// rules, with the meaning they have there:
//
//	p, err := pattern.Regex(`https?://[a-z]{3,9}\.onion`, pattern.Options{NoCase: true})
//	atoms, ok := p.Atoms()      // bytes to look for; each says where in the pattern it stands
//	m.Forward(p, data, pos, …)  // from a found atom on, and Backward from it
//
// A pattern becomes two programs, one for each direction, run by a machine
// whose states are a set: time is bounded by the length of the program times
// the bytes looked at, and every step is counted.
package pattern

import "math/bits"

// Bytes is a set of byte values.
type Bytes [4]uint64

// Has tells whether b is in the set.
func (s *Bytes) Has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }

// Add puts b into the set.
func (s *Bytes) Add(b byte) { s[b>>6] |= 1 << (b & 63) }

// Span puts all from lo to hi into the set.
func (s *Bytes) Span(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.Add(byte(c))
	}
}

// Join puts all of o into the set.
func (s *Bytes) Join(o *Bytes) {
	for i := range s {
		s[i] |= o[i]
	}
}

// Not is the set of all other bytes.
func (s *Bytes) Not() Bytes { return Bytes{^s[0], ^s[1], ^s[2], ^s[3]} }

// Len is how many bytes are in the set.
func (s *Bytes) Len() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

// fold puts the other case of every letter into the set.
func (s *Bytes) fold() {
	for c := byte('a'); c <= 'z'; c++ {
		if s.Has(c) || s.Has(c-0x20) {
			s.Add(c)
			s.Add(c - 0x20)
		}
	}
}

// The sets with a name.
var (
	digits   = span("09")
	spaces   = span("\t\r  ")
	words    = span("azAZ09__")
	anything = span("\x00\xff")
	anyLine  = span("\x00\x09\x0b\xff") // all but the line feed
)

func span(pairs string) (s Bytes) {
	for i := 0; i < len(pairs); i += 2 {
		s.Span(pairs[i], pairs[i+1])
	}
	return s
}

// wordByte is the set of \w.
func wordByte(b byte) bool { return words.Has(b) }

type op uint8

const (
	opEmpty   op = iota
	opByte       // one byte out of set
	opConcat     // kids, one after the other
	opAlt        // one of kids
	opRepeat     // kids[0], min to max times
	opStart      // ^
	opEnd        // $
	opWord       // \b
	opNotWord    // \B
)

// forever is the max of a repeat without one.
const forever = 32767

// node is a part of a pattern. Trees are not changed once made, so parts can
// be shared.
type node struct {
	op       op
	set      *Bytes
	kids     []*node
	min, max int
	greedy   bool
	dot      bool // any byte, written as a dot or ??
	jump     bool // a repeat that is written as an interval of the dot, or as a jump
}

func concat(kids ...*node) *node {
	if len(kids) == 1 {
		return kids[0]
	}
	return &node{op: opConcat, kids: kids}
}

// alternatives of single bytes are a set of bytes.
func alternatives(kids []*node) *node {
	if len(kids) == 1 {
		return kids[0]
	}
	var all Bytes
	for _, k := range kids {
		for k.op == opConcat && len(k.kids) == 1 {
			k = k.kids[0]
		}
		if k.op != opByte {
			return &node{op: opAlt, kids: kids}
		}
		all.Join(k.set)
	}
	return &node{op: opByte, set: &all}
}

// Masked writes the set as the bytes that are value under mask, where that can
// be done.
func (s *Bytes) Masked() (value, mask byte, ok bool) {
	all, some := byte(0xff), byte(0)
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			b := byte(64*i + bits.TrailingZeros64(w))
			all, some = all&b, some|b
		}
	}
	mask = ^(all ^ some)
	return all, mask, s.Len() == 1<<(8-bits.OnesCount8(mask))
}

// single are the sets of one byte, which most are.
var single = func() (out [256]Bytes) {
	for c := range out {
		out[c].Add(byte(c))
	}
	return out
}()
