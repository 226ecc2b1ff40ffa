// Package ordered puts records of all evidence into the order of event time,
// so that detectors see what happened as it happened, whatever was read first:
//
//	b := ordered.New("case/.spool", 256<<20)
//	lane := b.Lane() // one for each goroutine
//	lane.Put(rec)
//	err := b.Replay(types, judge)
//
// What does not fit the memory given is sorted, spilled and merged.
package ordered

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"longwatch/internal/record"
)

// minShare is the least that a lane may hold in bytes, whatever the number of
// lanes.
const minShare = 1 << 20

// Buffer collects records from many goroutines and replays them in order.
type Buffer struct {
	spool  string
	memory int64
	share  atomic.Int64 // bytes a lane may hold before it spills
	fan    int          // runs merged at once

	mu    sync.Mutex
	lanes []*Lane
	runs  []string
	nruns int // ever written, which names them
	err   error
}

// New makes a Buffer that keeps about memory bytes, shared evenly by its
// lanes; spool is a folder for what does not fit.
func New(spool string, memory int64) *Buffer {
	b := &Buffer{spool: spool, memory: memory, fan: maxFan}
	b.share.Store(max(memory, minShare))
	return b
}

// Lane takes the records of one goroutine.
type Lane struct {
	b       *Buffer
	records []record.Record
	held    int64
}

// Lane returns a new lane.
func (b *Buffer) Lane() *Lane {
	l := &Lane{b: b}
	b.mu.Lock()
	b.lanes = append(b.lanes, l)
	b.share.Store(max(b.memory/int64(len(b.lanes)), minShare))
	b.mu.Unlock()
	return l
}

// Put keeps r.
func (l *Lane) Put(r record.Record) {
	l.records = append(l.records, r)
	l.held += r.RecordType().Weight(r)
	if l.held < l.b.share.Load() {
		return
	}
	l.spill()
	clear(l.records)
	l.records, l.held = l.records[:0], 0
}

// spill writes what the lane holds as a run.
func (l *Lane) spill() {
	sortRecords(l.records)
	if err := l.b.spill(l.records); err != nil {
		l.b.mu.Lock()
		if l.b.err == nil {
			l.b.err = fmt.Errorf("ordered: %w", err)
		}
		l.b.mu.Unlock()
	}
}

// timed is a record and its time, so that most comparisons need no look at it.
type timed struct {
	ts record.Time
	r  record.Record
}

// sortRecords sorts by Compare.
func sortRecords(records []record.Record) {
	all := make([]timed, len(records))
	for i, r := range records {
		all[i] = timed{r.Base().TS, r}
	}
	slices.SortFunc(all, func(a, b timed) int {
		if a.ts != b.ts {
			return cmp.Compare(a.ts, b.ts)
		}
		return Compare(a.r, b.r)
	})
	for i := range all {
		records[i] = all[i].r
	}
}

// Compare is the order of replay: time, then type, then place in the evidence,
// then content, so that it is the same in every run.
func Compare(a, b record.Record) int {
	x, y := a.Base(), b.Base()
	if c := cmp.Compare(x.TS, y.TS); c != 0 {
		return c
	}
	ta, tb := a.RecordType(), b.RecordType()
	if c := cmp.Or(
		cmp.Compare(ta.Name, tb.Name),
		cmp.Compare(x.Ref.File, y.Ref.File),
		cmp.Compare(x.Ref.Pos, y.Ref.Pos),
	); c != 0 {
		return c
	}
	if a == b {
		return 0
	}
	return slices.Compare(ta.AppendJSON(nil, a), tb.AppendJSON(nil, b))
}
