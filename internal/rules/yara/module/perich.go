package module

import "strings"

// The Rich header lies before the PE header and says which compilers made the
// parts of a program: https://bytepointer.com/articles/the_microsoft_rich_header.htm
const (
	richEnd   = 0x68636952 // Rich
	richStart = 0x536e6144 // DanS, xored with the key
)

// rich puts the Rich header, if there is one that is whole.
func (f *peFile) rich(o *Object) {
	at := f.header - 4
	for ; at >= 64 && f.u32(at) != richEnd; at -= 4 {
	}
	key := f.u32(at + 4)
	if at < 64 || key == 0 {
		return
	}
	end := at
	for at -= 4; at >= 64 && f.u32(at)^key != richStart; at -= 4 {
	}
	if at < 64 || f.u32(at+4) != f.u32(at+8) || f.u32(at+8) != f.u32(at+12) || f.u32(at)^f.u32(at+4) != richStart {
		return
	}
	raw := f.b[at:end]
	clear := make([]byte, len(raw))
	for i := range raw {
		clear[i] = raw[i] ^ byte(f.u32(at+4)>>(8*(i%4)))
	}
	o.num("rich_signature.offset", at)
	o.num("rich_signature.length", int64(len(raw)))
	o.num("rich_signature.key", f.u32(at+4))
	o.text("rich_signature.raw_data", string(raw))
	o.text("rich_signature.clear_data", string(clear))
	var versions strings.Builder
	for i := 16; i+8 <= len(clear); i += 8 {
		versions.Write(clear[i : i+2])
	}
	o.text("rich_signature.version_data", versions.String())
}

// richFunctions adds the questions how often a tool is named.
func richFunctions(t *Type) {
	count := func(self *Object, version, tool int64) Value {
		clear := self.Fields["clear_data"]
		if !clear.Defined() {
			return Undefined
		}
		m := image{b: []byte(clear.S)}
		n := int64(0)
		for at := int64(16); m.fits(at, 8); at += 8 {
			if (version < 0 || m.u16(at) == version) && (tool < 0 || m.u16(at+2) == tool) {
				n += m.u32(at + 4)
			}
		}
		return Number(n)
	}
	r := t.at("rich_signature")
	r.fn("version", "i", "i", func(_ *State, self *Object, a []Value) Value { return count(self, a[0].I, -1) })
	r.fn("version", "ii", "i", func(_ *State, self *Object, a []Value) Value { return count(self, a[0].I, a[1].I) })
	r.fn("toolid", "i", "i", func(_ *State, self *Object, a []Value) Value { return count(self, -1, a[0].I) })
	r.fn("toolid", "ii", "i", func(_ *State, self *Object, a []Value) Value { return count(self, a[1].I, a[0].I) })
}
