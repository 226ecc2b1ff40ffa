package module

import "unicode/utf16"

// peResources are the resources of a program, and what its version resource says.
type peResources struct {
	at   int64 // of the directory; -1 without one
	list []peResource
	// keys and values of the version resource, in order.
	keys, values []string
}

type peResource struct {
	rva, length    int64
	offset         int64
	id             [3]int64  // type, id, language
	name           [3]string // in UTF-16, where it has a name
	hasID, hasName [3]bool
}

func resourcesOf(s *State, f *peFile) *peResources {
	return keep(s, "pe.resources", func() *peResources {
		out := &peResources{at: -1}
		va, _, ok := f.directory(2)
		if !ok || va == 0 {
			return out
		}
		if at := f.offset(va); at >= 0 && f.fits(at, 16) {
			out.at = at
			w := resourceWalk{f: f, root: at, out: out, budget: 4 * maxResources}
			w.level(at, 0, peResource{})
		}
		return out
	})
}

type resourceWalk struct {
	f      *peFile
	root   int64
	out    *peResources
	budget int
	// versions are how many version resources were read: there should be one.
	versions int
}

// level walks one level of the tree; it returns false when the walk ends.
func (w *resourceWalk) level(at int64, depth int, r peResource) bool {
	f := w.f
	named, ids := f.u16(at+12), f.u16(at+14)
	if f.u32(at) != 0 || named > 32768 || ids > 32768 {
		return true
	}
	for i := range named + ids {
		e := at + 16 + 8*i
		if w.budget--; w.budget < 0 || !f.fits(e, 8) {
			return false
		}
		if depth < 3 {
			w.label(&r, depth, f.u32(e))
		}
		to := f.u32(e + 4)
		next := w.root + to&0x7fffffff
		if to&0x80000000 != 0 && depth < 2 {
			if !f.fits(next, 16) || !w.level(next, depth+1, r) {
				return false
			}
			continue
		}
		if !f.fits(next, 16) {
			return false
		}
		w.leaf(next, r)
	}
	return true
}

// label notes the type, id or language that an entry stands for.
func (w *resourceWalk) label(r *peResource, depth int, name int64) {
	r.hasID[depth], r.hasName[depth] = true, false
	r.id[depth] = name
	if name&0x80000000 == 0 {
		return
	}
	at := w.root + name&0x7fffffff
	n := 2 * w.f.u16(at)
	if w.f.fits(at, 2+n) {
		r.hasID[depth], r.hasName[depth] = false, true
		r.name[depth] = string(w.f.b[at+2 : at+2+min(n, 2*maxName)])
	}
}

func (w *resourceWalk) leaf(at int64, r peResource) {
	if len(w.out.list) > maxResources {
		return
	}
	r.rva, r.length = w.f.u32(at), w.f.u32(at+4)
	r.offset = w.f.offset(r.rva)
	w.out.list = append(w.out.list, r)
	if r.id[0] == 16 && r.offset >= 0 && w.versions < maxVersions {
		w.versions++
		w.f.version(r.offset, w.out)
	}
}

func (p *peResources) details() Value {
	var out structs
	for _, r := range p.list {
		o := out.add()
		o.num("rva", r.rva)
		o.set("offset", numberOr(r.offset))
		o.num("length", r.length)
		for i, name := range [...]string{"type", "id", "language"} {
			if r.hasID[i] {
				o.num(name, r.id[i])
			}
			if r.hasName[i] {
				o.text([...]string{"type_string", "name_string", "language_string"}[i], r.name[i])
			}
		}
	}
	return out.value()
}

// speaks tells whether a resource is of a language.
func (p *peResources) speaks(mask, language int64) bool {
	for _, r := range p.list {
		if r.hasID[2] && r.id[2]&mask == language {
			return true
		}
	}
	return false
}

// maxVersion is how many lines of version resources are read, and maxVersions
// how many of these.
const (
	maxVersion  = 4096
	maxVersions = 64
)

// version reads VS_VERSION_INFO: blocks of a length, a length of the value, a
// type, a key in UTF-16 and a value, each at a multiple of four.
func (f *peFile) version(at int64, out *peResources) {
	if f.wideText(at+6, 16) != "VS_VERSION_INFO" {
		return
	}
	at = after(at, 6+86)
	for f.wideText(at+6, 12) == "VarFileInfo" && f.u16(at) != 0 {
		at = after(at, f.u16(at))
	}
	for f.wideText(at+6, 15) == "StringFileInfo" && f.u16(at) != 0 && len(out.keys) < maxVersion {
		end := after(at, f.u16(at))
		for table := after(at, 6+30); table < end && f.fits(table, 6) && f.u16(table) != 0; table = after(table, f.u16(table)) {
			tableEnd := after(table, f.u16(table))
			line := after(table, 6+2*int64(len(f.units(table+6, 1<<15))+1))
			for ; line < tableEnd && f.fits(line, 6) && f.u16(line) != 0 && len(out.keys) < maxVersion; line = after(line, f.u16(line)) {
				key := f.units(line+6, 1<<15)
				value := after(line, 6+2*int64(len(key)+1))
				if !f.fits(value, 2) {
					continue
				}
				text := ""
				if f.u16(line+2) != 0 {
					text = narrow(f.units(value, 255))
				}
				out.keys = append(out.keys, narrow(key[:min(len(key), 63)]))
				out.values = append(out.values, text)
			}
		}
		at = end
	}
}

// after is the place behind n bytes from at, at a multiple of four from it.
func after(at, n int64) int64 { return at + (n+3)&^3 }

// units are the UTF-16 units up to a zero, at most limit of them.
func (f *peFile) units(at int64, limit int) (out []uint16) {
	for ; f.fits(at, 2) && len(out) < limit; at += 2 {
		u := f.u16(at)
		if u == 0 {
			break
		}
		out = append(out, uint16(u))
	}
	return out
}

func (f *peFile) wideText(at int64, limit int) string {
	return string(utf16.Decode(f.units(at, limit)))
}

// narrow keeps the low byte of every unit, as YARA does.
func narrow(u []uint16) string {
	b := make([]byte, len(u))
	for i, c := range u {
		b[i] = byte(c)
	}
	return string(b)
}
