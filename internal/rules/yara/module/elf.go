package module

// Bounds of what is shown of one program.
const (
	maxSymbols  = 1 << 16 // of one table
	maxELFParts = 1 << 14 // sections, and segments
)

const elfSchema = `type i
machine i
entry_point i
number_of_sections i
sh_offset i
sh_entry_size i
number_of_segments i
ph_offset i
ph_entry_size i
sections[].type i
sections[].flags i
sections[].address i
sections[].name s
sections[].size i
sections[].offset i
segments[].type i
segments[].flags i
segments[].offset i
segments[].virtual_address i
segments[].physical_address i
segments[].file_size i
segments[].memory_size i
segments[].alignment i
dynamic_section_entries i
dynamic[].type i
dynamic[].val i
symtab_entries i
symtab[].name s
symtab[].value i
symtab[].size i
symtab[].type i
symtab[].bind i
symtab[].shndx i
dynsym_entries i
dynsym[].name s
dynsym[].value i
dynsym[].size i
dynsym[].type i
dynsym[].bind i
dynsym[].shndx i
`

func elfModule() *Module {
	t := schema(elfSchema)
	t.consts(elfConsts)
	return &Module{Name: "elf", Type: t, Load: loadELF}
}

// elfFile is a program of Linux and its kin.
type elfFile struct {
	image
	wide                   bool
	kind                   int64
	sections, sectionCount int64
	segments, segmentCount int64
}

// elfOf reads the header; nil when the file is no ELF of a known class.
func elfOf(data []byte) *elfFile {
	m := image{b: data}
	if !m.fits(0, 53) || string(data[:4]) != "\x7fELF" || data[4] < 1 || data[4] > 2 || data[5] < 1 || data[5] > 2 {
		return nil
	}
	f := &elfFile{image: m, wide: data[4] == 2}
	f.big = data[5] == 2
	if f.wide && !m.fits(0, 65) {
		return nil
	}
	f.kind = f.u16(16)
	f.segments, f.sections = f.word(28, 32), f.word(32, 40)
	f.segmentCount, f.sectionCount = f.half(44, 56), f.half(48, 60)
	return f
}

// word reads what is an address wide; half what is 16 bits in both classes.
func (f *elfFile) word(at32, at64 int64) int64 {
	if f.wide {
		return f.u64(at64)
	}
	return f.u32(at32)
}

func (f *elfFile) half(at32, at64 int64) int64 {
	if f.wide {
		return f.u16(at64)
	}
	return f.u16(at32)
}

// pick is a size or place that depends on the class.
func (f *elfFile) pick(n32, n64 int64) int64 {
	if f.wide {
		return n64
	}
	return n32
}

func loadELF(s *State) *Object {
	o := object()
	f := elfOf(s.Data)
	if f == nil {
		return o
	}
	o.num("type", f.kind)
	o.num("machine", f.u16(18))
	o.num("sh_offset", f.sections)
	o.num("sh_entry_size", f.half(46, 58))
	o.num("number_of_sections", f.sectionCount)
	o.num("ph_offset", f.segments)
	o.num("ph_entry_size", f.half(42, 54))
	o.num("number_of_segments", f.segmentCount)
	if entry := f.word(24, 24); entry != 0 {
		o.set("entry_point", numberOr(f.offset(entry)))
	}
	f.putSections(o)
	f.putSegments(o)
	return o
}

// offset is where in the file an address comes from; -1 when from nowhere.
func (f *elfFile) offset(address int64) int64 {
	in := func(start, size int64) bool {
		return uint64(address) >= uint64(start) && uint64(address) < uint64(start+size)
	}
	if f.kind == 2 { // an executable
		size := f.pick(32, 56)
		if f.segments == 0 || f.segmentCount == 0 || !f.fits(f.segments, size*f.segmentCount) {
			return -1
		}
		for i := range f.segmentCount {
			at := f.segments + i*size
			if va := f.word(at+8, at+16); in(va, f.word(at+20, at+40)) {
				return f.word(at+4, at+8) + address - va
			}
		}
		return -1
	}
	size := f.pick(40, 64)
	if f.sections == 0 || f.sectionCount == 0 || !f.fits(f.sections, size*f.sectionCount) {
		return -1
	}
	for i := range f.sectionCount {
		at := f.sections + i*size
		kind := f.u32(at + 4)
		if va := f.word(at+12, at+16); kind != 0 && kind != 8 && in(va, f.word(at+20, at+32)) {
			return f.word(at+16, at+24) + address - va
		}
	}
	return -1
}

