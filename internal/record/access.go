package record

import (
	"net/netip"
	"reflect"
	"unsafe"
)

// Len returns how many values f has in r: 0 when absent, 1 for a scalar.
func (f *Field) Len(r Record) int {
	switch {
	case f.kind == kindString && !f.opt:
		if f.vector {
			return len(*(*[]string)(f.in(r)))
		}
		return min(len(*(*string)(f.in(r))), 1)
	case f.kind == kindAddr && !f.opt:
		if f.vector {
			return len(*(*[]netip.Addr)(f.in(r)))
		}
		if (*netip.Addr)(f.in(r)).IsValid() {
			return 1
		}
		return 0
	}
	v, ok := f.value(reflect.ValueOf(r).Elem())
	switch {
	case !ok:
		return 0
	case f.vector || f.kind == kindFields:
		return v.Len()
	}
	return 1
}

// AppendAt appends the text of value i of f in r, as Text would give it,
// without allocating. The caller keeps i below Len.
func (f *Field) AppendAt(dst []byte, r Record, i int) []byte {
	if f.kind == kindFields {
		return dst
	}
	if f.kind == kindAddr {
		a, ok := f.AddrAt(r, i)
		if !ok {
			return dst
		}
		return a.AppendTo(dst)
	}
	return f.appendText(dst, f.at(r, i))
}

// StringAt returns value i of a string field without copying it; ok is false
// for fields that are not strings.
func (f *Field) StringAt(r Record, i int) (s string, ok bool) {
	switch {
	case f.kind != kindString:
		return "", false
	case f.opt:
	case f.vector:
		return (*(*[]string)(f.in(r)))[i], true
	default:
		return *(*string)(f.in(r)), true
	}
	return f.at(r, i).String(), true
}

// AddrAt returns value i of an address field; ok is false for fields that hold
// something else.
func (f *Field) AddrAt(r Record, i int) (a netip.Addr, ok bool) {
	if f.kind != kindAddr {
		return a, false
	}
	switch {
	case f.opt:
		var p *netip.Addr
		if p, ok = f.at(r, i).Addr().Interface().(*netip.Addr); ok { // a pointer, so nothing is copied to the heap
			a = *p
		}
	case f.vector:
		a = (*(*[]netip.Addr)(f.in(r)))[i]
	default:
		a = *(*netip.Addr)(f.in(r))
	}
	return a, a.IsValid()
}

// in is where f lies in r. It spares reflect's walk through embedded structs,
// which costs more than what is done with most values.
func (f *Field) in(r Record) unsafe.Pointer {
	return unsafe.Add(reflect.ValueOf(r).UnsafePointer(), f.offset) // the offset is that of a field of r's type, as reflect says
}

// at is the reflected value i of f in r.
func (f *Field) at(r Record, i int) reflect.Value {
	v := reflect.ValueOf(r).Elem().FieldByIndex(f.index)
	if f.vector {
		v = v.Index(i)
	}
	if f.opt {
		v = v.Field(0)
	}
	return v
}
