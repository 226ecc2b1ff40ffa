package evtxfile

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"slices"
	"time"
)

const fileHeader = 4096

// Log is the content of one .evtx file.
type Log struct {
	FirstRecord uint64 // EventRecordID of the oldest event; 1 when zero
	events      []Event
}

// Add takes an event; order does not matter.
func (l *Log) Add(e Event) { l.events = append(l.events, e) }

// Len is the number of events held.
func (l *Log) Len() int { return len(l.events) }

// Events gives the events in order of time.
func (l *Log) Events() []Event {
	slices.SortStableFunc(l.events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return l.events
}

// Span forgets what was logged outside a span, as in a log that rolled over or
// was saved too early. A zero time is open. Record numbers stay.
func (l *Log) Span(since, until time.Time) {
	events := l.Events()
	at := func(t time.Time) int {
		n, _ := slices.BinarySearchFunc(events, t, func(a Event, t time.Time) int { return a.Time.Compare(t) })
		return n
	}
	first, last := 0, len(events)
	if !since.IsZero() {
		first = at(since)
	}
	if !until.IsZero() {
		last = max(first, at(until))
	}
	l.FirstRecord = max(l.FirstRecord, 1) + uint64(first)
	l.events = events[first:last]
}

// Numbered gives the events in order of time with their record numbers.
func (l *Log) Numbered() iter.Seq2[uint64, *Event] {
	return func(yield func(uint64, *Event) bool) {
		for i := range l.Events() {
			if !yield(max(l.FirstRecord, 1)+uint64(i), &l.events[i]) {
				return
			}
		}
	}
}

// DropBefore forgets what was logged before e, as clearing a log does. Record
// numbers go on.
func (l *Log) DropBefore(e Event) {
	events := l.Events()
	n, _ := slices.BinarySearchFunc(events, e, func(a, b Event) int { return a.Time.Compare(b.Time) })
	l.FirstRecord = max(l.FirstRecord, 1) + uint64(n)
	l.events = events[n:]
}

// WriteTo writes the log in order of time with record numbers from
// FirstRecord. The error is that of w, or a record too large for a chunk.
func (l *Log) WriteTo(w io.Writer) (int64, error) {
	var chunks [][]byte
	current := newChunk()
	first := max(l.FirstRecord, 1)
	number := uint64(1)
	flush := func() {
		chunks = append(chunks, current.finish(number))
		number += uint64(current.records)
		current = newChunk()
	}
	for i := range l.Events() {
		e := &l.events[i]
		id := first + uint64(i)
		if current.add(e, id) {
			continue
		}
		flush()
		if !current.add(e, id) {
			return 0, fmt.Errorf("evtxfile: event %d of %q does not fit in a chunk", e.ID, e.Channel)
		}
	}
	if current.records > 0 || len(chunks) == 0 {
		if current.records == 0 {
			number = 0
		}
		flush()
	}
	head := make([]byte, fileHeader)
	copy(head, "ElfFile\x00")
	le := binary.LittleEndian
	le.PutUint64(head[16:], uint64(len(chunks)-1))
	le.PutUint64(head[24:], first+uint64(len(l.events)))
	le.PutUint32(head[32:], 128)
	le.PutUint16(head[36:], 1)
	le.PutUint16(head[38:], 3)
	le.PutUint16(head[40:], fileHeader)
	le.PutUint16(head[42:], uint16(len(chunks)))
	le.PutUint32(head[124:], crc32.ChecksumIEEE(head[:120]))
	n, err := w.Write(head)
	total := int64(n)
	for _, c := range chunks {
		if err != nil {
			return total, err
		}
		n, err = w.Write(c)
		total += int64(n)
	}
	return total, err
}
