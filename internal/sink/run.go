package sink

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	if s.i >= len(s.b.order) {
		return item{}, false, nil
	}
	e := s.b.entry(s.b.order[s.i].at)
	s.i++
	it := item{ts: e.ts, line: s.b.line(e)}
	if e.once > 0 {
		it.once = &s.b.onces[e.once-1]
	}
	return it, true, nil
}

func (s *memorySource) close() {}

// A run file is a sequence of: time (8 bytes), line length (4), of which the
// highest bit tells that Once follows, its period in ns (8) and its key (16), the
// line.
const (
	runHead  = 8 + 4
	onceHead = 8 + 16
	hasOnce  = 1 << 31
)

// writeRun writes what s yields.
func writeRun(path string, s source) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := create(path)
	if err != nil {
		return err
	}
	w := newOutput(f)
	defer func() {
		if cerr := w.close(); err == nil {
			err = cerr
		}
	}()
	head := make([]byte, runHead+onceHead)
	for {
		it, ok, err := s.next()
		if err != nil || !ok {
			return err
		}
		if len(it.line) >= hasOnce {
			return fmt.Errorf("a line of %d bytes", len(it.line))
		}
		n := uint32(len(it.line)) // #nosec G115 -- checked
		head = head[:runHead]
		if it.once != nil {
			n |= hasOnce
			head = head[:runHead+onceHead]
			binary.LittleEndian.PutUint64(head[runHead:], uint64(it.once.period)) // #nosec G115 -- bits only
			copy(head[runHead+8:], it.once.sum[:])
		}
		binary.LittleEndian.PutUint64(head, uint64(it.ts)) // #nosec G115 -- bits only
		binary.LittleEndian.PutUint32(head[8:], n)
		if _, err := w.Write(head); err != nil {
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
	read int    // bytes of the buffer that the last line occupies
	line []byte // for lines that are longer than the buffer
	once onceKey
}

// runBuffer is what is read of a run file at once.
const runBuffer = 1 << 17

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
		out = append(out, &runSource{f: f, r: bufio.NewReaderSize(f, runBuffer)})
	}
	return out, nil
}

func (s *runSource) next() (item, bool, error) {
	it, ok, err := s.parse()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return it, false, fmt.Errorf("run file %q: %w", s.f.Name(), err)
	}
	return it, ok, nil
}

func (s *runSource) parse() (it item, ok bool, err error) {
	_, _ = s.r.Discard(s.read) // it is in the buffer
	s.read = 0
	head, err := s.r.Peek(runHead)
	if len(head) == 0 && errors.Is(err, io.EOF) {
		return it, false, nil
	}
	if err != nil {
		return it, false, err
	}
	it.ts = record.Time(binary.LittleEndian.Uint64(head)) // #nosec G115 -- bits only
	size := binary.LittleEndian.Uint32(head[8:])
	n, skip := int(size&^hasOnce), runHead
	if size&hasOnce != 0 {
		if head, err = s.r.Peek(runHead + onceHead); err != nil {
			return it, false, err
		}
		skip += onceHead
		s.once = onceKey{period: time.Duration(binary.LittleEndian.Uint64(head[runHead:])), sum: [16]byte(head[runHead+8:])} // #nosec G115 -- bits only
		it.once = &s.once
	}
	_, _ = s.r.Discard(skip) // it was peeked at
	if n <= runBuffer {
		it.line, err = s.r.Peek(n)
		s.read = n
		return it, err == nil, err
	}
	s.line = slices.Grow(s.line[:0], n)[:n]
	it.line = s.line
	_, err = io.ReadFull(s.r, s.line)
	return it, err == nil, err
}

func (s *runSource) close() { _ = s.f.Close() }
