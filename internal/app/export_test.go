package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/app"
	"longwatch/internal/intel"
	"longwatch/internal/share"
)

const exportFeed = `type,value,description,source,confidence,tlp
ip,198.51.100.7,a server,first,80,green
ip,198.51.100.7,the same,second,40,
ip,2001:db8::7,another,first,80,
cidr,203.0.113.0/24,its network,first,60,
domain,c2.example,a name,first,90,
url,http://c2.example/a/b,a page,first,90,
email,eve@c2.example,a sender,first,50,
filename,dropper.exe,a file,first,50,
md5,d41d8cd98f00b204e9800998ecf8427e,a digest,first,70,
sha256,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,a digest,first,70,
user_agent,check/1.0,an agent,first,30,
ja3,d41d8cd98f00b204e9800998ecf8427e,a hello,first,30,
hassh,d41d8cd98f00b204e9800998ecf8427e,a hello,first,30,
domain,quiet.example,said in trust,first,90,red
`

// values are the different indicators of a file.
func values(t *testing.T, path string, takes func(kind string) bool) []string {
	t.Helper()
	set, report := intel.Load(intel.Path(path))
	if report.Refused > 0 {
		t.Errorf("%s: %v", path, report.Reasons)
	}
	var out []string
	for i := range set.All {
		if takes(i.Kind.String()) && i.Marking != "red" {
			out = append(out, fmt.Sprint(i.Kind, " ", i.Value))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestExportIsReadBack: what is exported loads as the same indicators, in every
// format that intel reads, and in no case what is marked too high.
func TestExportIsReadBack(t *testing.T) {
	dir := t.TempDir()
	feed := write(t, filepath.Join(dir, "feed.csv"), exportFeed)
	for format, kinds := range map[string]int{"csv": 9, "stix": 7, "misp": 9, "zeek": 6, "list": 6} {
		f, err := share.FormatNamed(format)
		if err != nil {
			t.Fatal(err)
		}
		takes := func(kind string) bool {
			return f.Takes(kind) && (format != "zeek" || kind != "user_agent" && kind != "software")
		} // Zeek calls it software
		want := values(t, feed, takes)
		x := app.IntelExport{Paths: []string{feed}, Format: format, TLP: share.Amber, Markings: []string{"green", "none"}}
		var b bytes.Buffer
		done, err := x.Run(&b)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		got := values(t, write(t, filepath.Join(dir, format, f.File), b.String()), takes)
		if d := cmp.Diff(want, got); d != "" || len(want) < kinds {
			t.Errorf("%s, %d values (-feed +export):\n%s", format, len(want), d)
		}
		if left := done.LeftOut["hassh"]; (left == 1) == f.Takes("hassh") || done.Indicators != 13 {
			t.Errorf("%s: %+v", format, done)
		}
		if strings.Contains(b.String(), "quiet.example") {
			t.Errorf("%s holds what is TLP:RED", format)
		}
	}
}

// TestExportRefuses: what is marked more restricted than may be written stops
// the export before a byte is out, and the filters choose what is written.
func TestExportRefuses(t *testing.T) {
	feed := write(t, filepath.Join(t.TempDir(), "feed.csv"), exportFeed)
	var b bytes.Buffer
	x := app.IntelExport{Paths: []string{feed}, Format: "list", TLP: share.Amber}
	if _, err := x.Run(&b); !errors.Is(err, share.ErrRefused) || b.Len() > 0 || !strings.Contains(err.Error(), "quiet.example") {
		t.Errorf("%v, %q", err, b.String())
	}
	x.Markings, x.Kinds, x.Least, x.Sources = []string{"none"}, []string{"domain", "address"}, 85, []string{"first"}
	if _, err := x.Run(&b); err != nil || b.String() != "c2.example\n" {
		t.Errorf("%v, %q", err, b.String())
	}
}

// TestExportOfSigns: nobody blocks what a source tells as context, what a warning
// list beside the feed calls harmless, or what every network has inside.
func TestExportOfSigns(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "event.json"), `{"Event": {"info": "x", "Attribute": [{"type": "ip-dst", "value": "198.51.100.7", "to_ids": true}, {"type": "ip-dst", "value": "198.51.100.8", "to_ids": false},
{"type": "ip-dst", "value": "10.1.2.3", "to_ids": true}, {"type": "ip-dst", "value": "203.0.113.5", "to_ids": true}]}}`)
	write(t, filepath.Join(dir, "list.json"), `{"name": "ours", "type": "cidr", "list": ["203.0.113.0/24"]}`)
	var b bytes.Buffer
	x := app.IntelExport{Paths: []string{dir}, Format: "list", TLP: share.Amber}
	done, err := x.Run(&b)
	if err != nil || b.String() != "198.51.100.7\n" || done.Context != 2 || done.Harmless != 1 {
		t.Errorf("%v %q %+v", err, b.String(), done)
	}
}
