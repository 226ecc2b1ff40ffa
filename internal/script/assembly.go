package script

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"slices"
	"strings"
)

// references are the names that a .NET assembly uses of others: what its code
// can call, whatever it says itself.
type references struct {
	types   []string // System.Web.HttpRequest
	members []string // System.Web.HttpRequest.get_Form
}

// maxMembers is how many members the assembly of a page or of a few pages
// refers to; an application has more, and the power of all its parts.
const maxMembers = 260

// assembly reads the references of a managed PE file, by ECMA-335 partition II,
// 24.2 and 22: the TypeRef and MemberRef tables. ok is false for other files.
func assembly(b []byte) (references, bool) {
	md := metadata(b)
	if md == nil {
		return references{}, false
	}
	return tables(md)
}

// metadata finds the metadata root of a managed PE file.
func metadata(b []byte) []byte {
	f, err := pe.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	var dir pe.DataDirectory
	switch h := f.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		dir = h.DataDirectory[14]
	case *pe.OptionalHeader64:
		dir = h.DataDirectory[14]
	}
	at := func(rva uint32) []byte {
		for _, s := range f.Sections {
			if rva >= s.VirtualAddress && rva-s.VirtualAddress < s.Size {
				if off := uint64(s.Offset) + uint64(rva-s.VirtualAddress); off < uint64(len(b)) {
					return b[off:]
				}
			}
		}
		return nil
	}
	cli := at(dir.VirtualAddress)
	if dir.VirtualAddress == 0 || len(cli) < 16 {
		return nil
	}
	md := at(binary.LittleEndian.Uint32(cli[8:]))
	if size := binary.LittleEndian.Uint32(cli[12:]); uint64(size) < uint64(len(md)) {
		md = md[:size]
	}
	if len(md) < 20 || string(md[:4]) != "BSJB" {
		return nil
	}
	return md
}

// streams are the named parts of the metadata.
func streams(md []byte) map[string][]byte {
	out := map[string][]byte{}
	n := uint64(binary.LittleEndian.Uint32(md[12:]))
	if 16+n+4 > uint64(len(md)) {
		return out
	}
	count := int(binary.LittleEndian.Uint16(md[16+n+2:]))
	at := 16 + n + 4
	for range min(count, 16) {
		if at+8 > uint64(len(md)) {
			break
		}
		off, size := uint64(binary.LittleEndian.Uint32(md[at:])), uint64(binary.LittleEndian.Uint32(md[at+4:]))
		name, _, ok := bytes.Cut(md[at+8:min(uint64(len(md)), at+8+32)], []byte{0})
		if !ok || off > uint64(len(md)) {
			break
		}
		out[string(name)] = md[off:min(uint64(len(md)), off+size)]
		at += 8 + uint64(len(name)+4)&^3
	}
	return out
}

// tables reads TypeRef and MemberRef. The tables before them are passed by the
// size of their rows.
func tables(md []byte) (references, bool) {
	s := streams(md)
	t, names := s["#~"], s["#Strings"]
	if t == nil {
		t = s["#-"]
	}
	if len(t) < 24 || names == nil {
		return references{}, false
	}
	heap := func(bit byte) int {
		if t[6]&bit != 0 {
			return 4
		}
		return 2
	}
	str, guid, blob := heap(1), heap(2), heap(4)
	valid := binary.LittleEndian.Uint64(t[8:])
	rows := [64]int{}
	at := 24
	for i := range 64 {
		if valid>>i&1 == 1 {
			if at+4 > len(t) {
				return references{}, false
			}
			rows[i] = int(binary.LittleEndian.Uint32(t[at:]))
			at += 4
		}
	}
	index := func(bits int, of ...int) int { // a simple index has bits 0
		for _, i := range of {
			if rows[i] >= 1<<(16-bits) {
				return 4
			}
		}
		return 2
	}
	resolution := index(2, 0, 0x1a, 0x23, 1)
	typeDefOrRef := index(2, 2, 1, 0x1b)
	parent := index(3, 2, 1, 0x1a, 6, 0x1b)
	size := [11]int{
		2 + str + 3*guid, resolution + 2*str, 4 + 2*str + typeDefOrRef + index(0, 4) + index(0, 6), index(0, 4), 2 + str + blob, index(0, 6),
		8 + str + blob + index(0, 8), index(0, 8), 4 + str, index(0, 2) + typeDefOrRef, parent + str + blob,
	}
	var r references
	number := func(b []byte, n int) uint32 {
		if n == 4 {
			return binary.LittleEndian.Uint32(b)
		}
		return uint32(binary.LittleEndian.Uint16(b))
	}
	name := func(i uint32) string {
		if uint64(i) >= uint64(len(names)) {
			return ""
		}
		n, _, _ := bytes.Cut(names[i:min(uint64(len(names)), uint64(i)+256)], []byte{0})
		return string(n)
	}
	for table := range size {
		for range rows[table] {
			if at+size[table] > len(t) || len(r.members) > 1<<16 {
				return r, true
			}
			row := t[at:]
			at += size[table]
			switch table {
			case 1:
				r.types = append(r.types, name(number(row[resolution+str:], str))+"."+name(number(row[resolution:], str)))
			case 10:
				class := number(row, parent)
				full := name(number(row[parent:], str))
				if i := int(class>>3) - 1; class&7 == 1 && i >= 0 && i < len(r.types) {
					full = r.types[i] + "." + full
				}
				r.members = append(r.members, full)
			}
		}
	}
	return r, true
}

