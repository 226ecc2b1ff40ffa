// Package ordered puts records of all evidence into the order of event time,
// so that detectors see what happened as it happened, whatever was read first.
// What does not fit the memory given is sorted, spilled and merged.
package ordered

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"longwatch/internal/record"
)

// approximate bytes that a kept record costs, with its strings.
const recordCost = 700

// Buffer collects records from many goroutines and replays them in order.
type Buffer struct {
	spool string
	limit int // records per lane before it spills

	mu    sync.Mutex
	lanes []*Lane
	runs  []string
	err   error
}

// New makes a Buffer that keeps about memory bytes in all lanes together.
func New(spool string, memory int64, lanes int) *Buffer {
	return &Buffer{spool: spool, limit: int(max(memory/recordCost/int64(max(lanes, 1)), 1000))}
}

// Lane takes the records of one goroutine.
type Lane struct {
	b       *Buffer
	records []record.Record
}

// Lane returns a new lane.
func (b *Buffer) Lane() *Lane {
	l := &Lane{b: b}
	b.mu.Lock()
	b.lanes = append(b.lanes, l)
	b.mu.Unlock()
	return l
}

// Put keeps r.
func (l *Lane) Put(r record.Record) {
	l.records = append(l.records, r)
	if len(l.records) >= l.b.limit {
		slices.SortFunc(l.records, Compare)
		if err := l.b.spill(l.records); err != nil {
			l.b.mu.Lock()
			if l.b.err == nil {
				l.b.err = fmt.Errorf("ordered: %w", err)
			}
			l.b.mu.Unlock()
		}
		clear(l.records)
		l.records = l.records[:0]
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
