// Package flowtest reads captures in tests: it gives authors of protocols the
// records that their parser makes of real packets.
//
//	recs := flowtest.Records(t, flowtest.Corpus(t, "zeek/traces/dns53.pcap"), []proto.Spec{dns.Protocol})
package flowtest

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/flow"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Records analyses the capture at path (pcap or pcapng, perhaps gzip) and
// returns all records in order of time, then of record type, then of connection.
// A panic of a parser stays a panic. Damage of the capture is logged.
func Records(t testing.TB, path string, protocols []proto.Spec) []record.Record {
	t.Helper()
	recs, problems, err := Run(path, flow.Config{Protocols: protocols, Jobs: 1, CommunityID: true})
	if err != nil {
		t.Logf("flowtest: %s: %v", path, err)
	}
	for _, p := range problems {
		t.Logf("flowtest: %s: %s", p.Name, p.Why)
	}
	return recs
}

// Run is Records with any configuration; records cite the file's base name.
func Run(path string, cfg flow.Config) ([]record.Record, []evidence.Problem, error) {
	open := func() (io.ReadCloser, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		head := bufio.NewReader(file)
		if b, err := head.Peek(2); err == nil && b[0] == 0x1f && b[1] == 0x8b {
			src, err := gzip.NewReader(head)
			return readCloser{src, file}, err
		}
		return readCloser{head, file}, nil
	}
	var out Outlet
	err := flow.New(cfg, &out).Run(context.Background(), []flow.Source{{Path: filepath.Base(path), Size: -1, Open: open}})
	return out.Sorted(), out.Problems, err
}

type readCloser struct {
	io.Reader
	io.Closer
}

// Corpus is the path of a file of the shared corpora, which lie beside the
// repository. It skips the test when they are not there.
func Corpus(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "corpora", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("corpus file %s is not there", name)
	}
	return path
}

// Outlet keeps everything that is put into it.
type Outlet struct {
	mu       sync.Mutex
	records  []record.Record
	Problems []evidence.Problem
	Counts   map[string]int64 // by path and name, with a blank between
}

// Lane implements evidence.Outlet.
func (o *Outlet) Lane() record.Sink {
	return record.SinkFunc(func(r record.Record) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.records = append(o.records, r)
	})
}

// Problem implements evidence.Outlet.
func (o *Outlet) Problem(p evidence.Problem) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Problems = append(o.Problems, p)
}

// Count implements evidence.Outlet.
func (o *Outlet) Count(path, name string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Counts == nil {
		o.Counts = map[string]int64{}
	}
	o.Counts[path+" "+name] += n
}

// Sorted returns the records by time, type and content.
func (o *Outlet) Sorted() []record.Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	type keyed struct {
		r    record.Record
		text string
	}
	all := make([]keyed, len(o.records))
	for i, r := range o.records {
		all[i] = keyed{r, string(r.RecordType().AppendJSON(nil, r))}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.r.Base().TS, b.r.Base().TS),
			cmp.Compare(a.r.RecordType().Name, b.r.RecordType().Name), cmp.Compare(a.text, b.text))
	})
	out := make([]record.Record, len(all))
	for i, k := range all {
		out[i] = k.r
	}
	return out
}