// analyseAssembly judges a compiled page or handler by what it refers to.
func analyseAssembly(b []byte) Result {
	refs, ok := assembly(b)
	if !ok {
		return Result{}
	}
	has := func(names ...string) bool {
		for _, m := range refs.members {
			for _, n := range names {
				if strings.HasSuffix(m, n) {
					return true
				}
			}
		}
		return false
	}
	m := newMachine("pe", nil)
	if slices.Contains(refs.types, "System.Web.IHttpHandler") || slices.Contains(refs.types, "System.Web.IHttpModule") {
		m.fact(Handler)
	}
	for fact, names := range map[string][]string{
		RequestInput: {"HttpRequest.get_Form", "HttpRequest.get_Item", "HttpRequest.get_Params", "HttpRequest.get_QueryString", "HttpRequest.get_Headers", "HttpRequest.get_Cookies",
			"HttpRequest.BinaryRead", "HttpRequest.get_InputStream", "HttpRequest.get_Files", "HttpListenerRequest.get_InputStream"},
		LoadCode:     {"Reflection.Assembly.Load", "AppDomain.Load", "CodeDomProvider.CompileAssemblyFromSource", "ICodeCompiler.CompileAssemblyFromSource", "JScript.Eval.JScriptEvaluate"},
		Base64:       {"Convert.FromBase64String"},
		Cipher:       {"SymmetricAlgorithm.CreateDecryptor", "ICryptoTransform.TransformFinalBlock"},
		StartProcess: {"Diagnostics.Process.Start", "ProcessStartInfo.set_FileName"},
		RSAVerify:    {"RSACryptoServiceProvider.VerifyData", "RSACryptoServiceProvider.VerifyHash"},
		RSA:          {"RSA.FromXmlString", "AsymmetricAlgorithm.FromXmlString"},
		SetTimes:     {"File.SetLastWriteTime", "File.SetCreationTime", "FileSystemInfo.set_LastWriteTime", "FileSystemInfo.set_CreationTime"},
		WriteFile:    {"File.WriteAllBytes", "File.WriteAllText", "HttpPostedFile.SaveAs"},
		ListFiles:    {"Directory.GetFiles", "DirectoryInfo.GetFiles", "Directory.GetDirectories", "DirectoryInfo.GetDirectories"},
		Lookup:       {"Dns.GetHostEntry", "Dns.GetHostAddresses"},
	} {
		if has(names...) {
			m.fact(fact)
		}
	}
	r := Result{Language: "pe", Can: m.can()}
	j := &judgement{m: m, size: len(b)}
	if j.has(RequestInput) && len(refs.members) <= maxMembers {
		switch {
		case j.has(LoadCode) && (j.has(Base64) || j.has(Cipher)):
			j.add(9, false, 0, "is a small assembly that reads requests, decodes and loads code")
		case j.has(LoadCode):
			j.add(6, false, 0, "is a small assembly that reads requests and loads code")
		}
		if j.has(StartProcess) {
			j.add(8, false, 0, "is a small assembly that reads requests and starts programs")
		}
		if j.has(SetTimes, WriteFile, ListFiles) {
			j.add(6, false, 0, "is a small assembly that manages files and sets their times as requests say")
		}
	}
	reasons := j.reasons
	if h := j.handler(); total(h) > total(reasons) && len(refs.members) <= maxMembers && j.has(Handler) {
		reasons = h
	}
	r.Score = total(reasons)
	for _, x := range reasons {
		r.Why = append(r.Why, x.String())
	}
	return r
}
