package flow

// table finds connections by key: open addressing with linear probing, at most
// three quarters full. The slots hold half of the hash and an index, so that a
// look-up touches one cache line and one connection, and a removal none but the
// one that goes.
type table struct {
	slots []slot
	mask  uint64
	used  int
	seed  uint64
	slab  slab
}

type slot struct {
	hash  uint32 // of the key, which says where the search for it begins
	index uint32 // into slab, plus 1; 0: free
}

const firstSlots = 256

func newTable() *table {
	return &table{slots: make([]slot, firstSlots), mask: firstSlots - 1, seed: tableSeed()}
}

// find returns the connection of k, or nil.
func (t *table) find(k *key) *conn {
	h := k.hash(t.seed)
	for i := uint64(uint32(h)) & t.mask; ; i = (i + 1) & t.mask {
		s := t.slots[i]
		if s.index == 0 {
			return nil
		}
		if s.hash == uint32(h) { // #nosec G115 -- half of it is meant
			if c := t.slab.at(s.index - 1); c.key.is(k) {
				return c
			}
		}
	}
}

// insert adds a connection for k, which must not be there.
func (t *table) insert(k *key) *conn {
	if (t.used+1)*4 > len(t.slots)*3 {
		t.grow()
	}
	c := t.slab.alloc()
	c.key = *k
	t.place(slot{hash: uint32(k.hash(t.seed)), index: c.index + 1}) // #nosec G115 -- half of it is meant
	t.used++
	return c
}

func (t *table) place(s slot) {
	i := uint64(s.hash) & t.mask
	for t.slots[i].index != 0 {
		i = (i + 1) & t.mask
	}
	t.slots[i] = s
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	t.mask = uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.index != 0 {
			t.place(s)
		}
	}
}

// remove forgets c. Entries behind it move up, so that no marks are needed.
func (t *table) remove(c *conn) {
	i := uint64(uint32(c.key.hash(t.seed))) & t.mask // #nosec G115 -- half of it is meant
	for t.slots[i].index != c.index+1 {
		i = (i + 1) & t.mask
	}
	for j := (i + 1) & t.mask; t.slots[j].index != 0; j = (j + 1) & t.mask {
		home := uint64(t.slots[j].hash) & t.mask
		if (j-home)&t.mask >= (j-i)&t.mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot{}
	t.used--
	t.slab.free(c)
}

// slab keeps connections in pages, so that they never move and are used again.
type slab struct {
	pages []*[pageSize]conn
	spare []uint32
}

const pageSize = 64

func (s *slab) at(i uint32) *conn { return &s.pages[i/pageSize][i%pageSize] }

func (s *slab) alloc() *conn {
	if len(s.spare) == 0 {
		first := uint32(len(s.pages)) * pageSize // #nosec G115 -- memory is bounded far below
		s.pages = append(s.pages, new([pageSize]conn))
		for i := range uint32(pageSize) {
			s.spare = append(s.spare, first+pageSize-1-i)
		}
	}
	i := s.spare[len(s.spare)-1]
	s.spare = s.spare[:len(s.spare)-1]
	c := s.at(i) // as free left it
	c.index, c.live = i, true
	return c
}

func (s *slab) free(c *conn) {
	i, hist := c.index, c.hist[:0]
	*c = conn{hist: hist}
	s.spare = append(s.spare, i)
}

// each calls f for every live connection in a fixed order.
func (s *slab) each(f func(*conn)) {
	for _, p := range s.pages {
		for i := range p {
			if p[i].live {
				f(&p[i])
			}
		}
	}
}
