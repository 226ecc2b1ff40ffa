package bacnet

import (
	"fmt"
	"math"
	"strconv"

	"longwatch/internal/record"
)

// discover makes the row of a message that finds devices or objects (16.9, 16.10).
func (m *message) discover(svc uint8, tags []tag) {
	r := &Discovery{Conn: m.head, Way: m.way(), Access: m.access}
	limits := func(low, high uint32) {
		if r.Range = "All"; low != math.MaxUint32 && high != math.MaxUint32 {
			r.Range = fmt.Sprintf("%d-%d", low, high)
		}
	}
	switch svc {
	case svcWhoIs:
		r.Service = "who-is"
		low, high := uint32(math.MaxUint32), uint32(math.MaxUint32)
		if len(tags) > 1 {
			if low, high = unsigned(tags[0].data), unsigned(tags[1].data); low == 0 && high == 0 {
				low = math.MaxUint32
			}
		}
		limits(low, high)
	case svcIAm:
		if len(tags) != 4 {
			return
		}
		r.Service, r.Vendor = "i-am", name('v', unsigned(tags[3].data))
		r.object(tags[0].data)
	case svcWhoHas:
		r.Service, r.ObjectName = "who-has", record.Some("N/A")
		low, high := uint32(math.MaxUint32), uint32(math.MaxUint32)
		for i := range tags {
			switch t := &tags[i]; t.number {
			case 0:
				low = unsigned(t.data)
			case 1:
				high = unsigned(t.data)
			case 2:
				r.object(t.data)
			case 3:
				if s := text(t.data); s != "" {
					r.ObjectName.V = s
				}
			}
		}
		limits(low, high)
	case svcIHave:
		r.Service, r.ObjectName = "i-have", record.Some("")
		if len(tags) > 0 {
			if kind, n, ok := object(tags[0].data); ok {
				r.DeviceType, r.DeviceNumber = name('o', kind), record.Some(uint64(n))
			}
		}
		if len(tags) > 1 {
			r.object(tags[1].data)
		}
		if len(tags) > 2 {
			r.ObjectName.V = text(tags[2].data)
		}
	default:
		return
	}
	m.p.c.Emit(r)
}

func (r *Discovery) object(b []byte) {
	if kind, n, ok := object(b); ok {
		r.ObjectType, r.Instance = name('o', kind), record.Some(uint64(n))
	}
}

// property begins the row of a property of an object.
func (m *message) property(invoke uint8, service string, of []byte) *Property {
	r := &Property{Conn: m.head, Way: m.way(), InvokeID: record.Some(uint64(invoke)), Service: service, Access: m.access}
	if kind, n, ok := object(of); ok {
		r.ObjectType, r.Instance = name('o', kind), record.Some(uint64(n))
	}
	return r
}

// emit emits a row of a property, unless the message has too many.
func (m *message) emit(r *Property) {
	if m.rows++; m.rows == maxRows {
		m.p.c.Weird("bacnet_too_many_properties", "")
	}
	if m.rows < maxRows {
		m.p.c.Emit(r)
	}
}

// request makes the rows of a request (15).
func (m *message) request(svc, invoke uint8, tags []tag) {
	switch svc {
	case svcReadProperty, svcReadRange:
		if len(tags) < 2 {
			return
		}
		r := m.property(invoke, "read-property-request", tags[0].data)
		if svc == svcReadRange {
			r.Service = "read-range-request"
		}
		r.Property = name('i', unsigned(tags[1].data))
		if len(tags) > 2 && tags[2].is(2) {
			r.ArrayIndex = record.Some(uint64(unsigned(tags[2].data)))
		}
		m.emit(r)
	case svcReadMultiple:
		m.readMultiple(invoke, tags)
	case svcWriteProperty:
		m.writeProperty(invoke, tags)
	case svcWriteMultiple:
		m.writeMultiple(invoke, tags)
	case svcSilence:
		r := &DeviceControl{Conn: m.head, Way: m.way(), InvokeID: record.Some(uint64(invoke)), Service: name('c', uint32(svc)), Access: m.access}
		state := uint32(math.MaxUint8)
		r.Password = record.Some("")
		for i := range tags {
			switch t := &tags[i]; t.number {
			case 0:
				if n := unsigned(t.data); n > 0 {
					r.Minutes = record.Some(uint64(n))
				}
			case 1:
				state = unsigned(t.data)
			case 2:
				r.Password.V = text(t.data)
			}
		}
		r.State = name('x', state)
		m.p.c.Emit(r)
	case svcRestart:
		if len(tags) == 0 {
			return
		}
		r := &DeviceControl{Conn: m.head, Way: m.way(), InvokeID: record.Some(uint64(invoke)), Service: name('c', uint32(svc)), Access: m.access}
		r.State, r.Password = name('z', unsigned(tags[0].data)), record.Some("")
		if len(tags) > 1 {
			r.Password.V = text(tags[1].data)
		}
		m.p.c.Emit(r)
	}
}

// readMultiple makes the rows of a ReadPropertyMultiple request (15.7).
func (m *message) readMultiple(invoke uint8, tags []tag) {
	for i := 0; i < len(tags); i++ {
		of := tags[i].data
		for i++; i < len(tags) && !tags[i].close; i++ {
			if tags[i].open {
				continue
			}
			r := m.property(invoke, "read-property-multiple-request", of)
			r.Property = name('i', unsigned(tags[i].data))
			if i+1 < len(tags) && tags[i+1].is(1) {
				i++
				r.ArrayIndex = record.Some(uint64(unsigned(tags[i].data)))
			}
			m.emit(r)
		}
	}
}

