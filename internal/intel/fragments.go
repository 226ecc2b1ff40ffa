package intel

import (
	"bytes"
	"slices"
	"sort"
)

// fragments finds every listed piece of a command line in a text at once, in one
// pass over it (A. Aho, M. Corasick, "Efficient string matching: an aid to
// bibliographic search", CACM 18(6), 1975). States are numbered breadth first,
// so that the children of a state are neighbours: 17 bytes a state, no pointers.
type fragments struct {
	first []uint32 // first child of each state; one more at the end
	label []byte   // byte that leads to the state
	fail  []uint32 // state of the longest proper suffix that is a state
	entry []uint32 // row of the piece that ends in the state, plus one
	dict  []uint32 // nearest state on the way of fail where a piece ends, or 0
}

// Bounds of the pieces of command lines and of the texts they are looked for in.
const (
	maxFragmentBytes  = 8 << 20 // of all pieces
	maxFragmentText   = 1 << 20 // of one text
	maxFragmentsFound = 16      // in one text
)

// newFragments makes the automaton. keys are different and in order; rows go
// with them.
func newFragments(keys [][]byte, rows []uint32) *fragments {
	type part struct{ lo, hi, depth int }
	f := &fragments{label: []byte{0}, entry: []uint32{0}}
	queue := []part{{0, len(keys), 0}}
	for n := 0; n < len(queue); n++ {
		p := queue[n]
		f.first = append(f.first, uint32(len(queue)))
		lo := p.lo
		if lo < p.hi && len(keys[lo]) == p.depth {
			f.entry[n] = rows[lo] + 1
			lo++
		}
		for lo < p.hi {
			c := keys[lo][p.depth]
			hi := lo + sort.Search(p.hi-lo, func(i int) bool { return keys[lo+i][p.depth] > c })
			queue = append(queue, part{lo, hi, p.depth + 1})
			f.label, f.entry = append(f.label, c), append(f.entry, 0)
			lo = hi
		}
	}
	f.first = append(f.first, uint32(len(queue)))
	f.link()
	return f
}

// link sets the suffixes of all states, parents before children.
func (f *fragments) link() {
	n := len(f.label)
	f.fail, f.dict = make([]uint32, n), make([]uint32, n)
	for v := range n {
		for u := f.first[v]; u < f.first[v+1]; u++ {
			if v != 0 {
				f.fail[u] = f.step(f.fail[v], f.label[u])
			}
			if s := f.fail[u]; f.entry[s] != 0 {
				f.dict[u] = s
			} else {
				f.dict[u] = f.dict[s]
			}
		}
	}
}

// step is the state after c.
func (f *fragments) step(s uint32, c byte) uint32 {
	for {
		lo, hi := f.first[s], f.first[s+1]
		if i, ok := slices.BinarySearch(f.label[lo:hi], c); ok {
			return lo + uint32(i)
		}
		if s == 0 {
			return 0
		}
		s = f.fail[s]
	}
}

// find calls hit with the row of every piece in text, each once, at most
// maxFragmentsFound of them.
func (f *fragments) find(text string, hit func(row uint32)) {
	if f == nil {
		return
	}
	var seen [maxFragmentsFound]uint32
	n := 0
	state, space := uint32(0), false
	for i := range min(len(text), maxFragmentText) {
		c := lower(text[i])
		switch c {
		case ' ', '\t', '\r', '\n':
			if space {
				continue
			}
			c, space = ' ', true
		default:
			space = false
		}
		state = f.step(state, c)
		s := state
		if f.entry[s] == 0 {
			s = f.dict[s]
		}
		for ; s != 0; s = f.dict[s] {
			if slices.Contains(seen[:n], f.entry[s]) {
				continue
			}
			seen[n] = f.entry[s]
			n++
			hit(f.entry[s] - 1)
			if n == maxFragmentsFound {
				return
			}
		}
	}
}

// sortFragments puts keys, and the rows that go with them, in order.
func sortFragments(keys [][]byte, rows []uint32) {
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(keys[a], keys[b]) })
	k, r := slices.Clone(keys), slices.Clone(rows)
	for i, o := range order {
		keys[i], rows[i] = k[o], r[o]
	}
}
