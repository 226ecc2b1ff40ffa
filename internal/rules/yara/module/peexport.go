package module

import "strings"

// peExports are what a program offers to others.
type peExports struct {
	library   Value
	timestamp Value
	list      []peExport
}

type peExport struct {
	name, forward string
	named         bool
	ordinal       int64
	offset        int64 // of forwards: 0
	forwarded     bool
}

func exportsOf(s *State, f *peFile) *peExports {
	return keep(s, "pe.exports", func() *peExports { return f.readExports() })
}

// readExports walks the export directory: a table of addresses whose index is
// the number, a table of names, and one that leads from name to index.
func (f *peFile) readExports() *peExports {
	out := &peExports{}
	va, size, ok := f.directory(0)
	if !ok || va == 0 {
		return out
	}
	at := f.offset(va)
	if at < 0 || !f.fits(at, 40) {
		return out
	}
	count, named := min(f.u32(at+20), maxExports), f.u32(at+24)
	out.timestamp = Number(f.u32(at + 4))
	nameAt := f.offset(f.u32(at + 12))
	if nameAt > 0 {
		name, _ := f.text(nameAt, maxPath)
		out.library = String(name)
	}
	if 4*count > int64(len(f.b))-max(nameAt, -1) {
		return out
	}
	names := int64(-1)
	if named > 0 {
		if names = f.offset(f.u32(at + 32)); names < 0 || !f.fits(names, 4*named) {
			return out
		}
	}
	ordinals, addresses := f.offset(f.u32(at+36)), f.offset(f.u32(at+28))
	if ordinals < 0 || addresses < 0 || !f.fits(ordinals, 2*count) || !f.fits(addresses, 4*count) {
		return out
	}
	nameOf := map[int64]int64{} // index in the table of names, by index of the function
	for j := count - 1; j >= 0 && names >= 0; j-- {
		nameOf[f.u16(ordinals+2*j)] = j
	}
	for i := range count {
		e := peExport{ordinal: f.u32(at+16) + i, offset: f.offset(f.u32(addresses + 4*i))}
		if e.offset > at && e.offset < at+size {
			e.forward, _ = f.text(e.offset, maxName)
			e.forwarded = true
		}
		if j, ok := nameOf[i]; ok && j < min(named, count) {
			if n := f.offset(f.u32(names + 4*j)); n > 0 {
				e.name, _ = f.text(n, maxName)
				e.named = true
			}
		}
		out.list = append(out.list, e)
	}
	return out
}

func (p *peExports) details() Value {
	var out structs
	for _, e := range p.list {
		o := out.add()
		o.num("ordinal", e.ordinal)
		if e.forwarded {
			o.text("forward_name", e.forward)
		} else {
			o.num("offset", e.offset)
		}
		if e.named {
			o.text("name", e.name)
		}
	}
	return out.value()
}

// exportFunctions adds the ways to ask for an export.
func exportFunctions(t *Type) {
	for _, q := range [...]struct {
		args string
		test func(p *peExports, a Value) func(e *peExport) bool
	}{
		{"s", func(_ *peExports, a Value) func(e *peExport) bool {
			return func(e *peExport) bool { return e.named && strings.EqualFold(e.name, a.S) }
		}},
		{"r", func(_ *peExports, a Value) func(e *peExport) bool {
			return func(e *peExport) bool { return e.named && a.Match(e.name) }
		}},
		{"i", func(p *peExports, a Value) func(e *peExport) bool {
			return func(e *peExport) bool { return e.ordinal == a.I && a.I != 0 && a.I <= int64(len(p.list)) }
		}},
	} {
		index := func(s *State, a Value) (int64, bool) {
			f := peOf(s)
			if f == nil {
				return 0, false
			}
			p := exportsOf(s, f)
			test := q.test(p, a)
			for i := range p.list {
				if test(&p.list[i]) {
					return int64(i), true
				}
			}
			return -1, true
		}
		t.fn("exports", q.args, "i", func(s *State, _ *Object, a []Value) Value {
			i, ok := index(s, a[0])
			if !ok {
				return Undefined
			}
			return Truth(i >= 0)
		})
		t.fn("exports_index", q.args, "i", func(s *State, _ *Object, a []Value) Value {
			i, ok := index(s, a[0])
			if !ok || i < 0 {
				return Undefined
			}
			return Number(i)
		})
	}
}
