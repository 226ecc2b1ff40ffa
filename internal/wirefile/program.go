package wirefile

import (
	"fmt"

	"longwatch/internal/content"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// machines are the processors of the COFF header, as Zeek names them.
var machines = map[uint16]string{
	0: "UNKNOWN", 0x1d3: "AM33", 0x8664: "AMD64", 0x1c0: "ARM", 0x1c4: "ARMNT", 0xaa64: "ARM64", 0xebc: "EBC", 0x14c: "I386", 0x200: "IA64",
	0x9041: "M32R", 0x266: "MIPS16", 0x366: "MIPSFPU", 0x466: "MIPSFPU16", 0x1f0: "POWERPC", 0x1f1: "POWERPCFP", 0x166: "R4000",
	0x1a2: "SH3", 0x1a3: "SH3DSP", 0x1a6: "SH4", 0x1a8: "SH5", 0x1c2: "THUMB", 0x169: "WCEMIPSV2",
}

// subsystems likewise.
var subsystems = map[uint16]string{
	0: "UNKNOWN", 1: "NATIVE", 2: "WINDOWS_GUI", 3: "WINDOWS_CUI", 7: "POSIX_CUI", 9: "WINDOWS_CE_GUI", 10: "EFI_APPLICATION",
	11: "EFI_BOOT_SERVICE_DRIVER", 12: "EFI_RUNTIME_DRIVER", 13: "EFI_ROM", 14: "XBOX",
}

// systems are the versions of Windows that a program names as the oldest.
var systems = map[[2]uint16]string{
	{10, 0}: "Windows 10", {6, 4}: "Windows 10 Technical Preview", {6, 3}: "Windows 8.1 or Server 2012 R2", {6, 2}: "Windows 8 or Server 2012",
	{6, 1}: "Windows 7 or Server 2008 R2", {6, 0}: "Windows Vista or Server 2008", {5, 2}: "Windows XP x64 or Server 2003",
	{5, 1}: "Windows XP", {5, 0}: "Windows 2000", {4, 90}: "Windows Me", {4, 10}: "Windows 98", {4, 0}: "Windows 95 or NT 4.0",
	{3, 51}: "Windows NT 3.51", {3, 50}: "Windows NT 3.5", {3, 2}: "Windows 3.2", {3, 11}: "Windows for Workgroups 3.11",
	{3, 10}: "Windows 3.1 or NT 3.1", {3, 0}: "Windows 3.0", {2, 11}: "Windows 2.11", {2, 10}: "Windows 2.10", {2, 0}: "Windows 2.0",
	{1, 4}: "Windows 1.04", {1, 3}: "Windows 1.03", {1, 1}: "Windows 1.01", {1, 0}: "Windows 1.0",
}

// Bits of the COFF header's and the optional header's characteristics.
const (
	flag32Bit     = 0x100
	flagASLR      = 0x40
	flagIntegrity = 0x80
	flagDEP       = 0x100
	flagNoSEH     = 0x400
)

// program is the record of a Windows program in file r.
func program(r *network.File, p *content.Program) *network.Program {
	out := &network.Program{
		Head: r.Head, UID: r.UID, FUID: r.FUID, Machine: machines[p.Machine], Compiled: record.Time(p.Compiled) * 1e9,
		Wide: p.Flags&flag32Bit == 0, SEH: true, Imphash: p.Imphash, Original: p.Original,
	}
	if out.Machine == "" {
		out.Machine = fmt.Sprintf("unknown-%d", p.Machine)
	}
	w := p.Windows
	if w == nil {
		return out
	}
	out.Executable, out.Sections = true, p.Sections
	if out.OS = systems[[2]uint16{w.Major, w.Minor}]; out.OS == "" {
		out.OS = fmt.Sprintf("unknown-%d.%d", w.Major, w.Minor)
	}
	if out.Subsystem = subsystems[w.Subsystem]; out.Subsystem == "" {
		out.Subsystem = fmt.Sprintf("unknown-%d", w.Subsystem)
	}
	out.ASLR, out.DEP = w.Flags&flagASLR != 0, w.Flags&flagDEP != 0
	out.Integrity, out.SEH = w.Flags&flagIntegrity != 0, w.Flags&flagNoSEH == 0
	out.Exports, out.Imports = record.Some(w.Tables[0] > 0), record.Some(w.Tables[1] > 0)
	out.Certificate, out.Debug = record.Some(w.Tables[4] > 0), record.Some(w.Tables[6] > 0)
	return out
}
