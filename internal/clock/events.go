package clock

import "iter"

// events are who saw which event when, by the event's key: a table without
// pointers, which costs the garbage collector nothing however many there are.
type events struct {
	slots  []event // a power of two of them; a key lies at or after the place that its first bits say
	n      int     // slots in use
	sights []chained
}

// event is one event.
type event struct {
	key    uint64
	last   int32 // the latest of its sights
	sights int32 // 0: the slot is free; more than maxSeen: it was seen too often to be one event
}

// chained is a sight and the one before of the same event, -1 for none.
type chained struct {
	sight
	before int32
}

// at is the slot of a key, in use or free for it.
func (t *events) at(key uint64) *event {
	if t.n*2 >= len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if e := &t.slots[i]; e.sights == 0 || e.key == key {
			return e
		}
	}
}

// add notes a sight of an event.
func (t *events) add(key uint64, x sight) {
	e := t.at(key)
	switch {
	case e.sights > maxSeen:
		return
	case e.sights == maxSeen:
		e.sights++
		return
	case e.sights == 0:
		e.key, e.last = key, -1
		t.n++
	}
	e.sights++
	t.sights = append(t.sights, chained{x, e.last})
	e.last = int32(len(t.sights) - 1)
}

// common notes that an event was seen too often to be one.
func (t *events) common(key uint64) {
	e := t.at(key)
	if e.sights == 0 {
		e.key, e.last = key, -1
		t.n++
	}
	e.sights = maxSeen + 1
}

// of yields the sights of an event, unless it is no single event.
func (t *events) of(e *event) iter.Seq[sight] {
	return func(yield func(sight) bool) {
		if e.sights > maxSeen {
			return
		}
		for i := e.last; i >= 0; i = t.sights[i].before {
			if !yield(t.sights[i].sight) {
				return
			}
		}
	}
}

const leastSlots = 1 << 10

func (t *events) grow() {
	old := t.slots
	t.slots = make([]event, max(2*len(old), leastSlots))
	mask := uint64(len(t.slots) - 1)
	for _, e := range old {
		if e.sights == 0 {
			continue
		}
		i := e.key & mask
		for t.slots[i].sights != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = e
	}
}

// drop forgets events with keys above most, and their sights.
func (t *events) drop(most uint64) {
	old := *t
	*t = events{slots: make([]event, len(old.slots)), sights: make([]chained, 0, len(old.sights)/2)}
	for i := range old.slots {
		e := &old.slots[i]
		switch {
		case e.sights == 0 || e.key > most:
		case e.sights > maxSeen:
			t.common(e.key)
		default:
			for x := range old.of(e) {
				t.add(e.key, x)
			}
		}
	}
}
