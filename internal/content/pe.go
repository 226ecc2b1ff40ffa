package content

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"

	"longwatch/internal/wire"
)

const (
	maxSections  = 96 // Windows refuses more
	maxLibraries = 512
	maxImports   = 8192
	maxImport    = 512 // bytes of an imported name
)

// Program is what the headers of a Windows program say (Microsoft PE/COFF
// specification).
type Program struct {
	DLL      bool
	Machine  uint16
	Compiled uint32 // seconds since 1970
	Flags    uint16 // Characteristics
	Windows  *Windows
	Sections []string
	Imphash  string // MD5 of the imports in order; empty when they cannot be read or are imported by number from a library whose names the hash needs
	Original string // OriginalFilename of the version resource
}

// Windows is what the optional header says, which a program needs to run.
type Windows struct {
	Major, Minor uint16 // of the system it was made for
	Subsystem    uint16
	Flags        uint16     // DllCharacteristics
	Tables       [16]uint32 // sizes of the data directories
}

type peSection struct{ va, size, raw uint32 }

// peFile is a program during reading.
type peFile struct {
	b        []byte
	sections []peSection
	wide     bool // PE32+
}

// readPE reads headers; nil when b is not a program that Windows would load.
func readPE(b []byte) *Program {
	c := wire.At(b)
	c.Seek(min(0x3c, len(b)))
	c.Seek(int(c.L32() & 0x7fffffff))
	if string(c.Take(4)) != "PE\x00\x00" {
		return nil
	}
	machine, count := c.L16(), int(c.L16())
	compiled := c.L32()
	c.Skip(8)
	optional, flags := int(c.L16()), c.L16()
	o := c.Sub(optional)
	if !c.OK() || count > maxSections {
		return nil
	}
	p := &Program{DLL: flags&0x2000 != 0, Machine: machine, Compiled: compiled, Flags: flags}
	f := peFile{b: b}
	for range count {
		name := c.Take(8)
		size, va, rawSize, raw := c.L32(), c.L32(), c.L32(), c.L32()
		c.Skip(16)
		if !c.OK() {
			break
		}
		p.Sections = append(p.Sections, strings.ToValidUTF8(string(upToNUL(name)), "\uFFFD"))
		f.sections = append(f.sections, peSection{va, max(size, rawSize), raw})
	}
	if imports := f.optional(&o, p); imports != 0 {
		p.Imphash = f.imphash(imports)
	}
	p.Original = originalName(b)
	return p
}

// optional reads the optional header and returns where the imports are.
func (f *peFile) optional(o *wire.Cursor, p *Program) (imports uint32) {
	f.wide = o.L16() == 0x20b
	o.Skip(38)
	w := &Windows{Major: o.L16(), Minor: o.L16()}
	o.Skip(24)
	w.Subsystem, w.Flags = o.L16(), o.L16()
	if f.wide {
		o.Skip(32)
	} else {
		o.Skip(16)
	}
	o.Skip(4) // flags
	n := o.L32()
	if !o.OK() {
		return 0
	}
	for i := range w.Tables[:min(n, 16)] {
		at, size := o.L32(), o.L32()
		if !o.OK() {
			break
		}
		w.Tables[i] = size
		if i == 1 {
			imports = at
		}
	}
	p.Windows = w
	return imports
}

func upToNUL(b []byte) []byte {
	before, _, _ := bytes.Cut(b, []byte{0})
	return before
}

// at returns a cursor at a relative virtual address.
func (f *peFile) at(rva uint32) (wire.Cursor, bool) {
	for _, s := range f.sections {
		if rva >= s.va && rva-s.va < s.size {
			off := uint64(s.raw) + uint64(rva-s.va)
			if off >= uint64(len(f.b)) {
				return wire.Cursor{}, false
			}
			return wire.At(f.b[off:]), true
		}
	}
	return wire.Cursor{}, false
}

func (f *peFile) name(rva uint32) (string, bool) {
	c, ok := f.at(rva)
	if !ok {
		return "", false
	}
	b := c.Rest()
	b = b[:min(len(b), maxImport)]
	i := bytes.IndexByte(b, 0)
	if i <= 0 {
		return "", false
	}
	return strings.ToLower(string(b[:i])), true
}

// imphash is the import hash: MD5 over "library.function" of all imports in
// order, in lower case, the library without .dll, .ocx or .sys, functions by
// number as ord17. Three libraries need a table of names for their numbers;
// programs that import from these by number get no hash rather than a wrong one.
func (f *peFile) imphash(rva uint32) string {
	table, ok := f.at(rva)
	if !ok {
		return ""
	}
	var list []string
	for range maxLibraries {
		lookup := table.L32()
		table.Skip(8)
		nameAt, addresses := table.L32(), table.L32()
		if !table.OK() {
			return ""
		}
		if nameAt == 0 {
			break
		}
		lib, ok := f.name(nameAt)
		if !ok {
			return ""
		}
		for _, ext := range []string{".dll", ".ocx", ".sys"} {
			lib = strings.TrimSuffix(lib, ext)
		}
		if lookup == 0 {
			lookup = addresses
		}
		functions, ok := f.functions(lookup, lib)
		if !ok || len(list)+len(functions) > maxImports {
			return ""
		}
		list = append(list, functions...)
	}
	if len(list) == 0 {
		return ""
	}
	sum := md5.Sum([]byte(strings.Join(list, ",")))
	return hex.EncodeToString(sum[:])
}

// functions reads one import lookup table.
func (f *peFile) functions(rva uint32, lib string) ([]string, bool) {
	c, ok := f.at(rva)
	if !ok {
		return nil, false
	}
	var out []string
	for len(out) <= maxImports {
		var v uint64
		byNumber := false
		if f.wide {
			v = c.L64()
			byNumber = v>>63 != 0
		} else {
			v = uint64(c.L32())
			byNumber = v>>31 != 0
		}
		if !c.OK() {
			return nil, false
		}
		if v == 0 {
			return out, true
		}
		if byNumber {
			switch lib {
			case "ws2_32", "wsock32", "oleaut32":
				return nil, false
			}
			out = append(out, lib+".ord"+strconv.Itoa(int(v&0xffff)))
			continue
		}
		name, ok := f.name(uint32(v&0x7fffffff) + 2)
		if !ok {
			return nil, false
		}
		out = append(out, lib+"."+name)
	}
	return nil, false
}

// originalName finds OriginalFilename in the version resource (VS_VERSIONINFO,
// a string of UTF-16 behind its key).
func originalName(b []byte) string {
	i := bytes.Index(b, wide("OriginalFilename\x00"))
	if i < 0 {
		return ""
	}
	c := wire.At(b[i+34:])
	var units []uint16
	for len(units) < 260 {
		u := c.L16()
		if !c.OK() {
			return ""
		}
		if u == 0 {
			if len(units) == 0 && c.Off() <= 4 { // padding to four bytes
				continue
			}
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
