package module

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// Bounds of what is read of one program, as in YARA.
const (
	maxSections   = 96
	maxImports    = 16384
	maxExports    = 8192
	maxResources  = 65536
	maxSignatures = 16
	maxName       = 512
	maxPath       = 1024
)

// image is the bytes of a file. Reading past its end gives zeros; fits tells
// whether that would happen.
type image struct {
	b   []byte
	big bool // most significant byte first
}

func (m image) fits(at, n int64) bool { return at >= 0 && n >= 0 && at <= int64(len(m.b))-n }

func (m image) order() binary.ByteOrder {
	if m.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (m image) u8(at int64) int64 {
	if !m.fits(at, 1) {
		return 0
	}
	return int64(m.b[at])
}

func (m image) u16(at int64) int64 {
	if !m.fits(at, 2) {
		return 0
	}
	return int64(m.order().Uint16(m.b[at:]))
}

func (m image) u32(at int64) int64 {
	if !m.fits(at, 4) {
		return 0
	}
	return int64(m.order().Uint32(m.b[at:]))
}

func (m image) u64(at int64) int64 {
	if !m.fits(at, 8) {
		return 0
	}
	return int64(m.order().Uint64(m.b[at:]))
}

// text is what lies at a place up to a zero, at most n bytes.
func (m image) text(at int64, n int) (s string, ended bool) {
	if !m.fits(at, 1) {
		return "", false
	}
	b := m.b[at:]
	b = b[:min(len(b), n)]
	before, _, ended := bytes.Cut(b, []byte{0})
	return string(before), ended
}

// peFile is a program of Windows: what its headers say.
type peFile struct {
	image
	header   int64 // of the PE signature
	optional int64
	wide     bool // 64 bits
	sections []peSection
}

type peSection struct {
	at                     int64
	va, size, raw, rawSize int64
}

// peOf reads the headers; nil when the file is no PE.
func peOf(s *State) *peFile {
	return keep(s, "pe", func() *peFile {
		m := image{b: s.Data}
		f := &peFile{image: m, header: m.u32(0x3c)}
		if !m.fits(0, 64) || string(m.b[:2]) != "MZ" || f.header > 1<<31-1 || !m.fits(f.header, 248) || m.u32(f.header) != 0x4550 {
			return nil
		}
		f.optional = f.header + 24
		if f.wide = m.u16(f.optional) == 0x20b; f.wide && !m.fits(f.header, 264) {
			return nil
		}
		at := f.optional + m.u16(f.header+20)
		for range min(m.u16(f.header+6), maxSections) {
			if !m.fits(at, 40) {
				break
			}
			f.sections = append(f.sections, peSection{at: at, size: m.u32(at + 8), va: m.u32(at + 12), rawSize: m.u32(at + 16), raw: m.u32(at + 20)})
			at += 40
		}
		return f
	})
}

// word reads a field of the optional header that is wider in 64-bit programs.
func (f *peFile) word(at32, at64 int64) int64 {
	if f.wide {
		return f.u64(f.optional + at64)
	}
	return f.u32(f.optional + at32)
}

// opt reads 32 bits of the optional header.
func (f *peFile) opt(at32, at64 int64) int64 {
	if f.wide {
		return f.u32(f.optional + at64)
	}
	return f.u32(f.optional + at32)
}

// directory is where a table lies, by its address in memory.
func (f *peFile) directory(n int64) (va, size int64, ok bool) {
	if f.opt(92, 108) < n && (n != 14 || f.wide) {
		return 0, 0, false
	}
	at := f.optional + 96 + 8*n
	if f.wide {
		at += 16
	}
	return f.u32(at), f.u32(at + 4), f.fits(at, 8)
}

// offset is where in the file an address in memory comes from; -1 when from
// nowhere.
func (f *peFile) offset(rva int64) int64 {
	count := min(f.u16(f.header+6), maxSections)
	if int64(len(f.sections)) < count {
		return -1 // a section does not fit
	}
	lowest := int64(0xffffffff)
	var va, raw, size int64
	for _, s := range f.sections {
		lowest = min(lowest, s.va)
		if rva < s.va || rva-s.va >= s.size || va > s.va {
			continue
		}
		va, raw, size = s.va, s.raw, s.rawSize
		if align := min(f.opt(36, 36), 0x200); align > 0 {
			raw -= raw % align
		}
	}
	if rva < lowest {
		va, raw, size = 0, 0, int64(len(f.b))
	}
	if uint64(rva-va) >= uint64(size) {
		return -1
	}
	at := raw + rva - va
	if at >= int64(len(f.b)) {
		return -1
	}
	return at
}

// numberOr is n, undefined when it is negative.
func numberOr(n int64) Value {
	if n < 0 {
		return Undefined
	}
	return Number(n)
}

// peNumbers are the fields of the two headers: name, size in bytes, and place
// in the 32-bit and the 64-bit form. Places of the file header count from the
// signature and are marked by h.
const peNumbers = `machine h2 4
timestamp h4 8
pointer_to_symbol_table h4 12
number_of_symbols h4 16
size_of_optional_header h2 20
characteristics h2 22
number_of_sections h2 6
opthdr_magic 2 0 0
linker_version.major 1 2 2
linker_version.minor 1 3 3
size_of_code 4 4 4
size_of_initialized_data 4 8 8
size_of_uninitialized_data 4 12 12
entry_point_raw 4 16 16
base_of_code 4 20 20
section_alignment 4 32 32
file_alignment 4 36 36
os_version.major 2 40 40
os_version.minor 2 42 42
image_version.major 2 44 44
image_version.minor 2 46 46
subsystem_version.major 2 48 48
subsystem_version.minor 2 50 50
win32_version_value 4 52 52
size_of_image 4 56 56
size_of_headers 4 60 60
checksum 4 64 64
subsystem 2 68 68
dll_characteristics 2 70 70
size_of_stack_reserve w 72 72
size_of_stack_commit w 76 80
size_of_heap_reserve w 80 88
size_of_heap_commit w 84 96
loader_flags 4 88 104
number_of_rva_and_sizes 4 92 108
image_base w 28 24
`

// headers puts what the two headers say.
func (f *peFile) headers(o *Object) {
	for line := range strings.Lines(peNumbers) {
		w := strings.Fields(line)
		place := func(i int) int64 {
			n, _ := strconv.ParseInt(w[i], 10, 32)
			return n
		}
		size, inHeader := strings.CutPrefix(w[1], "h")
		at := f.optional
		switch {
		case inHeader:
			at = f.header + place(2)
		case f.wide:
			at += place(3)
		default:
			at += place(2)
		}
		n := int64(0)
		switch size {
		case "1":
			n = f.u8(at)
		case "2":
			n = f.u16(at)
		case "4":
			n = f.u32(at)
		default:
			n = f.word(place(2), place(3))
		}
		o.num(w[0], n)
	}
	o.num("is_pe", 1)
	o.num("entry_point", f.offset(f.opt(16, 16)))
	if !f.wide {
		o.num("base_of_data", f.u32(f.optional+24))
	}
}

// tables puts the sections, the directories and what lies behind all sections.
func (f *peFile) tables(o *Object) {
	var dirs, secs structs
	for i := range min(f.opt(92, 108)&0xffff, 16) {
		at := f.optional + 96 + 8*i
		if f.wide {
			at += 16
		}
		if !f.fits(at, 8) {
			break
		}
		d := dirs.add()
		d.num("virtual_address", f.u32(at))
		d.num("size", f.u32(at+4))
	}
	o.set("data_directories", dirs.value())
	end := int64(0)
	for _, s := range f.sections {
		d := secs.add()
		name := strings.TrimRight(string(f.b[s.at:s.at+8]), "\x00")
		d.text("name", name)
		d.text("full_name", f.fullName(name))
		d.num("characteristics", f.u32(s.at+36))
		d.num("virtual_address", s.va)
		d.num("virtual_size", s.size)
		d.num("raw_data_offset", s.raw)
		d.num("raw_data_size", s.rawSize)
		d.num("pointer_to_relocations", f.u32(s.at+24))
		d.num("pointer_to_line_numbers", f.u32(s.at+28))
		d.num("number_of_relocations", f.u16(s.at+32))
		d.num("number_of_line_numbers", f.u16(s.at+34))
		end = max(end, (s.raw+s.rawSize)&0xffffffff)
	}
	o.set("sections", secs.value())
	o.num("overlay.offset", 0)
	o.num("overlay.size", 0)
	if n := int64(len(f.b)); end > 0 && n > end {
		o.num("overlay.offset", end)
		o.num("overlay.size", n-end)
	}
}

// fullName is the name of a section that is written as a place in the table of
// strings, behind the symbols.
func (f *peFile) fullName(name string) string {
	place, ok := strings.CutPrefix(name, "/")
	if !ok {
		return name
	}
	n, err := strconv.ParseInt(place, 10, 32)
	if err != nil {
		return name
	}
	at := f.u32(f.header+12) + 18*f.u32(f.header+16) + n
	long, ended := f.text(at, maxPath)
	if !ended {
		return name
	}
	return long
}

// pdbPath is where the symbols of the program were when it was built.
func (f *peFile) pdbPath() Value {
	va, size, ok := f.directory(6)
	if !ok || size == 0 || size%28 != 0 || va == 0 {
		return Undefined
	}
	at := f.offset(va)
	if at < 0 {
		return Undefined
	}
	for ; size > 0 && f.fits(at, 28); at, size = at+28, size-28 {
		if f.u32(at+12) != 2 { // CodeView
			continue
		}
		cv := int64(-1)
		if va := f.u32(at + 20); va != 0 {
			cv = f.offset(va)
		}
		if raw := f.u32(at + 24); cv <= 0 && raw != 0 {
			cv = raw
		}
		if cv <= 0 || !f.fits(cv, 16) {
			continue
		}
		skip := map[string]int64{"NB10": 16, "RSDS": 24, "MTOC": 20}[string(f.b[cv:cv+4])]
		if skip == 0 {
			continue
		}
		if path, _ := f.text(cv+skip, maxPath); path != "" && len(path) < maxPath {
			return String(path)
		}
	}
	return Undefined
}

// headerNames are the names in peNumbers.
func headerNames() (out []string) {
	for line := range strings.Lines(peNumbers) {
		out = append(out, strings.Fields(line)[0])
	}
	return out
}
