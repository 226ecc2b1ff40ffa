package module

import "strings"

// peSchema is what a rule can ask of a program of Windows, beside the numbers
// of its headers.
const peSchema = `is_pe i
number_of_sections i
entry_point i
base_of_data i
data_directories[].virtual_address i
data_directories[].size i
sections[].name s
sections[].full_name s
sections[].characteristics i
sections[].virtual_address i
sections[].virtual_size i
sections[].raw_data_offset i
sections[].raw_data_size i
sections[].pointer_to_relocations i
sections[].pointer_to_line_numbers i
sections[].number_of_relocations i
sections[].number_of_line_numbers i
overlay.offset i
overlay.size i
number_of_version_infos i
version_info{} s
version_info_list[].key s
version_info_list[].value s
rich_signature.offset i
rich_signature.length i
rich_signature.key i
rich_signature.raw_data s
rich_signature.clear_data s
rich_signature.version_data s
number_of_imports i
number_of_imported_functions i
number_of_delayed_imports i
number_of_delayed_imported_functions i
number_of_exports i
dll_name s
export_timestamp i
export_details[].offset i
export_details[].name s
export_details[].forward_name s
export_details[].ordinal i
import_details[].library_name s
import_details[].number_of_functions i
import_details[].functions[].name s
import_details[].functions[].ordinal i
delayed_import_details[].library_name s
delayed_import_details[].number_of_functions i
delayed_import_details[].functions[].name s
delayed_import_details[].functions[].ordinal i
resource_timestamp i
resource_version.major i
resource_version.minor i
resources[].rva i
resources[].offset i
resources[].length i
resources[].type i
resources[].id i
resources[].language i
resources[].type_string s
resources[].name_string s
resources[].language_string s
number_of_resources i
pdb_path s
signatures[].thumbprint s
signatures[].issuer s
signatures[].subject s
signatures[].version i
signatures[].algorithm s
signatures[].algorithm_oid s
signatures[].serial s
signatures[].not_before i
signatures[].not_after i
number_of_signatures i
is_signed i
`

func peModule() *Module {
	var lines strings.Builder
	lines.WriteString(peSchema)
	for _, name := range headerNames() {
		lines.WriteString(name + " i\n")
	}
	t := schema(lines.String())
	t.consts(peConsts)
	importFunctions(t)
	exportFunctions(t)
	richFunctions(t)
	peFunctions(t)
	return &Module{Name: "pe", Type: t, Load: loadPE}
}

func loadPE(s *State) *Object {
	o := object()
	f := peOf(s)
	if f == nil {
		o.num("is_pe", 0)
		return o
	}
	f.headers(o)
	f.tables(o)
	f.rich(o)
	o.later("pdb_path", f.pdbPath)
	imports := func() *peImports { return importsOf(s, f) }
	delayed := func() *peImports { return delayedOf(s, f) }
	exports := func() *peExports { return exportsOf(s, f) }
	resources := func() *peResources { return resourcesOf(s, f) }
	signatures := func() structs { return keep(s, "pe.signatures", f.signatures) }
	o.later("number_of_imports", func() Value { return Number(imports().count) })
	o.later("number_of_imported_functions", func() Value { return Number(imports().functions) })
	o.later("import_details", func() Value { return imports().details() })
	o.later("number_of_delayed_imports", func() Value { return Number(delayed().count) })
	o.later("number_of_delayed_imported_functions", func() Value { return Number(delayed().functions) })
	o.later("delayed_import_details", func() Value { return delayed().details() })
	o.later("number_of_exports", func() Value { return Number(int64(len(exports().list))) })
	o.later("export_details", func() Value { return exports().details() })
	o.later("dll_name", func() Value { return exports().library })
	o.later("export_timestamp", func() Value { return exports().timestamp })
	o.later("number_of_resources", func() Value { return Number(int64(len(resources().list))) })
	o.later("resources", func() Value { return resources().details() })
	o.later("resource_timestamp", func() Value { return f.resourceField(resources().at, 4, 4) })
	o.later("resource_version", func() Value {
		v := object()
		v.set("major", f.resourceField(resources().at, 8, 2))
		v.set("minor", f.resourceField(resources().at, 10, 2))
		return Value{Kind: Struct, O: v}
	})
	o.later("number_of_version_infos", func() Value { return Number(int64(len(resources().keys))) })
	o.later("version_info", func() Value { return resources().versionInfo() })
	o.later("version_info_list", func() Value { return resources().versionList() })
	o.later("signatures", func() Value { return signatures().value() })
	o.later("number_of_signatures", func() Value { return Number(int64(len(signatures()))) })
	o.later("is_signed", func() Value { return Truth(len(signatures()) > 0) })
	return o
}

