package detect

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	batchLen    = 256   // records handed to a worker at once
	batchQueue  = 8     // batches that wait for a worker
	maxFindings = 20000 // kept per detector; later ones are counted in Dropped
	maxRefs     = 64    // kept per finding, the first ones
)

// Engine runs detectors over records. Wants may be called from many
// goroutines at any time; Feed and Finish belong to one.
//
// Every detector runs in one of a few goroutines and sees all records in the
// order in which they were fed, so the findings do not depend on how many
// goroutines there are.
type Engine struct {
	wants   map[*record.Type][]func(record.Record) bool // an empty list wants all
	workers []*worker
	batch   []record.Record
	wg      sync.WaitGroup
}

// NewEngine starts the detectors of specs.
func NewEngine(specs []Spec, env Env) *Engine {
	e := &Engine{wants: map[*record.Type][]func(record.Record) bool{}}
	n := max(1, min(runtime.GOMAXPROCS(0), len(specs)))
	for range n {
		e.workers = append(e.workers, &worker{in: make(chan []record.Record, batchQueue), byType: map[*record.Type][]subscription{}})
	}
	for i, s := range specs {
		d := s.New(env)
		r := &runner{spec: s}
		r.bounded, _ = d.(Bounded)
		handlers := d.Handlers()
		e.workers[i%n].add(r, handlers)
		e.learnWants(handlers)
	}
	for _, w := range e.workers {
		e.wg.Go(w.run)
	}
	return e
}

func (e *Engine) learnWants(handlers []Handler) {
	for _, h := range handlers {
		list, known := e.wants[h.Type]
		switch {
		case h.Type == nil:
		case h.Want == nil:
			e.wants[h.Type] = []func(record.Record) bool{}
		case !known || len(list) > 0:
			e.wants[h.Type] = append(list, h.Want)
		}
	}
}

// Wants tells whether any detector subscribes to r.
func (e *Engine) Wants(r record.Record) bool {
	list, ok := e.wants[r.RecordType()]
	if !ok {
		return false
	}
	for _, want := range list {
		if want(r) {
			return true
		}
	}
	return len(list) == 0
}

// Feed hands r to the detectors that subscribe to it. Records come in the
// order of event time; those of unknown time (0) come first.
func (e *Engine) Feed(r record.Record) {
	e.batch = append(e.batch, r)
	if len(e.batch) == batchLen {
		e.flush()
	}
}

func (e *Engine) flush() {
	if len(e.batch) == 0 {
		return
	}
	for _, w := range e.workers {
		w.in <- e.batch
	}
	e.batch = make([]record.Record, 0, batchLen)
}

// Finish tells the detectors that there are no more records and returns what
// they found: sealed, without doubles, in the order of finding.Compare. Call it
// once; the engine is of no use afterwards.
func (e *Engine) Finish() []finding.Finding {
	e.flush()
	for _, w := range e.workers {
		close(w.in)
	}
	e.wg.Wait()
	var all []finding.Finding
	for _, w := range e.workers {
		for _, r := range w.runners {
			all = append(all, r.out...)
		}
	}
	return merge(all)
}

// Dropped is how many findings were not kept because their detector had
// reported too many. It is valid after Finish.
func (e *Engine) Dropped() int {
	n := 0
	for _, w := range e.workers {
		for _, r := range w.runners {
			n += r.dropped
		}
	}
	return n
}

// Forgotten is what a detector forgot for lack of memory.
type Forgotten struct {
	Detector string
	N        int
	What     string
}

// Forgotten are the detectors that forgot something, in the order of their ids.
// It is valid after Finish.
func (e *Engine) Forgotten() []Forgotten {
	var out []Forgotten
	for _, w := range e.workers {
		for _, r := range w.runners {
			if r.bounded == nil {
				continue
			}
			if n, what := r.bounded.Forgot(); n > 0 {
				out = append(out, Forgotten{r.spec.ID, n, what})
			}
		}
	}
	slices.SortFunc(out, func(a, b Forgotten) int { return cmp.Compare(a.Detector, b.Detector) })
	return out
}

