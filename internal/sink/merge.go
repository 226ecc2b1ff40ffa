package sink

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"time"

	"longwatch/internal/record"
)

// item is one line on its way through the merge.
type item struct {
	ts   record.Time
	line []byte // valid until the source's next call
	once *onceKey
}

// source yields lines in order.
type source interface {
	next() (item, bool, error)
	close()
}

type memorySource struct {
	b *batch
	i int
}

func (s *memorySource) next() (item, bool, error) {
	if s.i >= len(s.b.entries) {
		return item{}, false, nil
	}
	e := s.b.entries[s.i]
	s.i++
	it := item{ts: e.ts, line: s.b.line(e)}
	if e.once > 0 {
		it.once = &s.b.onces[e.once-1]
	}
	return it, true, nil
}

func (s *memorySource) close() {}

// A run file is a sequence of: time (8 bytes), line length (4), period of Once
// in ns or 0 (8), its key (16), the line.
const runHead = 8 + 4 + 8 + 16

func writeRun(path string, b *batch) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.Create(path) //nolint:gosec // below the case folder
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var head [runHead]byte
	for _, e := range b.entries {
		binary.LittleEndian.PutUint64(head[:], uint64(e.ts)) //nolint:gosec // kept bit for bit
		binary.LittleEndian.PutUint32(head[8:], e.len)
		clear(head[12:])
		if e.once > 0 {
			o := b.onces[e.once-1]
			binary.LittleEndian.PutUint64(head[12:], uint64(o.period)) //nolint:gosec // kept bit for bit
			copy(head[20:], o.sum[:])
		}
		if _, err = w.Write(head[:]); err == nil {
			_, err = w.Write(b.line(e))
		}
		if err != nil {
			_ = f.Close()
			return err
		}
	}
	if err := w.Flush(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

type runSource struct {
	f    *os.File
	r    *bufio.Reader
	line []byte
	once onceKey
}

func openRun(path string) (*runSource, error) {
	f, err := os.Open(path) //nolint:gosec // written by writeRun
	if err != nil {
		return nil, err
	}
	return &runSource{f: f, r: bufio.NewReaderSize(f, 1<<18)}, nil
}

func (s *runSource) next() (item, bool, error) {
	var head [runHead]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		if err == io.EOF { //nolint:errorlint // ReadFull returns it bare
			return item{}, false, nil
		}
		return item{}, false, err
	}
	n := int(binary.LittleEndian.Uint32(head[8:]))
	if cap(s.line) < n {
		s.line = make([]byte, n)
	}
	s.line = s.line[:n]
	if _, err := io.ReadFull(s.r, s.line); err != nil {
		return item{}, false, err
	}
	it := item{ts: record.Time(binary.LittleEndian.Uint64(head[:])), line: s.line} //nolint:gosec // kept bit for bit
	if p := time.Duration(binary.LittleEndian.Uint64(head[12:])); p > 0 {          //nolint:gosec // kept bit for bit
		s.once = onceKey{period: p, sum: [16]byte(head[20:36])}
		it.once = &s.once
	}
	return it, true, nil
}

func (s *runSource) close() { _ = s.f.Close() }

type mergeHeap []mergeItem

type mergeItem struct {
	item
	src source
}

func (h mergeHeap) Len() int { return len(h) }
func (h mergeHeap) Less(i, j int) bool {
	if h[i].ts != h[j].ts {
		return h[i].ts < h[j].ts
	}
	return bytes.Compare(h[i].line, h[j].line) < 0
}
func (h mergeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *mergeHeap) Push(x any)   { *h = append(*h, x.(mergeItem)) }
func (h *mergeHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// write merges the sources into the file of t.
func (d *Dir) write(t *record.Type, sources []source) (w Written, err error) {
	defer func() {
		for _, s := range sources {
			s.close()
		}
	}()
	if err := os.MkdirAll(d.dir, 0o750); err != nil {
		return w, err
	}
	w = Written{Type: t.Name, Path: filepath.Join(d.dir, t.Name+d.format.Suffix)}
	f, err := os.Create(w.Path) //nolint:gosec // below the folder the user named
	if err != nil {
		return w, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	out := bufio.NewWriterSize(f, 1<<20)
	count := func(b []byte) {
		w.Bytes += int64(len(b))
		_, _ = out.Write(b) // the error stays in out until Flush
	}
	if d.format.Head != nil {
		count(d.format.Head(t))
	}
	h := make(mergeHeap, 0, len(sources))
	for _, s := range sources {
		it, ok, err := s.next()
		if err != nil {
			return w, err
		}
		if ok {
			h = append(h, mergeItem{it, s})
		}
	}
	heap.Init(&h)
	last := map[[16]byte]record.Time{}
	newline := []byte{'\n'}
	for len(h) > 0 {
		it := h[0]
		if !repeated(last, it.item) {
			count(it.line)
			count(newline)
			w.Rows++
		}
		next, ok, err := it.src.next()
		if err != nil {
			return w, err
		}
		if ok {
			h[0].item = next
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return w, out.Flush()
}

// repeated tells whether it was written within its period, and remembers it.
func repeated(last map[[16]byte]record.Time, it item) bool {
	if it.once == nil {
		return false
	}
	if t, ok := last[it.once.sum]; ok && it.ts.Sub(t) < it.once.period {
		return true
	}
	last[it.once.sum] = it.ts
	return false
}