// writeProperty makes the row of a WriteProperty request (15.9): the first
// value that it writes.
func (m *message) writeProperty(invoke uint8, tags []tag) {
	if len(tags) < 3 {
		return
	}
	r := m.property(invoke, "write-property", tags[0].data)
	id := unsigned(tags[1].data)
	r.Property = name('i', id)
	m.written(r, id, tags[2:])
	m.emit(r)
}

// written fills in index, value and priority of a write, whose tags are
// numbered from 2. It gives the tags after them.
func (m *message) written(r *Property, id uint32, tags []tag) []tag {
	depth, first := 0, true
	for i := range tags {
		t := &tags[i]
		switch {
		case t.open:
			depth++
		case t.close && depth == 0:
			return tags[i:]
		case t.close:
			depth--
		case depth > 0 && first:
			r.Value, r.Text, first = named(id, t), t.foreign(), false
		case depth > 0:
		case t.is(2):
			r.ArrayIndex = record.Some(uint64(unsigned(t.data)))
		case t.is(0):
			return tags[i:]
		case !first:
			r.Priority = record.Some(uint64(unsigned(t.data)))
		}
	}
	return nil
}

// writeMultiple makes the rows of a WritePropertyMultiple request (15.10),
// which Zeek's package does not have.
func (m *message) writeMultiple(invoke uint8, tags []tag) {
	var of []byte
	for i := 0; i < len(tags); i++ {
		t := &tags[i]
		switch {
		case !t.is(0):
		case i+1 < len(tags) && tags[i+1].open && tags[i+1].number == 1:
			of = t.data
			i++
		default:
			r := m.property(invoke, "write-property-multiple", of)
			id := unsigned(t.data)
			r.Property, r.Beyond = name('i', id), true
			// The numbers are one lower here than in WriteProperty.
			rest := tags[i+1:]
			end := 0
			for depth := 0; end < len(rest); end++ {
				if depth == 0 && (rest[end].close || rest[end].is(0)) {
					break
				}
				if rest[end].open {
					depth++
				} else if rest[end].close {
					depth--
				}
			}
			part := rest[:end]
			if len(part) > 0 && part[0].is(1) {
				r.ArrayIndex = record.Some(uint64(unsigned(part[0].data)))
				part = part[1:]
			}
			m.written(r, id, part)
			m.emit(r)
			i += end
		}
	}
}

// reply makes the rows of an answer with content.
func (m *message) reply(svc, invoke uint8, tags []tag) {
	switch {
	case svc == svcReadMultiple:
		m.multipleReply(invoke, tags)
	case len(tags) < 3:
	case svc == svcReadProperty:
		id, index := unsigned(tags[1].data), record.Opt[uint64]{}
		if tags[2].is(2) {
			index = record.Some(uint64(unsigned(tags[2].data)))
		}
		for i := 3; i < len(tags); i++ {
			if tags[i].open || tags[i].close {
				continue
			}
			r := m.property(invoke, "read-property-ack", tags[0].data)
			r.Property, r.ArrayIndex, r.Value, r.Text = name('i', id), index, named(id, &tags[i]), tags[i].foreign()
			m.emit(r)
		}
	case svc == svcReadRange:
		r := m.property(invoke, "read-range-ack", tags[0].data)
		r.Property = name('i', unsigned(tags[1].data))
		i := 2
		if tags[2].is(2) {
			r.ArrayIndex = record.Some(uint64(unsigned(tags[2].data)))
			i++
		}
		if i+1 < len(tags) {
			r.Value = fmt.Sprintf("item_count: %d", unsigned(tags[i+1].data))
		}
		m.emit(r)
	}
}

// multipleReply makes the rows of a ReadPropertyMultiple answer (15.7): a list
// of objects, each with a list of properties, each with values or an error.
func (m *message) multipleReply(invoke uint8, tags []tag) {
	for i := 0; i < len(tags); i++ {
		of := tags[i].data
		id, index := uint32(math.MaxUint32), record.Opt[uint64]{}
		row := func(value, text string) {
			r := m.property(invoke, "read-property-multiple-ack", of)
			r.Property, r.ArrayIndex, r.Value, r.Text = name('i', id), index, value, text
			m.emit(r)
		}
		depth, failed, any := 0, false, false
	object:
		for i++; i < len(tags); i++ {
			t := &tags[i]
			switch {
			case t.open:
				if depth++; depth == 2 {
					failed, any = t.number == 5, false
				}
			case t.close:
				if depth--; depth <= 0 {
					break object
				}
				if depth == 1 && !any {
					row("", "")
				}
			case depth == 1 && t.number == 2:
				id, index = unsigned(t.data), record.Opt[uint64]{}
			case depth == 1:
				index = record.Some(uint64(unsigned(t.data)))
			case failed && !any:
				any = true
				row("PropertyError", "")
			case failed:
			default:
				any = true
				row(named(id, t), t.foreign())
			}
		}
	}
}

// lists are the tables of names.txt for the values of properties (21).
var lists = map[uint32]byte{36: 't', 72: 'k', 79: 'o', 103: 'y', 107: 'g', 112: 'd', 117: 'm', 197: 'l'}

// named is a value, by name where the property is one of a list.
func named(property uint32, t *tag) string {
	v := t.value()
	if table, ok := lists[property]; ok {
		if n, err := strconv.ParseUint(v, 10, 32); err == nil {
			return name(table, uint32(n)) // #nosec G115 -- 32 bits
		}
	}
	return v
}
