package pattern

// Machine runs patterns. It keeps what one run needs, so that the next needs no
// memory; it is for one goroutine.
type Machine struct {
	// Work is how many steps may still be made; a run that would pass it ends
	// as if nothing matched. It is for the caller to set and to look at.
	Work int

	now, then threads
	stack     []int32
	lazy      map[direction]*table // nil where a program is run without
	tables    int                  // entries of all
	lengths   []int
}

// threads is a set of places in a program, in order of preference.
type threads struct {
	list []int32
	mark []uint32 // by place: the round in which it was put in
	turn uint32
}

func (t *threads) reset(n int) {
	if len(t.mark) < n {
		t.mark = make([]uint32, n)
		t.turn = 0
	}
	t.list = t.list[:0]
	if t.turn++; t.turn == 0 {
		clear(t.mark)
		t.turn = 1
	}
}

// run is one search with a program.
type run struct {
	prog []inst
	data []byte
	pos  int // of the byte after which, or before which, nothing was matched yet
	wide int // bytes of a character: 1 or 2
	back bool
	max  int // most bytes that can be matched
	done int // bytes matched so far
}

func (m *Machine) start(prog []inst, data []byte, pos int, wide, back bool) run {
	r := run{prog: prog, data: data, pos: pos, wide: 1, back: back}
	if wide {
		r.wide = 2
	}
	r.max = len(data) - pos
	if back {
		r.max = pos
	}
	r.max = min(r.max, window)
	r.max -= r.max % r.wide
	return r
}

// fresh forgets the threads of the run before.
func (m *Machine) fresh(r *run) {
	m.now.reset(len(r.prog))
	m.then.reset(len(r.prog))
}

// Forward returns the length of the match that starts at pos, from place at
// of the pattern on (the zero Place: its start); -1 when there is none. With
// wide every byte of the pattern stands for itself and a zero after it.
func (m *Machine) Forward(p *Pattern, data []byte, pos int, at Place, wide bool) int {
	r := m.start(p.fwd, data, pos, wide, false)
	if t := m.table(p, false); t != nil {
		m.lengths = m.quick(t, &r, at.fwd, m.lengths[:0])
		switch {
		case t.size > maxTable: // begun in vain
			r.done = 0
		case len(m.lengths) == 0:
			return -1
		default:
			return m.lengths[0]
		}
	}
	m.fresh(&r)
	length := -1
	m.follow(&r, at.fwd, &m.now)
	for len(m.now.list) > 0 && m.Work > 0 {
		if m.step(&r, true) {
			length = r.done - r.wide
		}
	}
	return length
}

// Backward appends to lengths every length that what stands before place at
// of the pattern can have when it ends before pos.
func (m *Machine) Backward(p *Pattern, data []byte, pos int, at Place, wide bool, lengths []int) []int {
	r := m.start(p.bwd, data, pos, wide, true)
	if t := m.table(p, true); t != nil {
		all := m.quick(t, &r, at.bwd, lengths)
		if t.size <= maxTable {
			return all
		}
		r.done = 0
	}
	m.fresh(&r)
	m.follow(&r, at.bwd, &m.now)
	for len(m.now.list) > 0 && m.Work > 0 {
		if m.step(&r, false) {
			lengths = append(lengths, r.done-r.wide)
		}
	}
	return lengths
}

// Search tells whether text has a match anywhere in its first bytes, as the
// operator matches of a condition does.
func (m *Machine) Search(p *Pattern, text []byte) bool {
	if len(text) == 0 {
		return false
	}
	r := m.start(p.fwd, text, 0, false, false)
	m.fresh(&r)
	m.follow(&r, 0, &m.now)
	for m.Work > 0 {
		if m.step(&r, true) {
			return true
		}
		if r.done >= r.max {
			break
		}
		m.follow(&r, 0, &m.now)
	}
	// What is left can still match with the last byte.
	return m.Work > 0 && m.step(&r, true)
}

// step looks at one character with all threads and tells whether a match ends
// before it. With prefer, threads of less preference than the match end.
func (m *Machine) step(r *run, prefer bool) (matched bool) {
	m.then.reset(len(r.prog))
	at := r.pos + r.done
	if r.back {
		at = r.pos - r.done - r.wide
	}
	readable := r.done < r.max && (r.wide == 1 || r.data[at+1] == 0)
	m.Work -= len(m.now.list) + 1
	r.done += r.wide
	for _, pc := range m.now.list {
		i := &r.prog[pc]
		if i.code == codeMatch {
			matched = true
			if prefer {
				break
			}
		} else if readable && i.set.Has(r.data[at]) {
			m.follow(r, pc+1, &m.then)
		}
	}
	m.now, m.then = m.then, m.now
	return matched
}

// follow puts the places reached from pc without reading a byte into set, in
// order of preference. What it asks of the data is asked after r.done bytes.
func (m *Machine) follow(r *run, pc int32, set *threads) {
	stack := append(m.stack[:0], pc)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if set.mark[pc] == set.turn {
			continue
		}
		set.mark[pc] = set.turn
		m.Work--
		switch i := &r.prog[pc]; i.code {
		case codeByte, codeMatch:
			set.list = append(set.list, pc)
		case codeSplit:
			stack = append(stack, i.y, i.x)
		case codeJump:
			stack = append(stack, i.x)
		default:
			if r.holds(i.code) {
				stack = append(stack, pc+1)
			}
		}
	}
	m.stack = stack
}

// holds tells whether an assertion is true after r.done bytes.
func (r *run) holds(c code) bool {
	switch c {
	case codeStart:
		if r.back {
			return r.done >= r.pos
		}
		return r.pos == 0 && r.done == 0
	case codeEnd:
		return !r.back && r.pos+r.done >= len(r.data)
	}
	return r.boundary() == (c == codeWord)
}

// boundary tells whether exactly one of the characters on both sides is of a
// word. The edges of what can be looked at count as boundaries.
func (r *run) boundary() bool {
	if r.done >= r.max || (r.done == 0 && r.pos < r.wide) {
		return true
	}
	at, before := r.pos+r.done, r.pos+r.done-r.wide
	if r.back {
		at, before = r.pos-r.done-r.wide, r.pos-r.done
		if before+r.wide > len(r.data) {
			return r.word(at)
		}
	}
	return r.word(at) != r.word(before)
}

func (r *run) word(at int) bool {
	return wordByte(r.data[at]) && (r.wide == 1 || r.data[at+1] == 0)
}
