package module

// EntryPoint is the value of the keyword entrypoint: where the first
// instruction of a program lies in the file. The keyword is older than the
// modules and knows less than they do: programs of Windows for x86 only, and
// of ELF those with the least significant byte first.
func EntryPoint(s *State) Value {
	if f := peOf(s); f != nil {
		if machine := f.u16(f.header + 4); machine != 0x14c && machine != 0x8664 {
			return Undefined
		}
		var va, raw int64
		entry := f.opt(16, 16)
		for _, sec := range f.sections[:min(len(f.sections), 60)] {
			if entry >= sec.va && va <= sec.va {
				va, raw = sec.va, sec.raw
			}
		}
		return Number((raw + entry - va) & 0xffffffff)
	}
	f := elfOf(s.Data)
	if f == nil || f.big {
		return Undefined
	}
	return Number(max(0, f.offset(f.word(24, 24))))
}
