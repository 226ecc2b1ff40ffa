package baseline

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
)

// The state file: magic, version, the parts in the order of encoder.memory, and
// the SHA-256 of all that. Numbers are varints, lists are sorted and carry their
// length, sorted numbers are written as differences. The same knowledge gives
// the same bytes.
const (
	magic   = "LWSTATE"
	version = 1
	sumSize = sha256.Size
)

// encoder writes with a sticky error.
type encoder struct {
	w   *bufio.Writer
	buf [binary.MaxVarintLen64]byte
	err error
}

// Write writes the state file.
func (m *Memory) Write(w io.Writer) error {
	sum := sha256.New()
	e := &encoder{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)}
	e.raw([]byte(magic))
	e.raw([]byte{version})
	e.memory(m)
	if e.err == nil {
		e.err = e.w.Flush()
	}
	if e.err == nil {
		_, e.err = w.Write(sum.Sum(nil))
	}
	if e.err != nil {
		return fmt.Errorf("baseline: %w", e.err)
	}
	return nil
}

func (e *encoder) raw(b []byte) {
	if e.err == nil {
		_, e.err = e.w.Write(b)
	}
}

func (e *encoder) num(n uint64) { e.raw(e.buf[:binary.PutUvarint(e.buf[:], n)]) }

func (e *encoder) text(s string) {
	e.num(uint64(len(s)))
	e.raw([]byte(s))
}

func (e *encoder) days(list []Day) {
	e.num(uint64(len(list)))
	last := Day(0)
	for _, d := range list {
		e.num(uint64(d - last))
		last = d
	}
}

func (e *encoder) memory(m *Memory) {
	e.num(uint64(m.hunts))
	e.num(m.dead)
	e.num(m.lost)
	var days []Day
	for d := range len(m.days) * 64 {
		if m.days.has(Day(d)) {
			days = append(days, Day(d))
		}
	}
	e.days(days)
	e.num(uint64(kinds - 1))
	for _, k := range Kinds() {
		e.distinct(&m.subjects[k])
	}
	e.table(m.pairs)
	e.table(m.values)
	e.num(uint64(len(m.lives)))
	last := Subject(0)
	for _, s := range slices.Sorted(maps.Keys(m.lives)) {
		e.num(uint64(s - last))
		last = s
		e.life(m.lives[s])
	}
	e.num(m.evidence.lost)
	e.num(uint64(len(m.evidence.list)))
	for _, id := range m.evidence.list {
		e.raw(id[:])
	}
	e.num(uint64(len(m.suspects)))
	for _, s := range m.suspects {
		e.text(s.Kind)
		e.text(s.Name)
		e.num(uint64(s.From))
		e.num(uint64(s.To))
		e.text(s.Finding)
	}
}

func (e *encoder) distinct(d *distinct) {
	n := 0
	for _, r := range d {
		if r != 0 {
			n++
		}
	}
	e.num(uint64(n))
	last := 0
	for i, r := range d {
		if r != 0 {
			e.num(uint64(i - last))
			e.num(uint64(r))
			last = i
		}
	}
}

func (e *encoder) table(t *table) {
	e.num(t.forgot)
	for _, n := range t.forgets {
		e.num(n)
	}
	e.num(uint64(t.len()))
	last := uint64(0)
	t.each(func(key uint64, v Seen) {
		e.num(key - last)
		last = key
		e.num(uint64(v.First))
		e.num(uint64(v.Last - v.First))
		e.num(uint64(v.Days))
		if t.wide {
			e.raw(binary.LittleEndian.AppendUint64(nil, v.spread))
		}
	})
}

func (e *encoder) life(l *life) {
	e.num(uint64(l.first))
	e.num(uint64(l.last - l.first))
	e.num(uint64(l.days))
	n := slices.Index(l.early[:], 0)
	if n < 0 {
		n = early
	}
	e.days(l.early[:n])
	for _, k := range Kinds() {
		e.days(l.fan[k])
	}
	n = 0
	for _, d := range l.hours {
		if d != 0 {
			n++
		}
	}
	e.num(uint64(n))
	for h, d := range l.hours {
		if d != 0 {
			e.num(uint64(h))
			e.num(uint64(d))
			e.num(uint64(l.weeks[h]))
		}
	}
	e.num(uint64(l.hour))
	for _, t := range l.sent {
		if t == nil {
			e.num(0)
			continue
		}
		e.num(1)
		e.num(uint64(t.through))
		for _, n := range t.old {
			e.num(uint64(n))
		}
		e.totals(t.ring)
	}
	e.num(uint64(len(l.to)))
	for _, s := range l.to {
		e.num(s.peer)
		e.num(uint64(s.first))
		e.totals(s.days)
	}
}

func (e *encoder) totals(list []total) {
	e.num(uint64(len(list)))
	last := Day(0)
	for _, x := range list {
		e.num(uint64(x.day - last))
		e.num(uint64(x.kib))
		last = x.day
	}
}
