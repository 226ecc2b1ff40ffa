package intel

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// feeds are files of all the formats, with all that a row can say.
var feeds = map[string]string{
	"a.intel": zeekHead + "1.2.3.4\tIntel::ADDR\tA\tF\tone\n1.2.3.4\tIntel::ADDR\tB\tF\ttwo\nevil.test\tIntel::DOMAIN\tA\tF\tone\nx\tIntel::PLANET\tA\tF\td\n9.0.0.0/8\tIntel::SUBNET\tA\tF\tn\n",
	"b.csv":   "ioc,first_seen,last_seen,valid_until,confidence,comment,reference\nmore.test,2024-01-01,2024-02-01,2024-06-01,77,kept,https://more.test/why\n",
	"c.json": `{"type":"bundle","id":"bundle--1","objects":[{"type":"indicator","id":"indicator--1","name":"n","pattern_type":"stix","pattern":"[ipv4-addr:value = '5.6.7.8']",
		"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],"kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"exfiltration"}],"valid_from":"2024-01-01T00:00:00Z","confidence":66},
		{"type":"indicator","id":"indicator--2","pattern_type":"stix","pattern":"[domain-name:value = 'p.test' AND domain-name:value != 'q.test']"}]}`,
	"d.json":          `{"name":"harmless","type":"hostname","list":["good.test"]}`,
	"e.json":          `{"name":"nets","type":"cidr","list":["5.6.0.0/16","2001:db8::/32"]}`,
	"f.json":          `{"name":"odd","type":"regex","list":["/^re[0-9]+$/i"]}`,
	"indicators.yaml": "profile: camp\nindicators:\n  - {type: command_line, value: 'whoami /all', source: s, weight: strong, dossier: [OP-05], title: T, role: originator}\n",
}

// feedDir writes feeds to a folder.
func feedDir(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBuiltFileSaysTheSame: all that is known of all values is the same when it
// comes out of a file that was built.
func TestBuiltFileSaysTheSame(t *testing.T) {
	dir := feedDir(t, feeds)
	read, readReport := Load(Path(dir))
	name := filepath.Join(t.TempDir(), "x.lwi")
	b, err := Build(name, "test", false, Path(dir))
	if err != nil || b.Fresh {
		t.Fatal(b, err)
	}
	mapped, report := Load(Path(name))
	defer func() { _ = mapped.Close() }()
	if err := mapped.Verify(); err != nil {
		t.Fatal(err)
	}
	if report.Rows != readReport.Rows || report.Loaded != readReport.Loaded || report.Refused != readReport.Refused || !slices.Equal(report.Reasons, readReport.Reasons) || len(report.Files) != len(readReport.Files) {
		t.Errorf("report %+v\nwant %+v", report, readReport)
	}
	all := func(s *Set) (out []string) {
		for i := range s.All {
			out = append(out, fmt.Sprintf("%+v", i))
		}
		return out
	}
	if got, want := all(mapped), all(read); !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("indicators\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, want := fmt.Sprint(mapped.Patterns()[0].Indicator), fmt.Sprint(read.Patterns()[0].Indicator); got != want || mapped.Patterns()[0].Pattern.Source != read.Patterns()[0].Pattern.Source {
		t.Errorf("pattern %s, want %s", got, want)
	}
	for _, v := range []string{"www.good.test", "5.6.7.8", "2001:db8::1", "RE12", "5.7.0.0", "bad.test"} {
		list, ok := mapped.Benign(v)
		if want, wantOK := read.Benign(v); list != want || ok != wantOK {
			t.Errorf("%s is on %q, want %q", v, list, want)
		}
	}
	for _, r := range []record.Record{
		&lookup{Query: "www.evil.test"}, &lookup{Conn: record.Conn{RespH: netip.MustParseAddr("9.1.2.3")}}, &lookup{Conn: record.Conn{RespH: netip.MustParseAddr("1.2.3.4")}}, &lookup{Query: "more.test"},
	} {
		got, want := matches(mapped, r), matches(read, r)
		if fmt.Sprint(got) != fmt.Sprint(want) || len(got) == 0 {
			t.Errorf("findings %v\nwant %v", got, want)
		}
	}
	again, err := Build(name, "test", false, Path(dir))
	if err != nil || !again.Fresh || again.Values != b.Values || again.Size != b.Size || again.Report.Loaded != b.Report.Loaded {
		t.Errorf("the same feeds: %+v, %v", again, err)
	}
	first, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if forced, err := Build(name, "test", true, Path(dir)); err != nil || forced.Fresh {
		t.Errorf("forced: %+v, %v", forced, err)
	}
	if second, err := os.ReadFile(name); err != nil || string(first) != string(second) {
		t.Error("the same feeds make another file")
	}
	if err := os.WriteFile(filepath.Join(dir, "g.txt"), []byte("new.test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := Build(name, "test", false, Path(dir)); err != nil || b.Fresh {
		t.Errorf("another feed: %+v, %v", b, err)
	}
}

// TestSeveralParts: a value in memory and in two files is one indicator with all
// of its sources.
func TestSeveralParts(t *testing.T) {
	var sources []Source
	for _, name := range []string{"x", "y"} {
		out := filepath.Join(t.TempDir(), name+Suffix)
		dir := feedDir(t, map[string]string{name + ".intel": zeekHead + "evil.test\tIntel::DOMAIN\t" + name + "\tF\td\n" + name + ".test\tIntel::DOMAIN\t" + name + "\tF\td\nnet user " + name + "\tIntel::COMMAND_LINE\ts\tF\td\n"})
		if _, err := Build(out, "test", false, Path(dir)); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, Path(out))
	}
	sources = append(sources, Path(filepath.Join(feedDir(t, map[string]string{"z.intel": zeekHead + "evil.test\tIntel::DOMAIN\tz\tF\td\n"}), "z.intel")))
	set, report := Load(sources...)
	defer func() { _ = set.Close() }()
	if report.Refused != 0 || report.Loaded != 7 || set.Len() != 7 {
		t.Fatalf("%+v", report)
	}
	var got []string
	for _, f := range matches(set, &lookup{Query: "evil.test"}) {
		got = append(got, f.Detector)
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"intel:x", "intel:y", "intel:z"}) {
		t.Errorf("found by %v", got)
	}
	n := 0
	for range set.groups {
		n++
	}
	if n != 5 {
		t.Errorf("%d values, want 5", n)
	}
	merged := filepath.Join(t.TempDir(), "m.lwi")
	if b, err := Build(merged, "test", false, sources...); err != nil || b.Values != 5 || b.Report.Loaded != 7 {
		t.Errorf("one of them all: %+v, %v", b, err)
	}
}

