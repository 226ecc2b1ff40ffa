package ordered

import (
	"container/heap"
	"fmt"
	"os"
	"slices"

	"longwatch/internal/invariant"
	"longwatch/internal/record"
)

// maxFan is how many runs are merged, and so open, at once; each has a buffer of
// runBuffer bytes.
const (
	maxFan    = 256
	runBuffer = 1 << 16
)

// merge yields the records of many sources in order.
type merge struct {
	heap sources
	all  []*source
	last record.Record // for the invariant
}

// newMerge takes over the sources and closes them on an error.
func newMerge(all []*source) (*merge, error) {
	m := &merge{all: all}
	for _, s := range all {
		r, err := s.next()
		if err != nil {
			m.close()
			return nil, err
		}
		if r != nil {
			s.head = r
			m.heap = append(m.heap, s)
		}
	}
	heap.Init(&m.heap)
	return m, nil
}

func (m *merge) next() (record.Record, error) {
	if len(m.heap) == 0 {
		return nil, nil
	}
	s := m.heap[0]
	r := s.head
	var err error
	if s.head, err = s.next(); err != nil {
		return nil, err
	}
	if s.head == nil {
		heap.Pop(&m.heap)
	} else {
		heap.Fix(&m.heap, 0)
	}
	if invariant.Enabled {
		invariant.Check(m.last == nil || Compare(m.last, r) <= 0, "ordered: replay goes back in time")
		m.last = r
	}
	return r, nil
}

func (m *merge) close() {
	for _, s := range m.all {
		s.close()
	}
}

type sources []*source

func (h sources) Len() int           { return len(h) }
func (h sources) Less(i, j int) bool { return Compare(h[i].head, h[j].head) < 0 }
func (h sources) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sources) Push(x any)        { *h = append(*h, x.(*source)) }
func (h *sources) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// openMerge merges the runs at paths and, last, the records in memory.
func openMerge(paths []string, memory []record.Record, types map[string]*record.Type) (*merge, error) {
	var all []*source
	for _, p := range paths {
		s, err := openRun(p, types)
		if err != nil {
			for _, s := range all {
				s.close()
			}
			return nil, err
		}
		all = append(all, s)
	}
	return newMerge(append(all, &source{records: memory}))
}

// reduce merges runs until few enough are left to be open at once.
func (b *Buffer) reduce(types map[string]*record.Type) error {
	for len(b.runs) > b.fan {
		batch := slices.Clone(b.runs[:b.fan])
		m, err := openMerge(batch, nil, types)
		if err != nil {
			return err
		}
		err = writeRun(b.runPath(), m)
		m.close()
		if err != nil {
			return err
		}
		for _, p := range batch {
			_ = os.Remove(p)
		}
		b.runs = b.runs[b.fan:]
	}
	return nil
}

// Replay calls fn for every record in order and empties the buffer, whose
// lanes are not used any more. types are all record types by name, to read
// spilled runs back.
func (b *Buffer) Replay(types map[string]*record.Type, fn func(record.Record)) error {
	defer func() {
		for _, path := range b.runs {
			_ = os.Remove(path)
		}
		b.runs = nil
	}()
	if b.err != nil {
		return b.err
	}
	var memory []record.Record
	for _, l := range b.lanes {
		if len(b.runs) > 0 && len(l.records) > 0 { // others need the memory while this goes on
			l.spill()
		} else {
			memory = append(memory, l.records...)
		}
		l.records, l.held = nil, 0
	}
	if b.err != nil {
		return b.err
	}
	b.lanes = nil
	sortRecords(memory)
	if err := b.reduce(types); err != nil {
		return fmt.Errorf("ordered: %w", err)
	}
	m, err := openMerge(b.runs, memory, types)
	if err != nil {
		return fmt.Errorf("ordered: %w", err)
	}
	defer m.close()
	for {
		r, err := m.next()
		if err != nil {
			return fmt.Errorf("ordered: %w", err)
		}
		if r == nil {
			return nil
		}
		fn(r)
	}
}
