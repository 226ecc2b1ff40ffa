package app_test

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/retro"
	"longwatch/internal/simulate"
)

// huntInto hunts evidence and writes the case.
func huntInto(t *testing.T, evidence, out string, feeds ...string) *casefolder.Case {
	t.Helper()
	c := app.Default()
	c.Paths, c.Out, c.Intel = []string{evidence}, out, feeds
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.WriteCase(cf, out); err != nil {
		t.Fatal(err)
	}
	return cf
}

// look looks a second time at one input.
func look(t *testing.T, r app.Retro, input string) *retro.Result {
	t.Helper()
	r.Inputs, r.Jobs, r.Memory = []string{input}, 2, 256<<20
	results, err := r.Run(t.Context(), silent{})
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sums are the digests of all files of a folder.
func sums(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = sha256.Sum256(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// claims are findings without what records leave out: digits of their times,
// and certificates that came again within a day.
func claims(list []*finding.Finding) []string {
	var out []string
	for _, f := range list {
		first := ""
		if len(f.Refs) > 0 {
			first = casefolder.Place(f.Refs[0])
		}
		out = append(out, f.ID+" "+f.Detector+" "+f.Severity.String()+" "+f.Start.Std().Format("2006-01-02 15:04")+" "+first)
	}
	slices.Sort(out)
	return out
}

// TestRetroFindsWhatAHuntWould: a feed compared with the records of a case
// finds, and joins, what a hunt with that feed finds in the evidence, and the
// old case stays as it was.
func TestRetroFindsWhatAHuntWould(t *testing.T) {
	dir := t.TempDir()
	evidence := filepath.Join(dir, "evidence")
	if _, err := simulate.Write("op-512", evidence, 3, simulate.Options{}); err != nil {
		t.Fatal(err)
	}
	feed := write(t, filepath.Join(dir, "new.csv"), "value,description,confidence\nopenstreetmap.org,as if,90\nw3wp.exe,as if,60\n")
	bundle := write(t, filepath.Join(dir, "pattern.json"), `{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[{"type":"indicator","spec_version":"2.1",
"id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","valid_from":"2020-01-01T00:00:00Z",
"pattern_type":"stix","pattern":"[domain-name:value LIKE '%zoom.us'] FOLLOWEDBY [domain-name:value LIKE '%google.com']","confidence":85,"name":"in order"}]}`)
	want := huntInto(t, evidence, filepath.Join(dir, "with"), feed, bundle)
	old := huntInto(t, evidence, filepath.Join(dir, "without"))
	before := sums(t, filepath.Join(dir, "without"))
	got := look(t, app.Retro{Intel: []string{feed, bundle}, Out: filepath.Join(dir, "again")}, filepath.Join(dir, "without"))
	if d := cmp.Diff(claims(want.Findings), claims(got.After.Findings)); d != "" {
		t.Errorf("findings (-hunt +retro):\n%s", d)
	}
	if n := len(want.Findings) - len(old.Findings); n < 3 || len(got.New) != n {
		t.Errorf("%d new findings, a hunt has %d more", len(got.New), n)
	}
	single := 0
	for _, h := range got.New {
		if f := h.Finding; f.Listed.Indicator != "" && len(h.Files) > 0 && len(f.Refs) > 0 && f.Start != 0 && f.End >= f.Start {
			single++
		}
	}
	if single < 2 {
		t.Errorf("%d of the new findings say what was listed, when, where in the evidence and in which file of records", single)
	}
	for i := range want.Incidents {
		w, g := want.Incidents[i], got.After.Incidents[i]
		if w.ID != g.ID || w.Title != g.Title || len(w.Findings) != len(g.Findings) || !cmp.Equal(w.Attribution, g.Attribution) {
			t.Errorf("incident %s %q is %s %q", w.ID, w.Title, g.ID, g.Title)
		}
	}
	if !cmp.Equal(want.Chains, got.After.Chains) {
		t.Error("chains of processes differ")
	}
	if d := cmp.Diff(before, sums(t, filepath.Join(dir, "without"))); d != "" {
		t.Errorf("the old case changed:\n%s", d)
	}
	again := look(t, app.Retro{Intel: []string{feed, bundle}}, filepath.Join(dir, "again"))
	if len(again.New)+len(again.Graded)+len(again.Archived)+len(again.Incidents) > 0 {
		t.Errorf("the same feed again finds %d new, %d otherwise, %d archived, %d incidents", len(again.New), len(again.Graded), len(again.Archived), len(again.Incidents))
	}
}

// oldAlert is a case of May 2024: a beacon's domain that a generic feed lists.
func oldAlert(t *testing.T, dir string) string {
	t.Helper()
	evidence := write(t, filepath.Join(dir, "evidence", "dns.log"), `{"ts":1714816800.5,"uid":"C1","id.orig_h":"10.1.2.3","id.orig_p":5000,"id.resp_h":"10.1.0.53","id.resp_p":53,"proto":"udp","query":"a.relay.example","qtype_name":"A"}
{"ts":1714903200.5,"uid":"C2","id.orig_h":"10.1.2.3","id.orig_p":5001,"id.resp_h":"10.1.0.53","id.resp_p":53,"proto":"udp","query":"a.relay.example","qtype_name":"A"}
`)
	generic := write(t, filepath.Join(dir, "generic.csv"), "value,description,source,confidence\nrelay.example,Cobalt Strike,generic list,40\n")
	huntInto(t, evidence, filepath.Join(dir, "case"), generic)
	return filepath.Join(dir, "case")
}

const newProfile = `id: quiet-river
name: Quiet River
status: sourced
max_confidence: 90
sources: [{title: "A report", publisher: A vendor, date: 2026-06-05, tlp: clear}]
traits:
  - {id: published-name, group: infrastructure, weight: strong, when: {indicator: strong}, because: a domain of its servers, source: 1}
  - {id: first-listed, group: tool, weight: strong, when: {finding: "intel:generic list"}, because: its servers were on generic lists first, source: 1}
`

// TestRetroMakesOldAlertsSpecific: an alert of May 2024 about a domain that was
// on a generic list is, with the profile of 2026, one of a campaign; the
// incident says so, before and after. So it is when the records are gone.
func TestRetroMakesOldAlertsSpecific(t *testing.T) {
	dir := t.TempDir()
	c := oldAlert(t, dir)
	profile := filepath.Join(dir, "quiet-river")
	write(t, filepath.Join(profile, "profile.yaml"), newProfile)
	write(t, filepath.Join(profile, "indicators.yaml"), `profile: quiet-river
indicators:
  - {type: domain, value: relay.example, valid_from: 2024-01-01, valid_until: 2025-12-31, weight: strong, source: "A vendor, 2026", note: server of the campaign}
`)
	for _, records := range []bool{true, false} {
		if !records {
			if err := os.RemoveAll(filepath.Join(c, "records")); err != nil {
				t.Fatal(err)
			}
		}
		got := look(t, app.Retro{Profiles: []string{profile}}, c)
		if len(got.New) != 1 || got.New[0].Finding.Detector != "intel:quiet-river" || got.New[0].Finding.Severity != finding.High {
			t.Fatalf("new: %+v", got.New)
		}
		if place := casefolder.Place(got.New[0].Finding.Refs[0]); !strings.HasSuffix(place, "dns.log line 1") {
			t.Errorf("it cites %q", place)
		}
		by := map[string]bool{}
		for _, a := range got.Archived {
			if a.Finding.Detector != "intel:generic list" || a.Name != "Quiet River" || a.Finding.Start.Std().Format("2006-01") != "2024-05" {
				t.Errorf("archived: %+v", a)
			}
			by[a.By] = true
		}
		if !by[got.New[0].Finding.ID] || !by["first-listed"] {
			t.Errorf("archived alert is named by %v, want the new finding and the trait that cites it", by)
		}
		if len(got.Incidents) != 1 || got.Incidents[0].After.Profile != "quiet-river" || len(got.Incidents[0].Before) != 1 || got.Incidents[0].Before[0].Profile != "unattributed" {
			t.Errorf("incidents: %+v", got.Incidents)
		}
	}
}

// TestRetroAsOf: an indicator whose window covers the event, and which expired
// before the time of judgement, counts half.
func TestRetroAsOf(t *testing.T) {
	dir := t.TempDir()
	c := oldAlert(t, dir)
	feed := write(t, filepath.Join(dir, "indicators.yaml"), `profile: somebody
indicators:
  - {type: domain, value: relay.example, valid_from: 2024-01-01, valid_until: 2025-12-31, weight: strong, source: "A vendor"}
`)
	for asOf, want := range map[record.Time]uint8{0: 90, 1780000000e9: 45} {
		got := look(t, app.Retro{Intel: []string{feed}, AsOf: asOf}, c)
		if len(got.New) != 1 || got.New[0].Finding.Confidence != want {
			t.Errorf("judged at %v: %+v, want confidence %d", asOf, got.New, want)
		}
	}
}

// TestRetroSaysWhatItCannotRead: a damaged file costs its rest and no more.
func TestRetroSaysWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	row := `{"ts":1714816800.500000,"uid":"C1","id.orig_h":"10.1.2.3","query":"relay.example","ref":{"file":"e.pcap","offset":24}}` + "\n"
	write(t, filepath.Join(dir, "store", "dns.jsonl"), "{\"ts\":nonsense}\n"+row+row[:40])
	write(t, filepath.Join(dir, "store", "unheard_of.jsonl"), row)
	write(t, filepath.Join(dir, "store", "conn.log"), row)
	feed := write(t, filepath.Join(dir, "feed.txt"), "relay.example\n")
	got := look(t, app.Retro{Intel: []string{feed}}, filepath.Join(dir, "store"))
	if len(got.New) != 1 || got.Searched.Rows != 1 || got.Searched.Damaged != 2 || len(got.Searched.Notes) != 3 {
		t.Errorf("%d new, searched %+v", len(got.New), got.Searched)
	}
	if f := got.New[0].Finding; casefolder.Place(f.Refs[0]) != "e.pcap offset 24" {
		t.Errorf("it cites %v", f.Refs)
	}
	r := app.Retro{Inputs: []string{t.TempDir()}, Jobs: 1, Memory: 64 << 20}
	if _, err := r.Run(t.Context(), silent{}); err == nil {
		t.Error("an empty folder was searched")
	}
}

// TestAllowIsLateAndReversible: a case weighed again by another list, or by
// none, is what a hunt with that list writes, byte for byte; what is held back
// stays in the case and says by what, and what it would be.
func TestAllowIsLateAndReversible(t *testing.T) {
	dir := t.TempDir()
	evidence := filepath.Join(dir, "evidence")
	if _, err := simulate.Write("op-512", evidence, 3, simulate.Options{}); err != nil {
		t.Fatal(err)
	}
	lists := map[string]string{
		"a":    write(t, filepath.Join(dir, "a.txt"), "hcgos.com\n10.0.0.0/8\n"),
		"b":    write(t, filepath.Join(dir, "b.json"), `{"name": "scripts of ours", "type": "string", "list": ["thumbgl.aspx"]}`),
		"none": "",
	}
	for name, list := range lists {
		c := app.Default()
		c.Paths, c.Out = []string{evidence}, filepath.Join(dir, "hunt-"+name)
		if list != "" {
			c.Allow = []string{list}
		}
		cf, err := app.Hunt(t.Context(), c, silent{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.WriteCase(cf, c.Out); err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, f := range cf.Findings {
			if x := f.Withheld; x != (finding.Withheld{}) {
				held++
				if f.Severity != finding.Info || x.Severity <= finding.Info || x.List == "" || x.Entry == "" || !strings.Contains(f.Why[len(f.Why)-1], "held back") {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
		if (held > 0) != (list != "") {
			t.Errorf("%s: %d findings are held back", name, held)
		}
	}
	findings := func(folder string) string {
		b, err := os.ReadFile(filepath.Join(dir, folder, "findings.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, step := range [][3]string{{"hunt-a", "b", "again-b"}, {"again-b", "a", "again-a"}, {"again-a", "none", "again-none"}} {
		r := app.Retro{Reweigh: true, Out: filepath.Join(dir, step[2])}
		if list := lists[step[1]]; list != "" {
			r.Allow = []string{list}
		}
		got := look(t, r, filepath.Join(dir, step[0]))
		if len(got.Graded) == 0 || len(got.Incidents) == 0 {
			t.Errorf("%s with %s: %d findings and %d incidents changed", step[0], step[1], len(got.Graded), len(got.Incidents))
		}
		if d := cmp.Diff(strings.Split(findings("hunt-"+step[1]), "\n"), strings.Split(findings(step[2]), "\n")); d != "" {
			t.Errorf("%s weighed by %s (-hunt +retro):\n%.3000s", step[0], step[1], d)
		}
	}
}