// putSections puts the sections and the two tables of symbols that they hold.
func (f *elfFile) putSections(o *Object) {
	size, names := f.pick(40, 64), f.half(50, 62)
	if f.sectionCount >= 0xff00 || names >= f.sectionCount || f.sections >= int64(len(f.b)) || !f.fits(f.sections, size*f.sectionCount) {
		return
	}
	header := func(i int64) int64 { return f.sections + i*size }
	offset := func(at int64) int64 { return f.word(at+16, at+24) }
	length := func(at int64) int64 { return f.word(at+20, at+32) }
	table := offset(header(names))
	o.later("sections", func() Value {
		var out structs
		for i := range min(f.sectionCount, maxELFParts) {
			at, d := header(i), out.add()
			d.num("type", f.u32(at+4))
			d.num("flags", f.word(at+8, at+8))
			d.num("address", f.word(at+12, at+16))
			d.num("size", length(at))
			d.num("offset", offset(at))
			if n := f.u32(at); n < int64(len(f.b)) && table > 0 && table < int64(len(f.b)) {
				if name, ended := f.text(table+n, maxPath); ended {
					d.text("name", name)
				}
			}
		}
		return out.value()
	})
	for i := range f.sectionCount {
		at := header(i)
		link := f.u32(at + f.pick(24, 40))
		name := map[int64]string{2: "symtab", 11: "dynsym"}[f.u32(at+4)]
		if name == "" || link >= f.sectionCount || f.u32(header(link)+4) != 3 {
			continue
		}
		symbols, texts := offset(at), header(link)
		if !f.fits(symbols, length(at)) || !f.fits(offset(texts), length(texts)) {
			continue
		}
		count := length(at) / f.pick(16, 24)
		o.num(name+"_entries", count)
		o.later(name, func() Value { return f.symbols(symbols, min(count, maxSymbols), offset(texts), length(texts)) })
	}
}

func (f *elfFile) symbols(at, count, texts, length int64) Value {
	var out structs
	size := f.pick(16, 24)
	for i := range count {
		s, d := at+i*size, out.add()
		if n := f.u32(s); n < length {
			if name, ended := f.text(texts+n, int(min(length-n, maxPath))); ended {
				d.text("name", name)
			}
		}
		info := f.u8(s + f.pick(12, 4))
		d.num("bind", info>>4)
		d.num("type", info&0xf)
		d.num("shndx", f.u16(s+f.pick(14, 6)))
		d.num("value", f.word(s+4, s+8))
		d.num("size", f.word(s+8, s+16))
	}
	return out.value()
}

// putSegments puts the segments and what the dynamic one says.
func (f *elfFile) putSegments(o *Object) {
	size := f.pick(32, 56)
	if f.segmentCount == 0 || f.segmentCount >= 0xffff || f.segments >= int64(len(f.b)) || !f.fits(f.segments, size*f.segmentCount) {
		return
	}
	var out structs
	for i := range min(f.segmentCount, maxELFParts) {
		at, d := f.segments+i*size, out.add()
		d.num("type", f.u32(at))
		d.num("flags", f.u32(at+f.pick(24, 4)))
		d.num("offset", f.word(at+4, at+8))
		d.num("virtual_address", f.word(at+8, at+16))
		d.num("physical_address", f.word(at+12, at+24))
		d.num("file_size", f.word(at+16, at+32))
		d.num("memory_size", f.word(at+20, at+40))
		d.num("alignment", f.word(at+28, at+48))
		if f.u32(at) == 2 {
			f.putDynamic(o, f.word(at+4, at+8))
		}
	}
	o.set("segments", out.value())
}

func (f *elfFile) putDynamic(o *Object, at int64) {
	var out structs
	size := f.pick(8, 16)
	for ; f.fits(at, size) && len(out) < maxSymbols; at += size {
		d := out.add()
		d.num("type", f.word(at, at))
		d.num("val", f.word(at+4, at+8))
		if f.word(at, at) == 0 {
			break
		}
	}
	o.set("dynamic", out.value())
	o.num("dynamic_section_entries", int64(len(out)))
}
