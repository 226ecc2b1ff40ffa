package script

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"
)

// library makes a PE file whose metadata refers to the given members, "Namespace.Type.Member",
// as ECMA-335 partition II lays them out. It has no code.
func library(t testing.TB, members ...string) []byte {
	t.Helper()
	var heap bytes.Buffer
	heap.WriteByte(0)
	put := func(s string) uint16 {
		at := heap.Len()
		heap.WriteString(s + "\x00")
		return uint16(at)
	}
	le := binary.LittleEndian
	var types []string
	var typeRows, memberRows []byte
	for _, m := range members {
		i := strings.LastIndexByte(m, '.')
		full := m[:i]
		at := slices.Index(types, full)
		if at < 0 {
			at = len(types)
			types = append(types, full)
			j := strings.LastIndexByte(full, '.')
			typeRows = le.AppendUint16(typeRows, 6) // ResolutionScope: AssemblyRef 1
			typeRows = le.AppendUint16(typeRows, put(full[j+1:]))
			typeRows = le.AppendUint16(typeRows, put(full[:j]))
		}
		memberRows = le.AppendUint16(memberRows, uint16(at+1)<<3|1)
		memberRows = le.AppendUint16(memberRows, put(m[i+1:]))
		memberRows = le.AppendUint16(memberRows, 0)
	}
	tables := []byte{0, 0, 0, 0, 2, 0, 0, 1}
	tables = le.AppendUint64(tables, 1<<1|1<<10)
	tables = le.AppendUint64(tables, 0)
	tables = le.AppendUint32(tables, uint32(len(types)))
	tables = le.AppendUint32(tables, uint32(len(members)))
	tables = append(append(tables, typeRows...), memberRows...)

	md := []byte("BSJB\x01\x00\x01\x00\x00\x00\x00\x00")
	md = le.AppendUint32(md, 12)
	md = append(md, "v4.0.30319\x00\x00"...)
	md = le.AppendUint16(le.AppendUint16(md, 0), 2)
	start := uint32(len(md) + 8 + 4 + 8 + 12)
	md = le.AppendUint32(le.AppendUint32(md, start), uint32(len(tables)))
	md = append(md, "#~\x00\x00"...)
	md = le.AppendUint32(le.AppendUint32(md, start+uint32(len(tables))), uint32(heap.Len()))
	md = append(md, "#Strings\x00\x00\x00\x00"...)
	md = append(append(md, tables...), heap.Bytes()...)

	const rva, raw = 0x2000, 0x200
	cli := le.AppendUint32(nil, 72)
	cli = le.AppendUint32(cli, 2|5<<16)
	cli = le.AppendUint32(cli, rva+72)
	cli = le.AppendUint32(cli, uint32(len(md)))
	cli = append(cli, make([]byte, 72-len(cli))...)
	section := append(cli, md...)

	out := make([]byte, raw)
	copy(out, "MZ")
	le.PutUint32(out[0x3c:], 0x80)
	copy(out[0x80:], "PE\x00\x00")
	le.PutUint16(out[0x84:], 0x14c)
	le.PutUint16(out[0x86:], 1)
	le.PutUint16(out[0x94:], 224)
	le.PutUint16(out[0x96:], 0x2102)
	opt := out[0x98:]
	le.PutUint16(opt, 0x10b)
	le.PutUint32(opt[92:], 16)
	le.PutUint32(opt[96+14*8:], rva)
	le.PutUint32(opt[96+14*8+4:], 72)
	sec := out[0x98+224:]
	copy(sec, ".text")
	le.PutUint32(sec[8:], uint32(len(section)))
	le.PutUint32(sec[12:], rva)
	le.PutUint32(sec[16:], uint32(len(section)))
	le.PutUint32(sec[20:], raw)
	return append(out, section...)
}

// TestAssembly: a compiled handler is judged by what it refers to.
func TestAssembly(t *testing.T) {
	loads := library(t, "System.Web.HttpRequest.get_Form", "System.Convert.FromBase64String", "System.Reflection.Assembly.Load", "System.Object..ctor")
	r := Analyse("App_Web_x1.dll", loads)
	if r.Language != "pe" || r.Score < 8 || !slices.Contains(r.Can, LoadCode) {
		t.Errorf("an assembly that decodes the request and loads it: %+v", r)
	}
	if r := Analyse("App_Web_x2.dll", library(t, "System.Web.HttpRequest.get_Form", "System.Web.HttpResponse.Write", "System.Convert.FromBase64String")); r.Score != 0 {
		t.Errorf("a form: %+v", r)
	}
	many := []string{"System.Web.HttpRequest.get_Form", "System.Diagnostics.Process.Start"}
	for i := range maxMembers {
		many = append(many, "App.Model.Item.get_"+strings.Repeat("A", 1+i%7)+string(rune('a'+i%26)))
	}
	if r := Analyse("Site.dll", library(t, many...)); r.Score != 0 {
		t.Errorf("an application: %+v", r)
	}
	for n := range loads { // every truncation is read or refused
		Analyse("x.dll", loads[:n])
	}
}

func FuzzAssembly(f *testing.F) {
	f.Add(library(f, "System.Web.HttpRequest.get_Form", "System.Reflection.Assembly.Load"))
	f.Fuzz(func(t *testing.T, data []byte) {
		refs, ok := assembly(data)
		if !ok && len(refs.members)+len(refs.types) > 0 {
			t.Error("names from what is no assembly")
		}
		if len(refs.members) > len(data) {
			t.Errorf("%d members in %d bytes", len(refs.members), len(data))
		}
	})
}

// TestConfig: a web.config that IIS runs as a page is judged as one.
func TestConfig(t *testing.T) {
	data, err := os.ReadFile("testdata/web.config")
	if err != nil {
		t.Fatal(err)
	}
	if r := Analyse("web.config", data); r.Language != "asp" || r.Score < 8 {
		t.Errorf("%+v", r)
	}
	if r := Analyse("web.config", []byte(`<?xml version="1.0"?><configuration><system.web/></configuration>`)); r.Language != "" {
		t.Errorf("an ordinary web.config: %+v", r)
	}
}
