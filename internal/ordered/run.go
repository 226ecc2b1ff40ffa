package ordered

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"

	"longwatch/internal/record"
)

// A run is a gob stream that names the type of each record before the record:
// gob then needs no registry, and one stream may hold many types.

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
	w := bufio.NewWriterSize(f, 1<<18)
	enc := gob.NewEncoder(w)
	for {
		r, err := s.next()
		if err != nil {
			return err
		}
		if r == nil {
			return w.Flush()
		}
		if err := enc.Encode(r.RecordType().Name); err != nil {
			return err
		}
		if err := enc.EncodeValue(reflect.ValueOf(r).Elem()); err != nil {
			return err
		}
	}
}

// yielder yields records in order, nil at the end.
type yielder interface {
	next() (record.Record, error)
}

// source is sorted records, in memory or in a run file.
type source struct {
	head    record.Record // the next one, within a merge
	records []record.Record
	dec     *gob.Decoder
	file    *os.File
	types   map[string]*record.Type
}

func openRun(path string, types map[string]*record.Type) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &source{dec: gob.NewDecoder(bufio.NewReaderSize(f, 1<<16)), file: f, types: types}, nil
}

func (s *source) next() (record.Record, error) {
	if s.dec == nil {
		if len(s.records) == 0 {
			return nil, nil
		}
		r := s.records[0]
		s.records = s.records[1:]
		return r, nil
	}
	var name string
	if err := s.dec.Decode(&name); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, fmt.Errorf("run file %q: %w", s.file.Name(), err)
	}
	t := s.types[name]
	if t == nil {
		return nil, fmt.Errorf("run file %q: unknown record type %q", s.file.Name(), name)
	}
	r := t.New()
	if err := s.dec.DecodeValue(reflect.ValueOf(r).Elem()); err != nil {
		return nil, fmt.Errorf("run file %q: %w", s.file.Name(), err)
	}
	return r, nil
}

func (s *source) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
