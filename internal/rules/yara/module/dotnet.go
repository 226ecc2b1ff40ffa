package module

import (
	"fmt"
	"strings"
)

const dotnetSchema = `is_dotnet i
version s
module_name s
streams[].name s
streams[].offset i
streams[].size i
number_of_streams i
guids[] s
number_of_guids i
resources[].offset i
resources[].length i
resources[].name s
number_of_resources i
assembly_refs[].version.major i
assembly_refs[].version.minor i
assembly_refs[].version.build_number i
assembly_refs[].version.revision_number i
assembly_refs[].public_key_or_token s
assembly_refs[].name s
number_of_assembly_refs i
assembly.version.major i
assembly.version.minor i
assembly.version.build_number i
assembly.version.revision_number i
assembly.name s
assembly.culture s
modulerefs[] s
number_of_modulerefs i
user_strings[] s
number_of_user_strings i
typelib s
constants[] s
number_of_constants i
field_offsets[] i
number_of_field_offsets i
`

func dotnetModule() *Module {
	return &Module{Name: "dotnet", Type: schema(dotnetSchema), Load: loadDotnet}
}

// dotnetFile is a program for the common language runtime: ECMA-335, partition II.
type dotnetFile struct {
	*peFile
	header, root int64 // of the CLI header and the metadata
	streams      structs
	places       map[string][2]int64 // first stream of each name: offset, size
}

// Bounds of each list of names, and of all entries of the heap of blobs.
const (
	maxListed = 1 << 14
	maxBlobs  = 8 << 20
)

func loadDotnet(s *State) *Object {
	o := object()
	pe := peOf(s)
	if pe == nil {
		return o
	}
	f := &dotnetFile{peFile: pe, places: map[string][2]int64{}}
	if !f.find() {
		o.num("is_dotnet", 0)
		return o
	}
	o.num("is_dotnet", 1)
	length := f.u32(f.root + 12)
	if version, ended := f.text(f.root+16, int(length)); ended {
		o.text("version", version)
	}
	at := f.root + 16 + length + 2
	if !f.fits(at, 2) {
		return o
	}
	f.readStreams(at+2, f.u8(at))
	o.set("streams", f.streams.value())
	o.num("number_of_streams", int64(len(f.streams)))
	f.putGUIDs(o)
	f.putUserStrings(o)
	f.putTables(o)
	return o
}

// find reads the two headers; false when the program is not for the runtime.
func (f *dotnetFile) find() bool {
	va, _, ok := f.directory(14)
	if !ok {
		return false
	}
	f.header = f.offset(va)
	if f.header < 0 || !f.fits(f.header, 72) || f.u32(f.header) != 72 {
		return false
	}
	f.root = f.offset(f.u32(f.header + 8))
	if f.root < 0 || !f.fits(f.root, 16) || f.u32(f.root) != 0x424a5342 {
		return false
	}
	if n := f.u32(f.root + 12); n == 0 || n > 255 || n%4 != 0 || !f.fits(f.root+16, n) {
		return false
	}
	if f.wide {
		return f.opt(92, 108) >= 14
	}
	if f.u16(f.peFile.header+22)&0x2000 != 0 {
		return true
	}
	entry := f.offset(f.opt(16, 16)) // jumps into the runtime
	return entry >= 0 && f.fits(entry, 2) && f.u8(entry) == 0xff && f.u8(entry+1) == 0x25
}

func (f *dotnetFile) readStreams(at, count int64) {
	const nameLen = 32
	for range count {
		if !f.fits(at, 8+nameLen) {
			return
		}
		name, ended := f.text(at+8, nameLen)
		if !ended {
			return
		}
		offset, size := f.root+f.u32(at), f.u32(at+4)
		d := f.streams.add()
		d.text("name", name)
		d.num("offset", offset)
		d.num("size", size)
		for _, known := range [...]string{"#~", "#-", "#GUID", "#Strings", "#Blob", "#US"} {
			key := strings.Replace(known, "#-", "#~", 1)
			if _, dup := f.places[key]; !dup && strings.HasPrefix(name, known) {
				f.places[key] = [2]int64{offset, size}
				break
			}
		}
		at += 8 + int64(len(name)) + 4 - int64(len(name))%4
	}
}

func (f *dotnetFile) putGUIDs(o *Object) {
	place, ok := f.places["#GUID"]
	if !ok {
		return
	}
	var out []Value
	for at, n := place[0], min(place[1], 256); n >= 16 && f.fits(at, 16); at, n = at+16, n-16 {
		b := f.b[at : at+16]
		out = append(out, String(fmt.Sprintf("%08x-%04x-%04x-%x-%x", f.u32(at), f.u16(at+4), f.u16(at+6), b[8:10], b[10:])))
	}
	o.putList("guids", out)
}

// putList puts a list and how long it is.
func (o *Object) putList(name string, items []Value) {
	o.set(name, Value{Kind: Array, O: &Object{Items: items}})
	o.num("number_of_"+name, int64(len(items)))
}

// blob reads a length and what it counts (II.24.2.4).
func (f *dotnetFile) blob(at int64) (start, length int64, ok bool) {
	switch b := f.u8(at); {
	case !f.fits(at, 1):
		return 0, 0, false
	case b&0x80 == 0:
		start, length = at+1, b
	case b&0xc0 == 0x80:
		start, length = at+2, b&0x3f<<8|f.u8(at+1)
	case b&0xe0 == 0xc0:
		start, length = at+4, b&0x1f<<24|f.u8(at+1)<<16|f.u8(at+2)<<8|f.u8(at+3)
	default:
		return 0, 0, false
	}
	return start, length, f.fits(start, 0)
}

func (f *dotnetFile) putUserStrings(o *Object) {
	place, ok := f.places["#US"]
	if !ok || place[1] == 0 || !f.fits(place[0], place[1]) || f.u8(place[0]) != 0 {
		return
	}
	var out []Value
	for at := place[0] + 1; at < place[0]+place[1] && len(out) < maxListed; {
		start, length, ok := f.blob(at)
		if !ok {
			break
		}
		at = start
		// The last byte of each is no text; YARA goes on at it.
		if length--; length > 0 && f.fits(start, length) {
			out = append(out, String(string(f.b[start:start+length])))
			at = start + length
		}
	}
	o.putList("user_strings", out)
}
