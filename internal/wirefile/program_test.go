package wirefile

import (
	"encoding/binary"
	"slices"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// portable is the beginning of a Windows program, written by the Microsoft
// PE/COFF specification: a DOS header, COFF header, optional header of 32 or 64
// bits (none: an object file) and two sections.
func portable(machine, flags uint16, wide, optional bool) []byte {
	le := binary.LittleEndian
	b := append([]byte("MZ"), make([]byte, 62)...)
	le.PutUint32(b[60:], 64)
	b = append(b, "PE\x00\x00"...)
	b = le.AppendUint16(b, machine)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint32(b, 1_700_000_000)
	b = append(b, make([]byte, 8)...)
	var o []byte
	if optional {
		o = make([]byte, 92)
		le.PutUint16(o, 0x10b)
		if wide {
			o = make([]byte, 108)
			le.PutUint16(o, 0x20b)
		}
		le.PutUint16(o[40:], 6)
		le.PutUint16(o[42:], 1)
		le.PutUint16(o[68:], 3)
		le.PutUint16(o[70:], 0x140)
		o = le.AppendUint32(o, 16)
		for i := range uint32(16) {
			o = le.AppendUint32(o, 0)
			o = le.AppendUint32(o, i%2*100) // sizes of imports, exceptions ...
		}
	}
	b = le.AppendUint16(b, uint16(len(o))) // #nosec G115 -- small
	b = le.AppendUint16(b, flags)
	b = append(b, o...)
	for _, name := range []string{".text\x00\x00\x00", ".rdata\x00x"} {
		b = append(append(b, name...), make([]byte, 32)...)
	}
	return append(b, make([]byte, 256)...)
}

// records keeps all records that are emitted.
type records struct {
	engine
	all []record.Record
}

func (e *records) Emit(r record.Record) { e.all = append(e.all, r) }

func TestProgram(t *testing.T) {
	tests := []struct {
		name string
		b    []byte
		want network.Program
	}{
		{"64 bits", portable(0x8664, 0x22, true, true), network.Program{
			Machine: "AMD64", OS: "Windows 7 or Server 2008 R2", Subsystem: "WINDOWS_CUI", Executable: true, Wide: true, ASLR: true, DEP: true, SEH: true,
			Imports: record.Some(true), Exports: record.Some(false), Certificate: record.Some(false), Debug: record.Some(false), Sections: []string{".text", ".rdata"},
		}},
		{"32 bits", portable(0x14c, 0x102, false, true), network.Program{
			Machine: "I386", OS: "Windows 7 or Server 2008 R2", Subsystem: "WINDOWS_CUI", Executable: true, ASLR: true, DEP: true, SEH: true,
			Imports: record.Some(true), Exports: record.Some(false), Certificate: record.Some(false), Debug: record.Some(false), Sections: []string{".text", ".rdata"},
		}},
		{"object", portable(0x1234, 0, false, false), network.Program{Machine: "unknown-4660", Wide: true, SEH: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &records{}
			f := New(&proto.Conn{Engine: e, ID: record.Conn{UID: "CTest"}}, "HTTP", proto.Resp)
			f.Write(tt.b)
			f.Close()
			if len(e.all) != 2 {
				t.Fatalf("%d records", len(e.all))
			}
			file, got := e.all[0].(*network.File), e.all[1].(*network.Program)
			if got.FUID != file.FUID || got.TS != file.TS || got.Compiled != 1_700_000_000*1e9 || !slices.Contains(file.Analyzers, "PE") {
				t.Errorf("file %+v, program %+v", file, got)
			}
			want := tt.want
			want.Head, want.UID, want.FUID, want.Compiled = got.Head, got.UID, got.FUID, got.Compiled
			if !slices.Equal(got.Sections, want.Sections) {
				t.Errorf("sections %q", got.Sections)
			}
			got.Sections, want.Sections = nil, nil
			if g, w := *got, want; !sameProgram(&g, &w) {
				t.Errorf("got %+v\nwant %+v", g, w)
			}
		})
	}
}

func sameProgram(a, b *network.Program) bool {
	return a.Machine == b.Machine && a.OS == b.OS && a.Subsystem == b.Subsystem && a.Executable == b.Executable && a.Wide == b.Wide &&
		a.ASLR == b.ASLR && a.DEP == b.DEP && a.Integrity == b.Integrity && a.SEH == b.SEH && a.Imports == b.Imports && a.Exports == b.Exports &&
		a.Certificate == b.Certificate && a.Debug == b.Debug
}
