package sink

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
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

// writeRun writes what s yields.
func writeRun(path string, s source) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := create(path)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	w := bufio.NewWriterSize(f, 1<<18)
	var head [runHead]byte
	for {
		it, ok, err := s.next()
		if err != nil {
			return err
		}
		if !ok {
			return w.Flush()
		}
		binary.LittleEndian.PutUint64(head[:], uint64(it.ts))
		binary.LittleEndian.PutUint32(head[8:], uint32(len(it.line)))
		clear(head[12:])
		if it.once != nil {
			binary.LittleEndian.PutUint64(head[12:], uint64(it.once.period))
			copy(head[20:], it.once.sum[:])
		}
		if _, err := w.Write(head[:]); err != nil {
			return err
		}
		if _, err := w.Write(it.line); err != nil {
			return err
		}
	}
}

// create makes a new file in place of an old one. An old one that is a link
// is replaced, never followed.
func create(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640) //nolint:gosec // a team may read a case together, as the folder allows
}

type runSource struct {
	f    *os.File
	r    *bufio.Reader
	line []byte
	once onceKey
}

// openRuns opens run files; on an error none stays open.
func openRuns(paths []string) ([]source, error) {
	out := make([]source, 0, len(paths))
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			for _, s := range out {
				s.close()
			}
			return nil, err
		}
		out = append(out, &runSource{f: f, r: bufio.NewReaderSize(f, 1<<16)})
	}
	return out, nil
}

func (s *runSource) next() (item, bool, error) {
	var head [runHead]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return item{}, false, nil
		}
		return item{}, false, fmt.Errorf("run file %q: %w", s.f.Name(), err)
	}
	n := int(binary.LittleEndian.Uint32(head[8:]))
	if cap(s.line) < n {
		s.line = make([]byte, n)
	}
	s.line = s.line[:n]
	if _, err := io.ReadFull(s.r, s.line); err != nil {
		return item{}, false, fmt.Errorf("run file %q: %w", s.f.Name(), err)
	}
	it := item{ts: record.Time(binary.LittleEndian.Uint64(head[:])), line: s.line}
	if p := time.Duration(binary.LittleEndian.Uint64(head[12:])); p > 0 {
		s.once = onceKey{period: p, sum: [16]byte(head[20:36])}
		it.once = &s.once
	}
	return it, true, nil
}

func (s *runSource) close() { _ = s.f.Close() }