// TestDamagedFile: a file that is cut off is refused with the reason and the
// rest is used.
func TestDamagedFile(t *testing.T) {
	dir := feedDir(t, feeds)
	name := filepath.Join(t.TempDir(), "x.lwi")
	if _, err := Build(name, "test", false, Path(dir)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	set, report := Load(Path(name), Path(filepath.Join(dir, "a.intel")))
	if set.Len() == 0 || len(report.Reasons) == 0 || !strings.Contains(report.Files[0].Format, "damaged") {
		t.Errorf("%+v", report)
	}
}

// TestReplacedWhileUsed: readers that look values up all the time see the file
// of before or the one of after, whole, while it is replaced again and again.
func TestReplacedWhileUsed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.lwi")
	build := func(n int) {
		t.Helper()
		var b strings.Builder
		b.WriteString(zeekHead)
		for i := range 200 {
			fmt.Fprintf(&b, "host%d.test\tIntel::DOMAIN\tversion-%d\tF\td\n", i, n)
		}
		dir := feedDir(t, map[string]string{"a.intel": b.String()})
		if _, err := Build(name, "test", false, Path(dir)); err != nil {
			t.Fatal(err)
		}
	}
	build(0)
	s, err := OpenShared(name)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Refresh(); changed || err != nil {
		t.Fatal("a file that stays is taken anew", err)
	}
	var stop atomic.Bool
	var looked atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				set, done := s.Borrow()
				m := set.Matcher()
				var found []finding.Finding
				for k := range 20 {
					m.Match(&lookup{Query: fmt.Sprintf("a.host%d.test", (i+k)%200)}, func(f finding.Finding) { found = append(found, f) })
				}
				done()
				for _, f := range found { // kept beyond the set
					if f.Detector != found[0].Detector || !strings.HasPrefix(f.Detector, "intel:version-") {
						t.Errorf("%q beside %q out of one set", f.Detector, found[0].Detector)
					}
				}
				if len(found) != 20 {
					t.Errorf("%d of 20 found", len(found))
				}
				looked.Add(1)
			}
		})
	}
	held, release := s.Borrow()
	for n := 1; n <= 20; n++ {
		build(n)
		if changed, err := s.Refresh(); !changed || err != nil {
			t.Fatal(n, changed, err)
		}
		for before := looked.Load(); looked.Load() < before+8; { // let the readers meet it
			set, done := s.Borrow()
			if set == held {
				t.Error("the set of before is lent out")
			}
			done()
		}
	}
	if err := os.WriteFile(name+".bad", []byte("LWINTEL\nnot really"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".bad", name); err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Refresh(); changed || err == nil {
		t.Error("a damaged file takes the place of a whole one")
	}
	stop.Store(true)
	wg.Wait()
	if got := held.Lookup("host7.test"); len(got) != 1 || got[0].Source != "version-0" { // mapped as long as it is held
		t.Errorf("the first set says %v", got)
	}
	release()
	if held.parts[1].Close() != nil {
		t.Error("closing twice fails")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if set, done := s.Borrow(); set != nil {
		done()
		t.Error("a closed set is lent out")
	}
}

// TestMappedMatchingAllocatesNothing is what a hunt does with a mapped file.
func TestMappedMatchingAllocatesNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.lwi")
	if _, err := Build(name, "test", false, Path(feedDir(t, feeds))); err != nil {
		t.Fatal(err)
	}
	set, _ := Load(Path(name))
	defer func() { _ = set.Close() }()
	c := &network.Conn{State: "SF"}
	c.OrigH, c.RespH = netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("192.0.2.4")
	m := set.Matcher()
	if n := testing.AllocsPerRun(100, func() { m.Match(c, func(finding.Finding) { t.Fatal("found") }) }); n != 0 {
		t.Errorf("%v allocations for a record that matches nothing", n)
	}
}
