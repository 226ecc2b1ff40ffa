// Package sink writes records to files, one file a record type, in the order
// of event time whatever order they came in:
//
//	d := sink.New("case/records", "case/.spool", sink.ZeekJSON, 256<<20)
//	lane := d.Lane() // one for each goroutine
//	lane.Put(rec)
//	written, err := d.Close()
//
// The order is total (time, then the encoded bytes), so the same records give
// the same bytes however many goroutines made them. What does not fit the
// memory given is sorted, spilled to a run file and merged at the end.
package sink

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"longwatch/internal/record"
)

// Format is one way of writing records.
type Format struct {
	Name   string
	Suffix string // of the file, after the record type's name
	Zeek   bool   // stands for Zeek's own logs
	Head   func(t *record.Type) []byte
	Append func(dst []byte, t *record.Type, r record.Record) []byte // one line without its newline
	// Rows, where the file is not made of lines, writes what Append encoded.
	Rows func(w io.Writer, t *record.Type) rowWriter
}

// rowWriter writes the rows of one file, in order.
type rowWriter interface {
	put(row []byte) error // row is valid until put returns
	close() error
}

// Beyond is implemented by records of a type that Zeek has, in a case where
// Zeek would not write one: formats that stand for Zeek's logs leave it out.
type Beyond interface{ BeyondZeek() bool }

// Once is implemented by records that are written once per key and period, as
// Zeek logs a certificate once a day.
type Once interface {
	// OncePer returns the key and the period; a repeat within the period after
	// the last one written is left out.
	OncePer() (key string, period time.Duration)
}

// Written is one finished file.
type Written struct {
	Type  string
	Path  string
	Rows  int64
	Bytes int64
}

// Dir writes record files into one folder.
type Dir struct {
	format Format
	dir    string
	spool  string
	memory int64 // all lanes together
	share  atomic.Int64

	mu    sync.Mutex
	lanes []*Lane
	runs  map[string][]string
	nruns int // ever written, which names them
	types map[string]*record.Type
	err   error
}

// minShare is the least that a lane may hold, whatever the number of lanes.
const minShare = 1 << 20

// New makes a Dir below dir, which is created when the first file is written.
// memory is the number of bytes all lanes together may hold, shared evenly,
// though no lane's share falls below 1 MiB. spool is a folder for run files,
// which Close removes again.
func New(dir, spool string, f Format, memory int64) *Dir {
	d := &Dir{format: f, dir: dir, spool: spool, memory: memory, runs: map[string][]string{}, types: map[string]*record.Type{}}
	d.share.Store(max(memory, minShare))
	return d
}

// Lane takes the records of one goroutine.
type Lane struct {
	d       *Dir
	batches map[*record.Type]*batch
	store   store
	held    int64

	last  *record.Type // of the record before
	batch *batch       // of last
}

// Lane returns a new lane. It is valid until Close.
func (d *Dir) Lane() *Lane {
	l := &Lane{d: d, batches: map[*record.Type]*batch{}}
	d.mu.Lock()
	d.lanes = append(d.lanes, l)
	d.share.Store(max(d.memory/int64(len(d.lanes)), minShare))
	d.mu.Unlock()
	return l
}

// Keeps implements record.Keeper: a line is all that stays of a record.
func (l *Lane) Keeps() bool { return false }

// Put encodes r.
func (l *Lane) Put(r record.Record) {
	t := r.RecordType()
	if t != l.last {
		b := l.batches[t]
		if b == nil {
			b = &batch{}
			_, b.beyond = r.(Beyond)
			_, b.once = r.(Once)
			l.batches[t] = b
		}
		l.last, l.batch = t, b
	}
	b := l.batch
	if b.beyond && l.d.format.Zeek && r.(Beyond).BeyondZeek() {
		return
	}
	chunk := b.room(&l.store)
	off := len(*chunk)
	*chunk = l.d.format.Append(*chunk, t, r)
	e := entry{ts: r.Base().TS, chunk: uint32(len(b.arena) - 1), off: uint32(off), len: uint32(len(*chunk) - off)} // #nosec G115 -- memory bounds all three
	if b.once {
		key, period := r.(Once).OncePer()
		sum := sha256.Sum256([]byte(key))
		b.onces = append(b.onces, onceKey{sum: [16]byte(sum[:16]), period: period})
		e.once = uint32(len(b.onces)) // #nosec G115 -- memory bounds it
	}
	b.add(e, &l.store)
	l.held += int64(e.len) + entryCost
	if l.held > l.d.share.Load() {
		l.d.spill(l)
	}
}

