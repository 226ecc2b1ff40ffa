package pattern

import "math/bits"

// Bounds of the tables that a machine keeps, in entries of about eight bytes.
const (
	maxTable  = 1 << 18 // of one program; one that needs more is run without
	maxTables = 1 << 22 // of all; then they are begun anew
)

// table is the states that a program was seen in, and what follows each by the
// next byte. It is filled as it is needed: then a byte is one step, however many
// places the program can be at.
type table struct {
	prog   []inst
	prefer bool // threads of less preference than a match end
	class  [256]uint8
	count  int // of classes
	size   int
	starts map[int32]*state
	states map[string]*state
	key    []byte
}

// state is places in a program in order of preference.
type state struct {
	list  []int32
	match bool
	next  []*state // by class; nil: not yet known
}

// newTable returns nil for programs that ask about what is around a place:
// what follows a state is then not told by the next byte alone.
func newTable(prog []inst, prefer bool) *table {
	t := &table{prog: prog, prefer: prefer, starts: map[int32]*state{}, states: map[string]*state{}}
	var sets []*Bytes
	seen := map[*Bytes]bool{}
	for i := range prog {
		switch c := prog[i].code; c {
		case codeByte:
			if s := prog[i].set; !seen[s] {
				seen[s] = true
				sets = append(sets, s)
			}
		case codeSplit, codeJump, codeMatch:
		default:
			return nil
		}
	}
	t.classes(sets)
	return t
}

// classes gives bytes that no set tells apart one number.
func (t *table) classes(sets []*Bytes) {
	all := []Bytes{anything}
	for _, s := range sets {
		for i := range all {
			var in, out Bytes
			for w := range in {
				in[w], out[w] = all[i][w]&s[w], all[i][w]&^s[w]
			}
			if in.Len() > 0 && out.Len() > 0 {
				all[i] = in
				all = append(all, out)
			}
		}
	}
	for n, c := range all {
		for w, word := range c {
			for ; word != 0; word &= word - 1 {
				t.class[64*w+bits.TrailingZeros64(word)] = uint8(n)
			}
		}
	}
	t.count = len(all)
}

// intern returns the state of a list of places.
func (m *Machine) intern(t *table, list []int32) *state {
	t.key = t.key[:0]
	match := false
	n := 0
	for _, pc := range list {
		n++
		t.key = append(t.key, byte(pc), byte(pc>>8), byte(pc>>16))
		if t.prog[pc].code == codeMatch {
			if match = true; t.prefer {
				break
			}
		}
	}
	if s := t.states[string(t.key)]; s != nil {
		return s
	}
	s := &state{list: append([]int32(nil), list[:n]...), match: match, next: make([]*state, t.count)}
	t.states[string(t.key)] = s
	t.size += n + t.count + 8
	m.tables += n + t.count + 8
	return s
}

// begin is the state of being at one place.
func (m *Machine) begin(t *table, pc int32) *state {
	s := t.starts[pc]
	if s == nil {
		m.now.reset(len(t.prog))
		m.follow(&run{prog: t.prog}, pc, &m.now)
		s = m.intern(t, m.now.list)
		t.starts[pc] = s
	}
	return s
}

// after is the state after a byte.
func (m *Machine) after(t *table, s *state, b byte) *state {
	c := t.class[b]
	if n := s.next[c]; n != nil {
		return n
	}
	m.then.reset(len(t.prog))
	m.Work -= len(s.list)
	r := run{prog: t.prog}
	for _, pc := range s.list {
		i := &t.prog[pc]
		if i.code == codeByte && i.set.Has(b) {
			m.follow(&r, pc+1, &m.then)
		}
	}
	n := m.intern(t, m.then.list)
	s.next[c] = n
	return n
}

// table returns the table of one direction of a pattern; nil when it is run
// without.
func (m *Machine) table(p *Pattern, back bool) *table {
	if m.tables > maxTables {
		m.lazy, m.tables = nil, 0
	}
	key := direction{p, back}
	t, known := m.lazy[key]
	if !known {
		prog := p.fwd
		if back {
			prog = p.bwd
		}
		t = newTable(prog, !back)
		if m.lazy == nil {
			m.lazy = map[direction]*table{}
		}
		m.lazy[key] = t
	}
	if t != nil && t.size > maxTable {
		m.tables -= t.size
		t = nil
		m.lazy[key] = nil
	}
	return t
}

type direction struct {
	p    *Pattern
	back bool
}

// quick is Forward and Backward by table. It appends the lengths of matches to
// lengths: all of them, or only the last where one is preferred. A table that
// grows too large ends it; what it gave then does not count.
func (m *Machine) quick(t *table, r *run, pc int32, lengths []int) []int {
	s := m.begin(t, pc)
	for {
		if s.match {
			if t.prefer { // of no other use to the caller
				lengths = lengths[:0]
			}
			lengths = append(lengths, r.done)
		}
		if m.Work--; m.Work <= 0 || len(s.list) == 0 || r.done >= r.max || t.size > maxTable {
			return lengths
		}
		at := r.pos + r.done
		if r.back {
			at = r.pos - r.done - r.wide
		}
		if r.wide == 2 && r.data[at+1] != 0 {
			return lengths
		}
		s = m.after(t, s, r.data[at])
		r.done += r.wide
	}
}
