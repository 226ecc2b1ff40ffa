package sink

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"

	"longwatch/internal/invariant"
	"longwatch/internal/record"
)

// merge yields the lines of many sources in order: the one with the earliest
// line is at the root of a heap.
type merge struct {
	heap []mergeItem
	all  []source
	used bool // the root's line was handed out and must be replaced
	last item // for the invariant
}

type mergeItem struct {
	item
	src source
}

// newMerge takes over the sources and closes them on an error.
func newMerge(sources []source) (*merge, error) {
	m := &merge{heap: make([]mergeItem, 0, len(sources)), all: sources}
	for _, s := range sources {
		it, ok, err := s.next()
		if err != nil {
			m.close()
			return nil, err
		}
		if ok {
			m.heap = append(m.heap, mergeItem{it, s})
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m, nil
}

// next is the next line of all; it is valid until the next call.
func (m *merge) next() (item, bool, error) {
	if m.used {
		m.used = false
		next, ok, err := m.heap[0].src.next()
		if err != nil {
			return item{}, false, err
		}
		if ok {
			m.heap[0].item = next
		} else {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
		m.sink(0)
	}
	if len(m.heap) == 0 {
		return item{}, false, nil
	}
	m.used = true
	it := m.heap[0].item
	if invariant.Enabled {
		invariant.Check(m.last.line == nil || compare(&m.last, &it) <= 0, "sink: merged lines go back in time")
		m.last = item{ts: it.ts, line: append([]byte{}, it.line...)}
	}
	return it, true, nil
}

// sink moves the i-th source down to where it belongs.
func (m *merge) sink(i int) {
	for {
		c := 2*i + 1
		if c >= len(m.heap) {
			return
		}
		if c+1 < len(m.heap) && compare(&m.heap[c+1].item, &m.heap[c].item) < 0 {
			c++
		}
		if compare(&m.heap[i].item, &m.heap[c].item) <= 0 {
			return
		}
		m.heap[i], m.heap[c] = m.heap[c], m.heap[i]
		i = c
	}
}

func (m *merge) close() {
	for _, s := range m.all {
		s.close()
	}
}

// compare is the order of every record file: time, then the encoded bytes.
func compare(a, b *item) int {
	switch {
	case a.ts < b.ts:
		return -1
	case a.ts > b.ts:
		return 1
	}
	return bytes.Compare(a.line, b.line)
}

// maxFan is how many run files are merged, and so open, at once.
const maxFan = 64

// reduce merges the runs of one type until few enough are left to be merged
// into the final file. It removes those that it merged, and returns the others.
func (d *Dir) reduce(name string, runs []string) ([]string, error) {
	for len(runs) > maxFan {
		sources, err := openRuns(runs[:maxFan])
		if err != nil {
			return runs, err
		}
		m, err := newMerge(sources)
		if err != nil {
			return runs, err
		}
		d.mu.Lock()
		path := d.runPath(name)
		d.mu.Unlock()
		err = writeRun(path, m)
		m.close()
		runs = append(runs, path)
		if err != nil {
			return runs, err
		}
		for _, p := range runs[:maxFan] {
			_ = os.Remove(p)
		}
		runs = runs[maxFan:]
	}
	return runs, nil
}

// write writes what m yields into the file of t, without what Once leaves out.
func (d *Dir) write(t *record.Type, m *merge) (w Written, err error) {
	if err := os.MkdirAll(d.dir, 0o750); err != nil {
		return w, err
	}
	w = Written{Type: t.Name, Path: filepath.Join(d.dir, t.Name+d.format.Suffix)}
	f, err := create(w.Path)
	if err != nil {
		return w, err
	}
	out := newOutput(f)
	defer func() {
		if cerr := out.close(); err == nil {
			err = cerr
		}
		w.Bytes = out.n
	}()
	if d.format.Head != nil {
		if _, err := out.Write(d.format.Head(t)); err != nil {
			return w, err
		}
	}
	var rows rowWriter = lineWriter{out}
	if d.format.Rows != nil {
		rows = d.format.Rows(out, t)
	}
	last := map[[16]byte]record.Time{}
	for {
		it, ok, err := m.next()
		if err != nil {
			return w, err
		}
		if !ok {
			return w, rows.close()
		}
		if !repeated(last, it) {
			if err := rows.put(it.line); err != nil {
				return w, err
			}
			w.Rows++
		}
	}
}

// maxLast bounds the keys of Once that are remembered. Beyond it those whose
// period is over are forgotten, and if that is not enough, all: a repeat may be
// written then.
const maxLast = 1 << 20

// repeated tells whether it was written within its period, and remembers it.
func repeated(last map[[16]byte]record.Time, it item) bool {
	if it.once == nil {
		return false
	}
	if t, ok := last[it.once.sum]; ok && it.ts.Sub(t) < it.once.period {
		return true
	}
	if len(last) >= maxLast {
		maps.DeleteFunc(last, func(_ [16]byte, t record.Time) bool { return it.ts.Sub(t) >= it.once.period })
		if len(last) >= maxLast/2 {
			clear(last)
		}
	}
	last[it.once.sum] = it.ts
	return false
}
