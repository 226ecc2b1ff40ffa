// Programs. Written for the differential test.
import "pe"
import "elf"

rule pe_is { condition: pe.is_pe }
rule pe_not { condition: not pe.is_pe }
rule pe_machine { condition: pe.machine == pe.MACHINE_AMD64 and pe.is_64bit() and not pe.is_32bit() }
rule pe_sections { condition: pe.number_of_sections == 2 and pe.sections[0].name == ".text" and pe.sections[1].raw_data_size > 0 }
rule pe_section_loop { condition: for any s in pe.sections : ( s.name == ".data" and s.virtual_address > 0x1000 ) }
rule pe_section_index { condition: pe.section_index(".data") == 1 and pe.section_index(pe.entry_point) == 0 }
rule pe_entry { condition: pe.entry_point == 0x400 and pe.entry_point_raw == 0x1000 }
rule pe_entry_string { strings: $a = { 55 48 89 E5 } condition: $a at pe.entry_point }
rule pe_headers { condition: pe.timestamp > 0 and pe.subsystem == pe.SUBSYSTEM_WINDOWS_CUI and pe.linker_version.major == 14 and pe.image_base == 0x140000000 and pe.characteristics & pe.EXECUTABLE_IMAGE }
rule pe_dll { condition: pe.is_dll() }
rule pe_imports { condition: pe.imports("KERNEL32.dll", "ExitProcess") and pe.imports("kernel32.dll") == 2 and not pe.imports("user32.dll") }
rule pe_imports_ordinal { condition: pe.imports("WS2_32.dll", 115) }
rule pe_imports_regex { condition: pe.imports(/kernel32\.dll/i, /Exit|Load/) == 2 }
rule pe_imphash { condition: pe.imphash() == "5a1d8bd4ad7e7ba7f8fa5f9d8a0a7f9f" or pe.imphash() != "" }
rule pe_imports_count { condition: pe.number_of_imports == 2 and pe.number_of_imported_functions == 3 }
rule pe_exports { condition: pe.number_of_exports == 0 and not pe.exports("Run") }
rule pe_overlay { condition: pe.overlay.size == 16 and pe.overlay.offset > 0 }
rule pe_checksum { condition: pe.calculate_checksum() > 0 }
rule pe_signatures { condition: pe.number_of_signatures == 0 }
rule pe_resources { condition: pe.number_of_resources == 0 }
rule pe_undefined { condition: pe.sections[9].name == "x" or not defined pe.sections[9].name }
rule pe_rva { condition: pe.rva_to_offset(0x1000) == 0x400 }
rule entrypoint_keyword { condition: entrypoint >= 0 }
rule entrypoint_value { condition: entrypoint == 0x400 }
rule elf_is { condition: elf.type == elf.ET_EXEC or elf.type == elf.ET_DYN }
rule elf_machine { condition: elf.machine == elf.EM_X86_64 }
rule elf_sections { condition: for any s in elf.sections : ( s.name == ".text" and s.type == elf.SHT_PROGBITS and s.flags & elf.SHF_EXECINSTR ) }
rule elf_segments { condition: elf.number_of_segments > 2 and for any s in elf.segments : ( s.type == elf.PT_LOAD and s.flags & elf.PF_X ) }
rule elf_entry { condition: elf.entry_point > 0 and uint8(elf.entry_point) != 0 }
rule elf_entry_keyword { condition: entrypoint == elf.entry_point }
rule elf_dynamic { condition: elf.dynamic_section_entries > 3 and for any d in elf.dynamic : ( d.type == elf.DT_NEEDED ) }
rule elf_dynsym { condition: elf.dynsym_entries > 3 and for any s in elf.dynsym : ( s.name == "puts" or s.name == "printf" or s.name == "malloc" ) }
rule elf_symtab { condition: elf.symtab_entries > 10 }
