package attachment

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/ole/oletest"
)

type entry struct{ name, data string }

func zipped(t testing.TB, files ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m, err := w.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write([]byte(f.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packed(t testing.TB, files ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	w := tar.NewWriter(g)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.data)); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	_ = g.Close()
	return b.Bytes()
}

// vnum is a RAR 5 number below 128 a byte.
func rar5(blocks ...string) []byte {
	out := []byte("Rar!\x1a\x07\x01\x00")
	for _, s := range blocks {
		out = append(out, 0, 0, 0, 0, byte(len(s)))
		out = append(out, s...)
	}
	return out
}

const lnk = magicLNK + "\xc0\x00\x00\x00\x00\x00\x00\x46"

func TestLook(t *testing.T) {
	inner := string(zipped(t, entry{"Invoice.exe", "MZ inert"}))
	for _, c := range []struct {
		file    string
		data    []byte
		members []string
		traits  []string
	}{
		{"Invoice.zip", zipped(t, entry{"Invoice.exe", "MZ"}, entry{"pic1.png", ""}), []string{"Invoice.zip!Invoice.exe", "Invoice.zip!pic1.png"}, []string{Archive, Program, ProgramNamed}},
		{"photos.zip", zipped(t, entry{"a/1.jpg", "x"}, entry{"a/2.jpg", "y"}), []string{"photos.zip!a/1.jpg", "photos.zip!a/2.jpg"}, []string{Archive}},
		{"tools.zip", zipped(t, entry{"tools.exe", "MZ"}, entry{"b.exe", "MZ"}), nil, []string{Archive, Program}},
		{"a.zip", zipped(t, entry{"b.zip", inner}), []string{"a.zip!b.zip", "a.zip!b.zip!Invoice.exe"}, []string{Archive, Nested, Program}},
		{"invoice.zip", zipped(t, entry{"invoice.zip", inner}), nil, []string{Archive, Nested, Program, ProgramNamed}},
		{"a.zip", zipped(t, entry{"report.pdf.exe", "MZ"}), nil, []string{Archive, MemberDouble, Program}},
		{"a.zip", zipped(t, entry{"report.pdf                .scr", "MZ"}), nil, []string{Archive, MemberDouble, Program}},
		{"a.zip", zipped(t, entry{"photo\u202egpj.exe", "MZ"}), nil, []string{Archive, MemberTurned, Program}},
		{"a.zip", zipped(t, entry{"report.pdf", "MZ\x90"}), nil, []string{Archive, MemberDisguise, Program}},
		{"a.zip", zipped(t, entry{"report.lnk", lnk}), nil, []string{Archive, Program, Shortcut}},
		{"plan.tar.gz", packed(t, entry{"plan.js", "x"}), []string{"plan.tar.gz!plan.js"}, []string{Archive, Program, ProgramNamed}},
		{"report.pdf.exe", []byte("MZ"), nil, []string{NameDouble, NameProgram}},
		{"a.lnk", []byte(lnk), nil, []string{NameProgram, LNK}},
		// RAR 5.0 archive format: main header, then a file header with name.
		{"plan.rar", rar5("\x01\x00\x00", "\x02\x00\x00\x05\x20\x00\x01\x08plan.exe", "\x05\x00\x00"), []string{"plan.rar!plan.exe"}, []string{Archive, Program, ProgramNamed}},
		{"plan.rar", rar5("\x01\x00\x00", "\x02\x01\x03\x00\x05\x20\x00\x01\x08plan.doc\x02\x01\x00"), []string{"plan.rar!plan.doc"}, []string{Archive, Encrypted}},
		{"plan.rar", rar5("\x04\x00\x00\x00\x00"), nil, []string{Archive, Encrypted, Unlisted}},
		// RAR 4 technote: archive header, file header.
		{"p.rar", []byte("Rar!\x1a\x07\x00\x00\x00\x73\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00" +
			"\x00\x00\x74\x04\x00\x25\x00\x00\x00\x00\x00\x09\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x1d\x30\x05\x00\x20\x00\x00\x00p.scr"), []string{"p.rar!p.scr"}, []string{Archive, Encrypted, Program, ProgramNamed}},
		// MS-CAB: header of 36 bytes, one file entry at 36.
		{"a.cab", []byte("MSCF\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x24\x00\x00\x00\x00\x00\x00\x00\x03\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" +
			"\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00x.js\x00"), []string{"a.cab!x.js"}, []string{Archive, Program}},
		{"a.ace", []byte("0000000**ACE**000"), nil, []string{Archive, Unlisted}},
		{"a.zip", []byte("PK\x03\x04 and no more"), nil, []string{Archive, Unlisted}},
		{"a.docm", zipped(t, entry{"[Content_Types].xml", "x"}, entry{"word/vbaProject.bin", "x"}), nil, []string{Macro}},
		{"a.docx", zipped(t, entry{"[Content_Types].xml", "x"}, entry{"word/_rels/settings.xml.rels", `<Relationships><Relationship Id="1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="https://evil.test/t.dotm" TargetMode="External"/></Relationships>`}), nil, []string{Template}},
		{"a.docx", zipped(t, entry{"[Content_Types].xml", "x"}, entry{"word/_rels/document.xml.rels", `<Relationships><Relationship Id="1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://example.org/" TargetMode="External"/></Relationships>`}), nil, nil},
		{"a.doc", oletest.Build(oletest.Storage{Storages: []oletest.Storage{{Name: "Macros", Streams: []oletest.Stream{{Name: "x", Data: []byte("x")}}}}}), nil, []string{Macro}},
		{"a.docx", oletest.Build(oletest.Storage{Streams: []oletest.Stream{{Name: "EncryptedPackage", Data: []byte("x")}}}), nil, []string{Locked}},
		// [MS-XLS]: BOF, BoundSheet8 of a macro sheet, EOF.
		{"a.xls", oletest.Build(oletest.Storage{Streams: []oletest.Stream{{Name: "Workbook", Data: []byte("\x09\x08\x02\x00\x00\x06\x85\x00\x09\x00\x00\x00\x00\x00\x00\x01\x01\x00A\x0a\x00\x00\x00")}}}), nil, []string{Macro4}},
		{"a.xls", oletest.Build(oletest.Storage{Streams: []oletest.Stream{{Name: "Workbook", Data: []byte("\x09\x08\x02\x00\x00\x06\x85\x00\x09\x00\x00\x00\x00\x00\x00\x00\x01\x00A\x0a\x00\x00\x00")}}}), nil, nil},
		{"a.rtf", []byte(`{\rtf1{\*\template https://evil.test/x}{\object\objupdate{\*\objdata 0105}}}`), nil, []string{Object, Template}},
		{"a.pdf", []byte("%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"), nil, []string{PDFScript}},
		{"a.pdf", []byte("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj"), nil, nil},
		{"a.svg", []byte(`<svg xmlns="x"><script>1</script></svg>`), nil, []string{SVGScript}},
		{"a.htm", []byte(`<html></html>`), nil, []string{Page}},
		{"a.one", append(bytes.Clone(oneNote), embeddedFile...), nil, []string{Note}},
	} {
		r := Look(c.file, c.data)
		slices.Sort(c.traits)
		if !slices.Equal(r.Traits, c.traits) {
			t.Errorf("%s: traits %q, want %q (%q)", c.file, r.Traits, c.traits, r.Members)
		}
		if c.members != nil && !slices.Equal(r.Members, c.members) {
			t.Errorf("%s: members %q, want %q", c.file, r.Members, c.members)
		}
	}
}

// TestWritten: archives that other programs wrote; testdata/README.md says which.
func TestWritten(t *testing.T) {
	for _, c := range []struct {
		file    string
		members []string
		traits  []string
	}{
		{"Plan.7z.hex", []string{"Plan.7z!Plan.exe", "Plan.7z!pic1.png"}, []string{Archive, Program, ProgramNamed}},
		{"locked.7z.hex", []string{"locked.7z!notes.txt"}, []string{Archive, Encrypted}},
		{"hidden.7z.hex", nil, []string{Archive, Encrypted, Unlisted}},
		{"Plan.iso.hex", []string{"Plan.iso!Plan.lnk", "Plan.iso!docs/Ärzte plan.dll"}, []string{Archive, DiskImage, Program, Shortcut}},
	} {
		b := unhex(t, c.file)
		r := Look(strings.TrimSuffix(c.file, ".hex"), b)
		slices.Sort(r.Members)
		slices.Sort(c.traits)
		if !slices.Equal(r.Traits, c.traits) || c.members != nil && !slices.Equal(r.Members, c.members) {
			t.Errorf("%s: traits %q, want %q; members %q, want %q", c.file, r.Traits, c.traits, r.Members, c.members)
		}
	}
}

// unhex reads a file of hexadecimal lines; "OFFSET:" puts what follows there.
func unhex(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for line := range strings.Lines(string(text)) {
		if at, rest, ok := strings.Cut(line, ":"); ok {
			n := 0
			for _, d := range at {
				n = 10*n + int(d-'0')
			}
			out = append(out, make([]byte, n-len(out))...)
			line = rest
		}
		b, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

// FuzzLook: hostile files neither panic nor report beyond the bounds, and the
// same bytes give the same report.
func FuzzLook(f *testing.F) {
	f.Add("a.zip", zipped(f, entry{"a.exe", "MZ"}))
	f.Add("a.tgz", packed(f, entry{"a.exe", "MZ"}))
	f.Add("a.rar", rar5("\x01\x00\x00", "\x02\x00\x00\x05\x20\x00\x01\x08plan.exe"))
	f.Add("a.pdf", []byte("%PDF-1.7 /JavaScript "))
	for _, n := range []string{"Plan.7z.hex", "locked.7z.hex", "hidden.7z.hex", "Plan.iso.hex"} {
		f.Add(n, unhex(f, n))
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		r := Look(name, b)
		if len(r.Members) > MaxMembers || !slices.IsSorted(r.Traits) {
			t.Errorf("%d members, traits %q", len(r.Members), r.Traits)
		}
		if again := Look(name, b); !slices.Equal(again.Members, r.Members) || !slices.Equal(again.Traits, r.Traits) {
			t.Errorf("twice: %v and %v", r, again)
		}
	})
}
