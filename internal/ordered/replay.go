package ordered

import (
	"bufio"
	"container/heap"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"

	"longwatch/internal/record"
)

// spill writes sorted records as one run per type: a gob stream holds values
// of one Go type, so that no registry is needed.
func (b *Buffer) spill(sorted []record.Record) error {
	byType := map[*record.Type][]record.Record{}
	for _, r := range sorted {
		byType[r.RecordType()] = append(byType[r.RecordType()], r)
	}
	for t, rs := range byType {
		b.mu.Lock()
		path := filepath.Join(b.spool, "order-"+strconv.Itoa(len(b.runs))+"."+t.Name)
		b.runs = append(b.runs, path)
		b.mu.Unlock()
		if err := writeRun(path, rs); err != nil {
			return err
		}
	}
	return nil
}

func writeRun(path string, rs []record.Record) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.Create(path) //nolint:gosec // below the case folder
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	enc := gob.NewEncoder(w)
	for _, r := range rs {
		if err := enc.EncodeValue(reflect.ValueOf(r).Elem()); err != nil {
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

type source struct {
	head    record.Record
	records []record.Record // in memory
	typ     *record.Type    // of a run
	dec     *gob.Decoder
	file    *os.File
}

// advance loads the next record into head, or nil at the end.
func (s *source) advance() error {
	s.head = nil
	if s.dec == nil {
		if len(s.records) > 0 {
			s.head, s.records = s.records[0], s.records[1:]
		}
		return nil
	}
	r := s.typ.New()
	if err := s.dec.DecodeValue(reflect.ValueOf(r).Elem()); err != nil {
		_ = s.file.Close()
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	s.head = r
	return nil
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

// Replay calls fn for every record in order and empties the buffer. types are
// all record types by name, to read spilled runs back.
func (b *Buffer) Replay(types map[string]*record.Type, fn func(record.Record)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	var h sources
	var memory []record.Record
	for _, l := range b.lanes {
		memory = append(memory, l.records...)
		l.records = nil
	}
	b.lanes = nil
	slices.SortFunc(memory, Compare)
	h = append(h, &source{records: memory})
	defer func() {
		for _, path := range b.runs {
			_ = os.Remove(path)
		}
		b.runs = nil
	}()
	for _, path := range b.runs {
		f, err := os.Open(path) //nolint:gosec // written by writeRun
		if err != nil {
			return fmt.Errorf("ordered: %w", err)
		}
		h = append(h, &source{typ: types[filepath.Ext(path)[1:]], dec: gob.NewDecoder(bufio.NewReaderSize(f, 1<<16)), file: f})
	}
	live := h[:0]
	for _, s := range h {
		if err := s.advance(); err != nil {
			return fmt.Errorf("ordered: %w", err)
		}
		if s.head != nil {
			live = append(live, s)
		}
	}
	h = live
	heap.Init(&h)
	for len(h) > 0 {
		fn(h[0].head)
		if err := h[0].advance(); err != nil {
			return fmt.Errorf("ordered: %w", err)
		}
		if h[0].head == nil {
			heap.Pop(&h)
		} else {
			heap.Fix(&h, 0)
		}
	}
	return nil
}