// spill writes everything the lane holds as sorted runs.
func (d *Dir) spill(l *Lane) {
	for t, b := range l.batches {
		if b.n == 0 {
			continue
		}
		b.sort()
		d.mu.Lock()
		path := d.runPath(t.Name)
		d.runs[t.Name] = append(d.runs[t.Name], path)
		d.types[t.Name] = t
		d.mu.Unlock()
		if err := writeRun(path, &memorySource{b: b}); err != nil {
			d.fail(err)
		}
		b.empty(&l.store)
	}
	l.held = 0
}

// Rest frees what the lanes hold when some of it had to be spilled already: what
// is read is read, and others need the memory until Close. No lane may be in use.
func (d *Dir) Rest() {
	d.mu.Lock()
	lanes, spilled := d.lanes, d.nruns > 0
	d.mu.Unlock()
	if !spilled {
		return
	}
	for _, l := range lanes {
		d.spill(l)
		clear(l.batches)
		l.last, l.batch, l.store = nil, nil, store{}
	}
}

// runPath names the next run file; d.mu is held, or there is one goroutine.
func (d *Dir) runPath(name string) string {
	d.nruns++
	return filepath.Join(d.spool, name+"-"+strconv.Itoa(d.nruns)+".run")
}

func (d *Dir) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = fmt.Errorf("sink: %w", err)
	}
}

// Close sorts, merges and writes every file, several at once, and removes the
// run files. The result is ordered by type name.
func (d *Dir) Close() ([]Written, error) {
	d.mu.Lock()
	lanes := d.lanes
	d.lanes = nil
	d.mu.Unlock()
	defer d.removeRuns()
	if d.err != nil {
		return nil, d.err
	}
	memory := map[string][]*batch{}
	size := map[string]int{}
	for _, l := range lanes {
		for t, b := range l.batches {
			if b.n > 0 {
				memory[t.Name] = append(memory[t.Name], b)
				size[t.Name] += b.n
				d.types[t.Name] = t
			}
		}
	}
	names := slices.Sorted(maps.Keys(d.types))
	out := make([]Written, len(names))
	errs := make([]error, len(names))
	// The largest first, so that one of them does not run alone at the end.
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(size[names[b]], size[names[a]]) })
	next := make(chan int, len(order))
	for _, i := range order {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		wg.Go(func() {
			for i := range next {
				out[i], errs[i] = d.finish(names[i], memory[names[i]], d.runs[names[i]])
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	return out, nil
}

// finish merges all there is of one type into its file.
func (d *Dir) finish(name string, batches []*batch, runs []string) (Written, error) {
	memory := make([]source, len(batches))
	for i, b := range batches {
		b.sort()
		memory[i] = &memorySource{b: b}
	}
	paths, err := d.reduce(name, slices.Clone(runs))
	defer func() {
		for _, p := range paths {
			_ = os.Remove(p)
		}
	}()
	if err != nil {
		return Written{}, err
	}
	sources, err := openRuns(paths)
	if err != nil {
		return Written{}, err
	}
	m, err := newMerge(append(sources, memory...))
	if err != nil {
		return Written{}, err
	}
	defer m.close()
	return d.write(d.types[name], m)
}

func (d *Dir) removeRuns() {
	for _, paths := range d.runs {
		for _, p := range paths {
			_ = os.Remove(p)
		}
	}
	d.runs = map[string][]string{}
}
