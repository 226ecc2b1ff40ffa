package baseline

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Why a state file is refused.
var (
	ErrDamaged = errors.New("the state file is damaged")
	ErrVersion = errors.New("the state file was written by a newer longwatch")
)

// Check tells whether a state file of so many bytes is whole, without reading it
// into memory.
func Check(r io.ReaderAt, size int64) error {
	head := make([]byte, len(magic)+1)
	if size < int64(len(head)+sumSize) {
		return fmt.Errorf("baseline: %d bytes are too few: %w", size, ErrDamaged)
	}
	if _, err := r.ReadAt(head, 0); err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	if !bytes.HasPrefix(head, []byte(magic)) {
		return fmt.Errorf("baseline: it does not begin with %q, so it is no state file: %w", magic, ErrDamaged)
	}
	if v := head[len(magic)]; v > version {
		return fmt.Errorf("baseline: version %d, and %d is the newest known here: %w", v, version, ErrVersion)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size-sumSize)); err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	want := make([]byte, sumSize)
	if _, err := r.ReadAt(want, size-sumSize); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("baseline: %w", err)
	}
	if !bytes.Equal(want, sum.Sum(nil)) {
		return fmt.Errorf("baseline: its bytes do not fit its checksum: %w", ErrDamaged)
	}
	return nil
}

// Read reads a state file into a memory of at most budget bytes. What does not
// fit is forgotten as always: the least lately seen first, and counted. An error
// comes without a memory.
func Read(r io.ReaderAt, size, budget int64) (*Memory, error) {
	if err := Check(r, size); err != nil {
		return nil, err
	}
	begin := int64(len(magic) + 1)
	d := &decoder{r: bufio.NewReaderSize(io.NewSectionReader(r, begin, size-sumSize-begin), 1<<16)}
	m := New(budget)
	d.memory(m)
	if d.err == nil {
		if _, err := d.r.ReadByte(); err == nil {
			d.fail("bytes follow its end")
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return m, nil
}

// decoder reads with a sticky error. Every list costs bytes of the file, so the
// work is bounded by its size.
type decoder struct {
	r   *bufio.Reader
	err error
}

func (d *decoder) fail(why string) {
	if d.err == nil {
		d.err = fmt.Errorf("baseline: %s: %w", why, ErrDamaged)
	}
}

// num reads a number of at most most.
func (d *decoder) num(most uint64) uint64 {
	if d.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(d.r)
	if err != nil {
		d.fail("it ends early")
		return 0
	}
	if n > most {
		d.fail(fmt.Sprintf("%d where at most %d can stand", n, most))
		return 0
	}
	return n
}

func (d *decoder) raw(b []byte) {
	if d.err != nil {
		return
	}
	if _, err := io.ReadFull(d.r, b); err != nil {
		d.fail("it ends early")
	}
}

func (d *decoder) text() string {
	b := make([]byte, d.num(maxText))
	d.raw(b)
	return string(b)
}

func (d *decoder) day() Day { return Day(d.num(math.MaxUint16)) }

// after reads a day as its distance from another.
func (d *decoder) after(last Day) Day { return last + Day(d.num(uint64(math.MaxUint16-last))) }

// list reads up to most rising days; the same may come again if twice is set.
func (d *decoder) list(most int, twice bool) (out []Day) {
	last := Day(0)
	for i := d.num(uint64(most)); i > 0 && d.err == nil; i-- {
		next := d.after(last)
		if next == 0 || next == last && !twice {
			d.fail("days do not rise")
		}
		out, last = append(out, next), next
	}
	return out
}

func (d *decoder) memory(m *Memory) {
	m.hunts = uint32(d.num(math.MaxUint32))
	m.dead, m.lost = d.num(math.MaxUint64), d.num(math.MaxUint64)
	for _, day := range d.list(1<<16, false) {
		m.days.add(day)
	}
	known := Kind(d.num(uint64(kinds - 1)))
	for k := Source; k <= known; k++ {
		d.distinct(&m.subjects[k])
	}
	d.table(m.pairs)
	d.table(m.values)
	last := Subject(0)
	for i := d.num(math.MaxUint64); i > 0 && d.err == nil; i-- {
		s := last + Subject(d.num(math.MaxUint64))
		if s <= last {
			d.fail("subjects do not rise")
			return
		}
		last = s
		d.life(m, s, known)
	}
	m.evidence.lost = d.num(math.MaxUint64)
	for i := d.num(maxEvidence); i > 0 && d.err == nil; i-- {
		var id evidenceID
		d.raw(id[:])
		m.evidence.add(id)
	}
	for i := d.num(maxSuspects); i > 0 && d.err == nil; i-- {
		s := Suspect{Kind: d.text(), Name: d.text(), From: d.day(), To: d.day()}
		s.Finding = d.text()
		m.Suspect(s)
	}
}

func (d *decoder) distinct(out *distinct) {
	at := 0
	for i := d.num(registers); i > 0 && d.err == nil; i-- {
		at += int(d.num(registers))
		v := d.num(53)
		if at >= registers {
			d.fail("a register out of range")
			return
		}
		out[at] = uint8(v)
	}
}

func (d *decoder) table(t *table) {
	t.forgot = d.num(math.MaxUint64)
	for i := range t.forgets {
		t.forgets[i] = d.num(math.MaxUint64)
	}
	last := uint64(0)
	for i := d.num(math.MaxUint64); i > 0 && d.err == nil; i-- {
		key := last + d.num(1<<48-1)
		v := Seen{First: d.day()}
		v.Last, v.Days = d.after(v.First), uint16(d.num(math.MaxUint16))
		if t.wide {
			var b [8]byte
			d.raw(b[:])
			v.spread = binary.LittleEndian.Uint64(b[:])
		}
		if key <= last || key >= 1<<48 || v.First == 0 {
			d.fail("entries do not rise")
		}
		if d.err == nil {
			t.join(key, v)
		}
		last = key
	}
}

func (d *decoder) life(m *Memory, s Subject, known Kind) {
	l := &life{first: d.day()}
	l.last, l.days = d.after(l.first), uint16(d.num(math.MaxUint16))
	copy(l.early[:], d.list(early, false))
	for k := Source; k <= known; k++ {
		l.fan[k] = d.list(early, true)
	}
	for i := d.num(week); i > 0 && d.err == nil; i-- {
		h := d.num(week - 1)
		l.hours[h], l.weeks[h] = d.day(), uint8(d.num(math.MaxUint8))
	}
	l.hour = uint32(d.num(math.MaxUint32))
	for c := range l.sent {
		if d.num(1) == 0 {
			continue
		}
		t := &totals{through: d.day()}
		for i := range t.old {
			t.old[i] = uint16(d.num(math.MaxUint16))
		}
		t.ring = d.totals(ringDays)
		l.sent[c] = t
	}
	for i := d.num(streams); i > 0 && d.err == nil; i-- {
		st := stream{peer: d.num(math.MaxUint64), first: d.day()}
		st.days = d.totals(streamDays)
		l.to = append(l.to, st)
	}
	if l.first == 0 {
		d.fail("a life without a day")
	}
	if d.err == nil {
		*m.life(s, l.first) = *l
	}
}

func (d *decoder) totals(most int) (out []total) {
	last := Day(0)
	for i := d.num(uint64(most)); i > 0 && d.err == nil; i-- {
		x := total{day: d.after(last)}
		x.kib = uint32(d.num(math.MaxUint32))
		if x.day <= last {
			d.fail("totals do not rise")
		}
		out, last = append(out, x), x.day
	}
	return out
}
