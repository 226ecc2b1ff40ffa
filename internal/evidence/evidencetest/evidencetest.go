// Package evidencetest is the test suite of every evidence format. A format's
// own test is three lines:
//
//	func TestFormat(t *testing.T) { evidencetest.Run(t, zeek.Format) }
//	func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, zeek.Format) }
//
// Run plays testdata/*.txtar and checks what all formats promise: golden
// records and problems, the same answer twice, every record of a declared
// type with a place in the evidence, and truncation anywhere that neither
// panics nor invents a record.
package evidencetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"path"
	"sync"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// memory is what a reader under test may keep in tables.
const memory = 64 << 20

// Read reads data as a file called name with one job and returns what came
// out, lanes one after the other. It fails t when a record is of a type that
// the format does not declare or cites another file.
func Read(t testing.TB, format evidence.Format, name string, data []byte) ([]record.Record, []evidence.Problem, error) {
	t.Helper()
	return ReadEnv(t, format, name, data, Env(format))
}

// ReadEnv is Read in an environment of the caller's making.
func ReadEnv(t testing.TB, format evidence.Format, name string, data []byte, env *evidence.Env) ([]record.Record, []evidence.Problem, error) {
	t.Helper()
	var out outlet
	err := format.New(File(name, data), env).Read(context.Background(), &out)
	records := out.records()
	check(t, format, name, records)
	if err != nil && ownError(err) {
		t.Errorf("%s: error does not say whether the evidence is truncated or corrupt: %v", name, err)
	}
	return records, out.problems, err
}

// File is evidence that lies in memory.
func File(name string, data []byte) *evidence.File {
	return &evidence.File{
		Path: name,
		Name: path.Base(name),
		Size: int64(len(data)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// Env is a small environment: the format's own record types, private
// addresses as the home network, one job.
func Env(format evidence.Format) *evidence.Env {
	types := map[string]*record.Type{}
	for _, t := range format.Emits {
		types[t.Name] = t
	}
	return &evidence.Env{
		Types: types,
		HomeNet: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"),
			netip.MustParsePrefix("172.16.0.0/12"),
			netip.MustParsePrefix("192.168.0.0/16"),
			netip.MustParsePrefix("fc00::/7"),
		},
		Jobs:      1,
		Memory:    memory,
		HashFiles: true,
	}
}

// check tells whether records keep the promises of the contract.
func check(t testing.TB, format evidence.Format, name string, records []record.Record) {
	t.Helper()
	declared := map[*record.Type]bool{}
	for _, typ := range format.Emits {
		declared[typ] = true
	}
	for i, r := range records {
		if !declared[r.RecordType()] {
			t.Fatalf("%s: record %d is a %s, which the format does not declare", name, i, r.RecordType().Name)
		}
		if ref := r.Base().Ref; ref.File != name {
			t.Fatalf("%s: record %d (%s) cites file %q", name, i, r.RecordType().Name, ref.File)
		}
	}
}

// ownError tells whether err is not about the evidence.
func ownError(err error) bool {
	return !errors.Is(err, evidence.ErrTruncated) && !errors.Is(err, evidence.ErrCorrupt)
}

// outlet keeps everything.
type outlet struct {
	mu       sync.Mutex
	lanes    []*lane
	problems []evidence.Problem
}

type lane struct{ records []record.Record }

// Put keeps r.
func (l *lane) Put(r record.Record) { l.records = append(l.records, r) }

// Lane opens another lane.
func (o *outlet) Lane() record.Sink {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := &lane{}
	o.lanes = append(o.lanes, l)
	return l
}

// Problem keeps p.
func (o *outlet) Problem(p evidence.Problem) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.problems = append(o.problems, p)
}

// Count adds nothing: the manifest is not tested here.
func (o *outlet) Count(string, string, int64) {}

func (o *outlet) records() []record.Record {
	var all []record.Record
	for _, l := range o.lanes {
		all = append(all, l.records...)
	}
	return all
}
