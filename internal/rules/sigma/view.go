package sigma

import (
	"net/netip"
	"strconv"
	"unsafe"

	"longwatch/internal/record"
)

// view is one event as rules see it: values by field number, with their text
// folded to lower case. It belongs to one goroutine, and its memory is used
// again for the next event.
type view struct {
	route *route
	names map[*route]*names
	known *names // of the route
	vals  []value
	first []int32 // by field: number of the first value, valid when stamp says so
	stamp []uint32
	gen   uint32
	buf   []byte // folded text, and the text of numbers and joined values

	work     int // steps that the rule may still take
	machine  machine
	entities []record.Entity // of the record, once asked for
}

// value is one value of a field. Values of one field are chained.
type value struct {
	field  int
	next   int // next value of the field, -1 at the end
	text   string
	lo, hi int // folded text in view.buf
}

// noField marks a value that only keywords look at.
const noField = -2

// maxText bounds what is looked at of one value; maxValuesSeen how many.
const (
	maxText       = 1 << 16
	maxValuesSeen = 1024
)

func newView(fields int) *view {
	return &view{names: map[*route]*names{}, first: make([]int32, fields), stamp: make([]uint32, fields)}
}

// begin forgets the event before.
func (v *view) begin(r *route) {
	if v.route != r {
		v.known = v.names[r]
		if v.known == nil {
			v.known = new(names)
			v.names[r] = v.known
		}
	}
	v.route, v.vals, v.buf, v.entities = r, v.vals[:0], v.buf[:0], nil
	v.gen++
	if v.gen == 0 {
		clear(v.stamp)
		v.gen = 1
	}
}

// head is the number of the field's first value, -1 when it has none.
func (v *view) head(field int) int {
	if field < 0 || v.stamp[field] != v.gen {
		return -1
	}
	return int(v.first[field])
}

// folded is value i in lower case.
func (v *view) folded(i int) []byte { return v.buf[v.vals[i].lo:v.vals[i].hi] }

// exact is value i as it is.
func (v *view) exact(i int) []byte {
	s := v.vals[i].text
	return unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // the bytes are only read
}

// names remembers what a route asks of field names. Events of one kind name
// their fields by the same strings in memory, which are told apart faster than
// by their text.
type names struct {
	slots [256]struct {
		name   string // kept, so that no other string takes its place in memory
		fields []int
		asked  bool
	}
	misses int

	of      *record.Type // whose columns these are
	columns []int        // that are asked for
}

// maxMisses is when names are given up as not coming from the same memory.
const maxMisses = 1 << 13

// fields are the numbers that rules of the route know a name by; asked is false
// when there are none.
func (v *view) fields(name string) (fields []int, asked bool) {
	p := unsafe.StringData(name)                                                //nolint:gosec // compared, never followed
	e := &v.known.slots[(uintptr(unsafe.Pointer(p))>>3^uintptr(len(name)))%256] //nolint:gosec // only a number
	if len(e.name) != len(name) || unsafe.StringData(e.name) != p {             //nolint:gosec // compared, never followed
		fields, asked = v.route.fields[name]
		if v.known.misses++; v.known.misses == maxMisses {
			clear(v.known.slots[:])
		}
		if v.known.misses < maxMisses {
			e.name, e.fields, e.asked = name, fields, asked
		}
		return fields, asked
	}
	return e.fields, e.asked
}

// put adds a value of a field when a rule of the route asks for it.
func (v *view) put(name, text string) {
	fields, ok := v.fields(name)
	if !ok && !v.route.keywords || len(v.vals) >= maxValuesSeen {
		return
	}
	if len(text) > maxText {
		text = text[:maxText]
	}
	lo := len(v.buf)
	v.buf = appendFold(v.buf, text)
	if !ok {
		v.vals = append(v.vals, value{field: noField, next: -1, text: text, lo: lo, hi: len(v.buf)})
		return
	}
	for _, f := range fields {
		v.add(f, text, lo)
	}
}

// add chains a value whose folded text ends the buffer.
func (v *view) add(field int, text string, lo int) {
	n := len(v.vals)
	v.vals = append(v.vals, value{field: field, next: -1, text: text, lo: lo, hi: len(v.buf)})
	if v.stamp[field] != v.gen {
		v.stamp[field], v.first[field] = v.gen, int32(n)
		return
	}
	last := int(v.first[field])
	for v.vals[last].next >= 0 {
		last = v.vals[last].next
	}
	v.vals[last].next = n
}

// wants tells whether a value of that name would be kept.
func (v *view) wants(name string) bool {
	if v.route.keywords {
		return true
	}
	_, ok := v.fields(name)
	return ok
}

// putSome adds a value unless it is empty, for records that do not tell empty
// from absent.
func (v *view) putSome(name, text string) {
	if text != "" {
		v.put(name, text)
	}
}

// putUint adds a number.
func (v *view) putUint(name string, n uint64) {
	if v.wants(name) {
		v.putScratch(name, strconv.AppendUint(v.buf, n, 10))
	}
}

// putHex adds a number as 0x….
func (v *view) putHex(name string, n uint64) {
	if v.wants(name) {
		v.putScratch(name, strconv.AppendUint(append(v.buf, "0x"...), n, 16))
	}
}

// putAddr adds an address.
func (v *view) putAddr(name string, a netip.Addr) {
	if a.IsValid() && v.wants(name) {
		v.putScratch(name, a.AppendTo(v.buf))
	}
}

// putJoined adds the texts written together.
func (v *view) putJoined(name string, texts ...string) {
	if !v.wants(name) {
		return
	}
	b := v.buf
	for _, t := range texts {
		b = append(b, t...)
	}
	v.putScratch(name, b)
}

// putField adds every value of a record's column, which somebody wants.
func (v *view) putField(name string, f *record.Field, r record.Record) {
	for i := range f.Len(r) {
		if s, ok := f.StringAt(r, i); ok {
			v.put(name, s)
			continue
		}
		v.putScratch(name, f.AppendAt(v.buf, r, i))
	}
}

// putScratch takes text that was appended to the view's buffer. The text stays
// where it is: a buffer that grows leaves the old one to those who point there.
func (v *view) putScratch(name string, grown []byte) {
	text := grown[len(v.buf):]
	v.buf = grown
	v.put(name, unsafe.String(unsafe.SliceData(text), len(text))) //nolint:gosec // the buffer only grows, what is in it stays
}
