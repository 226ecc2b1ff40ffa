package evtx

import (
	"fmt"
	"sync"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/winevent"
)

// minParallel is the least size of a file that more than one goroutine reads.
const minParallel = 32 * chunkSize

// chunk is a chunk on its way through a worker, and what it says about the
// file.
type chunk struct {
	data []byte
	off  int64 // in the file

	marked    bool // it had its mark
	sums      sums
	live      []numbered
	recovered []*host.RecoveredEvent
	frames    []uint64 // the numbers of their frames
	lost      int64    // bytes that could not be read
	failure   any      // what the worker panicked with
	done      chan struct{}
}

// sums is what the checksums of a chunk say.
type sums uint8

const (
	unchecked sums = iota
	intact
	wrong
)

// numbered is a live record's frame and what its event says that concerns the
// whole file.
type numbered struct {
	info    recordInfo
	event   uint64 // number in its XML, 0 when it could not be decoded
	channel string
	host    string
	hidden  bool // it lay inside another record
	restart bool // it tells of a start or an end, of the system or the log
}

func newChunk() *chunk { return &chunk{data: make([]byte, chunkSize)} }

func (c *chunk) reset() *chunk {
	*c = chunk{data: c.data[:chunkSize], live: c.live[:0]}
	return c
}

// worker reads chunks, which do not depend on each other. What it finds in them
// goes to its lane at once; what concerns the whole file it leaves in the chunk.
type worker struct {
	file      *evidence.File
	out       evidence.Outlet
	lane      record.Sink
	checksums bool
	decoder   decoder
	normal    winevent.Normalizer
	chunk     *chunk
	off       int64        // of the chunk
	events    []host.Event // not in use yet
}

func (r *reader) newWorker(lane record.Sink) *worker {
	return &worker{file: r.file, out: r.out, lane: lane, checksums: r.header.checksums()}
}

func (w *worker) read(c *chunk) {
	w.chunk, w.off = c, c.off
	w.readChunk(c.data)
}

func (w *worker) problem(name string, off, lost int64, format string, args ...any) {
	w.chunk.lost += lost
	report(w.out, w.file, name, off, lost, format, args...)
}

// live notes a record; e is nil when its event has no number to be trusted.
func (w *worker) live(info recordInfo, e *host.Event, hidden bool) {
	n := numbered{info: info, hidden: hidden}
	if e != nil {
		n.event, n.channel, n.host = e.RecordID, e.Channel, e.Host
		n.restart = restarts(e.Channel, e.EventID)
	}
	w.chunk.live = append(w.chunk.live, n)
}

// put hands an event and its normalised record on.
func (w *worker) put(e *host.Event) {
	w.lane.Put(e)
	if n := w.normal.Normalize(e); n != nil {
		w.lane.Put(n)
	}
}

// pool reads chunks and merges them in the order in which they came.
type pool interface {
	next() *chunk // an empty one to fill
	read(c *chunk)
	close() // returns when all are merged
}

func (r *reader) newPool() pool {
	if r.jobs < 2 || r.file.Size >= 0 && r.file.Size < minParallel {
		return &inline{r: r, w: r.newWorker(r.lane), c: newChunk()}
	}
	return r.newParallel()
}

// inline is a pool of no goroutine.
type inline struct {
	r *reader
	w *worker
	c *chunk
}

func (p *inline) next() *chunk { return p.c.reset() }

func (p *inline) read(c *chunk) {
	p.w.read(c)
	p.r.merge(c)
}

func (p *inline) close() {}

// parallel is a pool of several goroutines. Chunks in flight are bounded.
type parallel struct {
	free, work, order chan *chunk
	workers, merger   sync.WaitGroup
	failure           any
}

func (r *reader) newParallel() *parallel {
	inFlight := 4 * r.jobs
	p := &parallel{free: make(chan *chunk, inFlight), work: make(chan *chunk, inFlight), order: make(chan *chunk, inFlight)}
	for range inFlight {
		p.free <- newChunk()
	}
	for range r.jobs {
		lane := r.out.Lane()
		p.workers.Go(func() { p.run(r, lane) })
	}
	p.merger.Go(func() {
		for c := range p.order {
			<-c.done
			if c.failure != nil && p.failure == nil {
				p.failure = c.failure
			}
			r.merge(c)
			p.free <- c
		}
	})
	return p
}

// run reads chunks with a worker, a new one after a panic, which is kept for
// the goroutine that reads the file.
func (p *parallel) run(r *reader, lane record.Sink) {
	w := r.newWorker(lane)
	read := func(c *chunk) {
		defer close(c.done)
		defer func() {
			if f := recover(); f != nil {
				c.failure = fmt.Sprintf("%v in the chunk at %#x", f, c.off)
				w = r.newWorker(lane)
			}
		}()
		w.read(c)
	}
	for c := range p.work {
		read(c)
	}
}

func (p *parallel) next() *chunk { return (<-p.free).reset() }

func (p *parallel) read(c *chunk) {
	c.done = make(chan struct{})
	p.order <- c
	p.work <- c
}

func (p *parallel) close() {
	close(p.work)
	p.workers.Wait()
	close(p.order)
	p.merger.Wait()
	if p.failure != nil {
		panic(p.failure)
	}
}