func (f *peFile) resourceField(at, field, size int64) Value {
	switch {
	case at < 0:
		return Undefined
	case size == 4:
		return Number(f.u32(at + field))
	}
	return Number(f.u16(at + field))
}

// versionInfo is a dictionary: of keys that are there twice, the last counts.
func (p *peResources) versionInfo() Value {
	d := &Object{}
	place := map[string]int{}
	for i, k := range p.keys {
		if at, ok := place[k]; ok {
			d.Items[at] = String(p.values[i])
			continue
		}
		place[k] = len(d.Keys)
		d.Keys = append(d.Keys, k)
		d.Items = append(d.Items, String(p.values[i]))
	}
	return Value{Kind: Dict, O: d}
}

func (p *peResources) versionList() Value {
	var out structs
	for i, k := range p.keys {
		o := out.add()
		o.text("key", k)
		o.text("value", p.values[i])
	}
	return out.value()
}

// peFunctions adds the functions that are not about imports and exports.
func peFunctions(t *Type) {
	// of runs f when the file is a PE.
	of := func(name, args, ret string, call func(s *State, f *peFile, a []Value) Value) {
		t.fn(name, args, ret, func(s *State, _ *Object, a []Value) Value {
			f := peOf(s)
			if f == nil {
				return Undefined
			}
			return call(s, f, a)
		})
	}
	of("imphash", "", "s", func(s *State, f *peFile, _ []Value) Value {
		return keep(s, "pe.imphash", func() Value { return String(importsOf(s, f).imphash()) })
	})
	of("section_index", "s", "i", func(_ *State, f *peFile, a []Value) Value {
		for i, sec := range f.sections {
			if name, _ := f.text(sec.at, 8); name == a[0].S {
				return Number(int64(i))
			}
		}
		return Undefined
	})
	of("section_index", "i", "i", func(_ *State, f *peFile, a []Value) Value {
		for i, sec := range f.sections {
			if a[0].I >= sec.raw && a[0].I < sec.raw+sec.rawSize {
				return Number(int64(i))
			}
		}
		return Undefined
	})
	of("locale", "i", "i", func(s *State, f *peFile, a []Value) Value { return Truth(resourcesOf(s, f).speaks(0xffff, a[0].I)) })
	of("language", "i", "i", func(s *State, f *peFile, a []Value) Value { return Truth(resourcesOf(s, f).speaks(0xff, a[0].I)) })
	of("is_dll", "", "i", func(_ *State, f *peFile, _ []Value) Value { return Number(f.u16(f.header+22) & 0x2000) })
	of("is_32bit", "", "i", func(_ *State, f *peFile, _ []Value) Value { return Truth(!f.wide) })
	of("is_64bit", "", "i", func(_ *State, f *peFile, _ []Value) Value { return Truth(f.wide) })
	of("rva_to_offset", "i", "i", func(_ *State, f *peFile, a []Value) Value { return numberOr(f.offset(a[0].I)) })
	of("calculate_checksum", "", "i", func(s *State, f *peFile, _ []Value) Value {
		if !s.spend(int64(len(f.b))) {
			return Undefined
		}
		return Number(f.checksum())
	})
	t.at("signatures").Elem.fn("valid_on", "i", "i", func(_ *State, self *Object, a []Value) Value {
		from, to := self.Fields["not_before"], self.Fields["not_after"]
		if !from.Defined() || !to.Defined() {
			return Undefined
		}
		return Truth(a[0].I >= from.I && a[0].I <= to.I)
	})
}

// checksum is the sum that the loader expects in the optional header.
func (f *peFile) checksum() int64 {
	sum, skip := uint64(0), f.optional+64
	for at := int64(0); at < int64(len(f.b)); at += 4 {
		if at == skip {
			continue
		}
		word := [4]byte{}
		copy(word[:], f.b[at:])
		sum += uint64(word[0]) | uint64(word[1])<<8 | uint64(word[2])<<16 | uint64(word[3])<<24
		if sum > 0xffffffff {
			sum = sum&0xffffffff + sum>>32
		}
	}
	sum = sum&0xffff + sum>>16
	sum += sum >> 16
	return int64(sum&0xffff) + int64(len(f.b))
}
