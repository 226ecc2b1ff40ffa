package network

import "longwatch/internal/record"

// Program is what the headers of a Windows program say that was seen on the
// wire: Zeek's pe.log. Specification: Microsoft, PE Format.
type Program struct {
	record.Head
	UID         string           `rec:"uid,extra"`
	FUID        string           `rec:"id"`                       // of the file
	Machine     string           `rec:"machine"`                  // processor it was compiled for
	Compiled    record.Time      `rec:"compile_ts"`               // as the linker wrote it, which may be a lie
	OS          string           `rec:"os"`                       // oldest system that it runs on
	Subsystem   string           `rec:"subsystem"`                // as WINDOWS_GUI, WINDOWS_CUI or NATIVE
	Executable  bool             `rec:"is_exe"`                   // a program or library, rather than an object file
	Wide        bool             `rec:"is_64bit"`                 // PE32+ rather than PE32
	ASLR        bool             `rec:"uses_aslr"`                // it may be loaded anywhere (DYNAMIC_BASE)
	DEP         bool             `rec:"uses_dep"`                 // data may not be run (NX_COMPAT)
	Integrity   bool             `rec:"uses_code_integrity"`      // its signature is to be enforced (FORCE_INTEGRITY)
	SEH         bool             `rec:"uses_seh"`                 // it has structured exception handlers
	Imports     record.Opt[bool] `rec:"has_import_table"`         // the import directory is not empty
	Exports     record.Opt[bool] `rec:"has_export_table"`         // the export directory is not empty
	Certificate record.Opt[bool] `rec:"has_cert_table"`           // signed, if the signature holds
	Debug       record.Opt[bool] `rec:"has_debug_data"`           // the debug directory is not empty
	Sections    []string         `rec:"section_names"`            // in their order
	Imphash     string           `rec:"imphash,extra" ent:"hash"` // MD5 of the imports in order
	Original    string           `rec:"original_name,extra"`      // OriginalFilename of its version resource
}

// ProgramType is the schema of Program.
var ProgramType = record.Of[Program]("pe")

// RecordType returns ProgramType.
func (*Program) RecordType() *record.Type { return ProgramType }
