package module

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
)

// peLibrary is a library that a program imports from.
type peLibrary struct {
	name      string
	functions []peFunction
}

type peFunction struct {
	name    string
	ordinal int64 // -1: imported by name
}

// peImports are what a program imports at once, or when it is needed.
type peImports struct {
	libraries []peLibrary
	count     int64 // descriptors
	functions int64
}

func importsOf(s *State, f *peFile) *peImports {
	return keep(s, "pe.imports", func() *peImports { return f.readImports() })
}

func delayedOf(s *State, f *peFile) *peImports {
	return keep(s, "pe.delayed", func() *peImports { return f.readDelayed() })
}

// readImports walks the import directory.
func (f *peFile) readImports() *peImports {
	out := &peImports{}
	va, _, ok := f.directory(1)
	if !ok || va == 0 {
		return out
	}
	at := f.offset(va)
	if at < 0 {
		return out
	}
	for ; f.fits(at, 20) && f.u32(at+12) != 0 && out.count < maxImports; at += 20 {
		nameAt := f.offset(f.u32(at + 12))
		if nameAt >= 0 {
			name, ok := f.libraryName(nameAt)
			if !ok {
				continue
			}
			thunks := f.offset(f.u32(at))
			if thunks <= 0 {
				thunks = f.offset(f.u32(at + 16))
			}
			lib := peLibrary{name: name}
			f.thunks(&lib, thunks, out)
			if len(lib.functions) > 0 {
				out.libraries = append(out.libraries, lib)
			}
		}
		out.count++
	}
	return out
}

// libraryName reads a name that a file of Windows can have.
func (f *peFile) libraryName(at int64) (string, bool) {
	name, ended := f.text(at, maxPath)
	if !ended || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || strings.ContainsRune("\"*<>?|", r) }) {
		return "", false
	}
	return name, true
}

// thunks reads the functions of one library.
func (f *peFile) thunks(lib *peLibrary, at int64, all *peImports) {
	if at < 0 {
		return
	}
	size, byNumber := f.pointer()
	for ; f.fits(at, size) && all.functions < maxImports; at += size {
		v := f.read(at, size)
		if v == 0 {
			return
		}
		if v&byNumber != 0 {
			n := uint16(v)
			lib.functions = append(lib.functions, peFunction{ordinalName(lib.name, n), int64(n)})
		} else if o := f.offset(int64(v)); o >= 0 && f.fits(o, 3) {
			name, _ := f.text(o+2, maxName)
			lib.functions = append(lib.functions, peFunction{name, -1})
		}
		all.functions++
	}
}

// pointer is the size of an address, and the bit that marks a number.
func (f *peFile) pointer() (size int64, byNumber uint64) {
	if f.wide {
		return 8, 1 << 63
	}
	return 4, 1 << 31
}

func (f *peFile) read(at, size int64) uint64 {
	if size == 8 {
		return uint64(f.u64(at))
	}
	return uint64(f.u32(at))
}

// readDelayed walks the directory of what is imported when it is needed.
func (f *peFile) readDelayed() *peImports {
	out := &peImports{}
	va, _, ok := f.directory(13)
	if !ok || va == 0 {
		return out
	}
	base, imageSize := f.word(28, 24), f.opt(56, 56)
	at := f.offset(va)
	if at < 0 {
		return out
	}
	for ; f.fits(at, 32) && out.count < maxImports && out.functions < maxImports; at += 32 {
		attributes, zero := f.u32(at), true
		for i := range int64(8) {
			zero = zero && f.u32(at+4*i) == 0
		}
		if zero || attributes > 1 {
			break
		}
		// Old descriptors hold addresses rather than distances from the base.
		rva := func(n int64) int64 {
			v := f.u32(at + 4*n)
			if !f.wide && attributes == 0 && v > base {
				v -= base
			}
			return v
		}
		if rva(4) >= imageSize || rva(3) >= imageSize || rva(1) < 64 || rva(4) < 64 {
			break
		}
		nameAt := f.offset(rva(1))
		name, ok := f.libraryName(nameAt)
		if nameAt < 0 || !ok {
			continue
		}
		lib := peLibrary{name: name}
		f.delayedThunks(&lib, rva(4), rva(3), attributes == 0, base, out)
		out.count++
		out.libraries = append(out.libraries, lib)
	}
	return out
}

