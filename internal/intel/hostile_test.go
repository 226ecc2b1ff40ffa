package intel

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"testing/fstest"

	"longwatch/internal/finding"
	"longwatch/internal/intel/index"
	"longwatch/internal/record"
)

// FuzzFile loads files whose values, descriptions and lists may be anything.
// Whatever of them is taken can be listed, looked up and matched.
func FuzzFile(f *testing.F) {
	ind := Indicator{Source: "s", Desc: "d", Phases: []string{"a:b"}, Confidence: 50, Severity: finding.Medium, Seen: record.Span{Start: 1, End: 2}}
	meta, note, times := appendMeta(nil, &ind), appendNote(nil, &ind), appendTimes(nil, &ind)
	f.Add(uint8(Domain), []byte("evil.test"), meta, note, times, []byte(`{"OneLabel":true,"V4":[8]}`), []byte(`[{"Pattern":"[url:value = 'x']"}]`), []byte(`[{"Name":"n","Values":{"cidr":["1.2.3.0/24"]}}]`))
	f.Add(uint8(Address), []byte{1, 2, 3}, meta, note, times, []byte(`{"Rows":[9,9,9,9],"Fragments":[1,99999999]}`), []byte(`null`), []byte(`[]`))
	f.Add(uint8(CommandLine), []byte("whoami"), []byte{0xff}, []byte{0x80}, []byte{1}, []byte(`{"V4":[-1,400],"V6":[128],"Fragments":[1,1,2]}`), []byte(`[]`), []byte(`[{"Name":"","Values":{"regex":["("]}}]`))
	f.Fuzz(func(t *testing.T, kind uint8, key, meta, note, times, facts, patterns, lists []byte) {
		b := index.NewBuilder([2]uint64{1, 2})
		if !b.Add(kind, key, index.Row{Meta: b.Intern(meta), Note: b.Intern(note), Times: b.Intern(times), Line: 7}) {
			return
		}
		x, _ := b.Seal()
		for name, data := range map[string][]byte{factsExtra: facts, patternsExtra: patterns, benignExtra: lists, reportExtra: []byte("{}")} {
			x.SetExtra(name, data)
		}
		var file bytes.Buffer
		if err := x.Write(&file, [32]byte{}); err != nil {
			t.Fatal(err)
		}
		set, report := Load(FS(fstest.MapFS{"x.lwi": {Data: file.Bytes()}}, "x.lwi"))
		if len(set.parts) == 1 && len(report.Reasons) == 0 {
			t.Fatal("a file is left out without a reason")
		}
		for i := range set.All {
			if i.Kind == 0 || i.Kind >= kinds || i.Confidence > 100 || i.Severity > finding.Critical {
				t.Fatalf("an indicator out of bounds: %+v", i)
			}
			set.Lookup(i.Value)
		}
		r := &lookup{Query: string(key), Path: string(key), URI: "/", Host: "evil.test", Conn: record.Conn{RespH: netip.MustParseAddr("1.2.3.4")}}
		for _, one := range matches(set, r) {
			if one.ID == "" {
				t.Fatal("a finding without id")
			}
		}
		set.Benign(string(key))
		set.Status(0)
	})
}

// FuzzDescription: what can be read of the texts of a row is written the same
// way again.
func FuzzDescription(f *testing.F) {
	ind := Indicator{Source: "s", Desc: "d", URL: "u", Links: []string{"x"}, Rated: true, Port: 80, From: 5}
	f.Add(appendMeta(nil, &ind), appendNote(nil, &ind), appendTimes(nil, &ind))
	f.Fuzz(func(t *testing.T, meta, note, times []byte) {
		var a, b Indicator
		if a.parse(meta, note, times) != nil {
			return
		}
		if err := b.parse(appendMeta(nil, &a), appendNote(nil, &a), appendTimes(nil, &a)); err != nil || fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) {
			t.Fatalf("%+v is read back as %+v: %v", a, b, err)
		}
	})
}
