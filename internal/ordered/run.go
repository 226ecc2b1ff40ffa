package ordered

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"longwatch/internal/record"
)

// A run is a file of records: for each one a varint that names its type, the
// length of the packed record, and the record. Types are numbered from 1 as they
// come; a number that is new is followed by the type's name.

// maxPacked bounds one packed record: a file of ours that says more is damaged.
const maxPacked = 1 << 30

// runPath reserves a file for a run.
func (b *Buffer) runPath() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nruns++
	path := filepath.Join(b.spool, "order-"+strconv.Itoa(b.nruns)+".run")
	b.runs = append(b.runs, path)
	return path
}

// spill writes sorted records as one run.
func (b *Buffer) spill(sorted []record.Record) error {
	return writeRun(b.runPath(), &source{records: sorted})
}

// writeRun writes what s yields.
func writeRun(path string, s yielder) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	w := runWriter{Writer: bufio.NewWriterSize(f, 1<<18), numbers: map[*record.Type]uint64{}}
	for {
		r, err := s.next()
		if err != nil {
			return err
		}
		if r == nil {
			return w.Flush()
		}
		if err := w.put(r); err != nil {
			return err
		}
	}
}

type runWriter struct {
	*bufio.Writer
	numbers    map[*record.Type]uint64
	head, body []byte
}

func (w *runWriter) put(r record.Record) error {
	t := r.RecordType()
	n, known := w.numbers[t]
	if !known {
		n = uint64(len(w.numbers) + 1)
		w.numbers[t] = n
	}
	w.head = binary.AppendUvarint(w.head[:0], n)
	if !known {
		w.head = binary.AppendUvarint(w.head, uint64(len(t.Name)))
		w.head = append(w.head, t.Name...)
	}
	w.body = t.AppendPacked(w.body[:0], r)
	w.head = binary.AppendUvarint(w.head, uint64(len(w.body)))
	if _, err := w.Write(w.head); err != nil {
		return err
	}
	_, err := w.Write(w.body)
	return err
}

// yielder yields records in order, nil at the end.
type yielder interface {
	next() (record.Record, error)
}

// source is sorted records, in memory or in a run file.
type source struct {
	head    record.Record // the next one, within a merge
	records []record.Record
	run     *runReader // nil: in memory
}

func openRun(path string, types map[string]*record.Type) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &source{run: &runReader{file: f, r: bufio.NewReaderSize(f, runBuffer), types: types}}, nil
}

func (s *source) next() (record.Record, error) {
	if s.run != nil {
		return s.run.next()
	}
	if len(s.records) == 0 {
		return nil, nil
	}
	r := s.records[0]
	s.records[0] = nil // nobody else keeps it alive
	s.records = s.records[1:]
	return r, nil
}

func (s *source) close() {
	if s.run != nil {
		_ = s.run.file.Close()
	}
}

type runReader struct {
	file  *os.File
	r     *bufio.Reader
	types map[string]*record.Type
	known []*record.Type // by number, from 1
	body  []byte
	texts record.Texts
}

// next is the next record, nil at the end of the file.
func (x *runReader) next() (record.Record, error) {
	if _, err := x.r.Peek(1); errors.Is(err, io.EOF) {
		return nil, nil
	}
	r, err := x.read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("run file %q: %w", x.file.Name(), err)
	}
	return r, nil
}

func (x *runReader) read() (record.Record, error) {
	n, err := binary.ReadUvarint(x.r)
	if err != nil {
		return nil, err
	}
	if n == uint64(len(x.known)+1) {
		name, err := x.take()
		if err != nil {
			return nil, err
		}
		t := x.types[string(name)]
		if t == nil {
			return nil, fmt.Errorf("unknown record type %q", name)
		}
		x.known = append(x.known, t)
	}
	if n == 0 || n > uint64(len(x.known)) {
		return nil, fmt.Errorf("record type number %d: %w", n, record.ErrPacked)
	}
	body, err := x.take()
	if err != nil {
		return nil, err
	}
	return x.known[n-1].Unpack(body, &x.texts)
}

// take reads a length and so many bytes, which the next call overwrites.
func (x *runReader) take() ([]byte, error) {
	n, err := binary.ReadUvarint(x.r)
	if err != nil {
		return nil, err
	}
	if n > maxPacked {
		return nil, fmt.Errorf("%d bytes of one record: %w", n, record.ErrPacked)
	}
	x.body = slices.Grow(x.body[:0], int(n))[:n]
	_, err = io.ReadFull(x.r, x.body)
	return x.body, err
}