func (f *peFile) delayedThunks(lib *peLibrary, names, functions int64, old bool, base int64, all *peImports) {
	size, byNumber := f.pointer()
	for ; all.functions < maxImports; names, functions = names+size, functions+size {
		n, a := f.offset(names), f.offset(functions)
		if !f.fits(n, size) || !f.fits(a, size) || f.read(n, size) == 0 || f.read(a, size) == 0 {
			return
		}
		v := f.read(n, size)
		fn := peFunction{ordinal: -1}
		if v&byNumber != 0 {
			fn = peFunction{ordinalName(lib.name, uint16(v)), int64(uint16(v))}
		} else {
			if old && int64(v) > base {
				v -= uint64(base)
			}
			fn.name, _ = f.text(f.offset(int64(v)+2), maxName)
		}
		lib.functions = append(lib.functions, fn)
		all.functions++
	}
}

// details is how a rule sees imports.
func (p *peImports) details() Value {
	var out structs
	for _, lib := range p.libraries {
		o := out.add()
		o.text("library_name", lib.name)
		var fns structs
		for _, fn := range lib.functions {
			d := fns.add()
			d.text("name", fn.name)
			if fn.ordinal >= 0 {
				d.num("ordinal", fn.ordinal)
			}
		}
		o.num("number_of_functions", int64(len(lib.functions)))
		o.set("functions", fns.value())
	}
	return out.value()
}

// imphash is MD5 over "library.function" of all imports in order, in lower
// case, libraries without .dll, .ocx and .sys.
func (p *peImports) imphash() string {
	var b strings.Builder
	for _, lib := range p.libraries {
		name := strings.ToLower(lib.name)
		if i := strings.IndexByte(name, '.'); i >= 0 {
			for _, ext := range [...]string{".ocx", ".sys", ".dll"} {
				if strings.HasPrefix(name[i:], ext) {
					name = name[:i]
					break
				}
			}
		}
		for _, fn := range lib.functions {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(name + "." + strings.ToLower(fn.name))
		}
	}
	h := md5.Sum([]byte(b.String()))
	return hex.EncodeToString(h[:])
}

// find counts the imports that satisfy both tests.
func (p *peImports) find(library func(string) bool, function func(*peFunction) bool) (n int64) {
	for i := range p.libraries {
		if !library(p.libraries[i].name) {
			continue
		}
		for j := range p.libraries[i].functions {
			if function(&p.libraries[i].functions[j]) {
				n++
			}
		}
	}
	return n
}

// importFunctions adds the ways to ask for an import. With a number before
// them, it tells which kind of import: 1 at once, 2 when needed.
func importFunctions(t *Type) {
	for _, q := range [...]struct {
		args  string
		count bool // the answer is how many, rather than whether
		test  func(a []Value) (library func(string) bool, function func(*peFunction) bool)
	}{
		{"ss", false, func(a []Value) (func(string) bool, func(*peFunction) bool) {
			return sameName(a[0]), func(f *peFunction) bool { return strings.EqualFold(f.name, a[1].S) }
		}},
		{"si", false, func(a []Value) (func(string) bool, func(*peFunction) bool) {
			return sameName(a[0]), func(f *peFunction) bool { return f.ordinal >= 0 && f.ordinal == a[1].I }
		}},
		{"s", true, func(a []Value) (func(string) bool, func(*peFunction) bool) {
			return sameName(a[0]), func(*peFunction) bool { return true }
		}},
		{"rr", true, func(a []Value) (func(string) bool, func(*peFunction) bool) {
			return a[0].Match, func(f *peFunction) bool { return a[1].Match(f.name) }
		}},
	} {
		ask := func(s *State, kinds int64, a []Value) Value {
			f := peOf(s)
			if f == nil {
				return Undefined
			}
			library, function := q.test(a)
			n := int64(0)
			if kinds&1 != 0 {
				n += importsOf(s, f).find(library, function)
			}
			if kinds&2 != 0 {
				n += delayedOf(s, f).find(library, function)
			}
			if !q.count {
				return Truth(n > 0)
			}
			return Number(n)
		}
		t.fn("imports", q.args, "i", func(s *State, _ *Object, a []Value) Value { return ask(s, 1, a) })
		t.fn("imports", "i"+q.args, "i", func(s *State, _ *Object, a []Value) Value { return ask(s, a[0].I, a[1:]) })
	}
}

func sameName(v Value) func(string) bool {
	return func(s string) bool { return strings.EqualFold(s, v.S) }
}