// merge seals findings and makes one of those that make the same claim.
func merge(all []finding.Finding) []finding.Finding {
	for i := range all {
		all[i].Seal()
	}
	slices.SortStableFunc(all, func(a, b finding.Finding) int { return finding.Compare(&a, &b) })
	at := make(map[string]int, len(all))
	out := all[:0]
	for _, f := range all {
		i, twice := at[f.ID]
		if !twice {
			at[f.ID] = len(out)
			out = append(out, f)
			continue
		}
		o := &out[i]
		o.Severity, o.Confidence = max(o.Severity, f.Severity), max(o.Confidence, f.Confidence)
		o.End = max(o.End, f.End)
	}
	return out
}

// worker is a goroutine with some of the detectors. They share its clock.
type worker struct {
	in      chan []record.Record
	runners []*runner
	byType  map[*record.Type][]subscription
	clocks  []*clock
	now     record.Time
	due     record.Time // before it no clock rings
}

// subscription is a handler of records and whose it is.
type subscription struct {
	Handler
	r *runner
}

func (w *worker) add(r *runner, handlers []Handler) {
	w.runners = append(w.runners, r)
	for _, h := range handlers {
		switch {
		case h.Type != nil:
			w.byType[h.Type] = append(w.byType[h.Type], subscription{h, r})
		case h.Period > 0:
			w.clocks = append(w.clocks, &clock{Handler: h, r: r})
		default:
			r.atEnd = append(r.atEnd, h)
		}
	}
}

func (w *worker) run() {
	for batch := range w.in {
		for _, rec := range batch {
			w.feed(rec)
		}
	}
	for _, r := range w.runners {
		r.finish(w.now)
	}
}

func (w *worker) feed(rec record.Record) {
	if ts := rec.Base().TS; ts > w.now {
		w.now = ts
		if ts >= w.due {
			w.tick()
		}
	}
	subscriptions := w.byType[rec.RecordType()]
	for i := range subscriptions {
		s := &subscriptions[i]
		if s.Want == nil || s.Want(rec) {
			s.r.current = rec
			s.Handle(rec, s.r)
			s.r.current = nil
		}
	}
}

// tick rings the clocks that are due. The first time that is known sets them.
func (w *worker) tick() {
	w.due = math.MaxInt64
	for _, c := range w.clocks {
		switch {
		case c.next == 0:
			c.next = w.now.Add(c.Period)
		case w.now >= c.next:
			c.Tick(w.now, c.r)
			c.next = w.now.Add(c.Period)
		}
		w.due = min(w.due, c.next)
	}
}

// runner is one detector with its clock and its findings. It is the Reporter
// that the detector's handlers are given.
type runner struct {
	spec    Spec
	bounded Bounded // nil for most detectors
	atEnd   []Handler
	current record.Record // being handled, nil in Tick
	out     []finding.Finding
	dropped int
}

type clock struct {
	Handler
	r    *runner
	next record.Time
}

func (r *runner) finish(now record.Time) {
	for _, h := range r.atEnd {
		h.Tick(now, r)
	}
}

// Report keeps f with what the detector left empty filled in.
func (r *runner) Report(f finding.Finding) {
	if len(r.out) == maxFindings {
		r.dropped++
		return
	}
	f.Detector = r.spec.ID
	if f.Title == "" {
		f.Title = r.spec.Title
	}
	if f.Techniques == nil {
		f.Techniques = slices.Clone(r.spec.Techniques)
	}
	if f.Dossier == nil {
		f.Dossier = slices.Clone(r.spec.Dossier)
	}
	if r.current != nil {
		head := r.current.Base()
		if f.Start == 0 {
			f.Start = head.TS
		}
		if f.End == 0 {
			f.End = head.TS
		}
		if f.Entities == nil {
			f.Entities = r.current.RecordType().Entities(r.current)
		}
		if f.Refs == nil {
			f.Refs = []record.Ref{head.Ref}
		}
	}
	f.End = max(f.End, f.Start)
	f.Refs = slices.Clone(f.Refs[:min(len(f.Refs), maxRefs)])
	r.out = append(r.out, f)
}
