package campaign

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/record"
)

const content = "../../content"

func loadAll(t *testing.T) []*Profile {
	t.Helper()
	ps, err := Load(os.DirFS(content), "campaigns")
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func TestProfiles(t *testing.T) {
	limits := map[string]uint8{"volt-typhoon": 95, "op-512": 85, "tgr-sta-1030": 90, "th12": 30}
	for _, p := range loadAll(t) {
		want, ok := limits[p.ID]
		if ok && p.MaxConfidence != want {
			t.Errorf("%s may reach %d, the dossier says %d", p.ID, p.MaxConfidence, want)
		}
		delete(limits, p.ID)
		for _, f := range []string{"README.md", "indicators.yaml", "cases.txtar"} {
			if _, err := os.Stat(filepath.Join(content, "campaigns", p.ID, f)); err != nil {
				t.Error(err)
			}
		}
		if p.Status == Unverified {
			for _, tr := range p.Traits {
				if tr.Weight > medium {
					t.Errorf("%s: trait %s weighs more than medium in an unverified profile", p.ID, tr.ID)
				}
			}
		}
	}
	if len(limits) > 0 {
		t.Errorf("profiles missing: %v", limits)
	}
}

var caseName = regexp.MustCompile(`^(.+) => ([a-z0-9-]+) (\d+)-(\d+)$`)

// TestCases plays every cases.txtar: one that matches, one that matches
// another campaign, and one that matches none.
func TestCases(t *testing.T) {
	profiles := loadAll(t)
	for _, p := range profiles {
		ar, err := txtar.ParseFile(filepath.Join(content, "campaigns", p.ID, "cases.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]bool{}
		for _, f := range ar.Files {
			m := caseName.FindStringSubmatch(f.Name)
			if m == nil {
				t.Fatalf("%s: case %q is not NAME => PROFILE LEAST-MOST", p.ID, f.Name)
			}
			var least, most uint8
			fmt.Sscan(m[3]+" "+m[4], &least, &most)
			switch m[2] {
			case p.ID, Unattributed:
				kinds[m[2]] = true
			default:
				kinds["another"] = true
			}
			t.Run(p.ID+"/"+m[1], func(t *testing.T) {
				got := Judge(&finding.Incident{Findings: readFindings(t, f.Data)}, profiles, Options{})
				if got[0].Profile != m[2] || got[0].Confidence < least || got[0].Confidence > most {
					for _, a := range got {
						t.Logf("%s %d (%s)", a.Profile, a.Confidence, a.Words)
						for _, r := range a.For {
							t.Logf("  %+.1f %s %s", r.Weight, r.Group, r.Trait)
						}
						for _, r := range a.Against {
							t.Logf("  %+.1f %s %s", r.Weight, r.Group, r.Trait)
						}
					}
					t.Errorf("got %s at %d, want %s at %d to %d", got[0].Profile, got[0].Confidence, m[2], least, most)
				}
				for _, a := range got {
					if i := slices.IndexFunc(profiles, func(p *Profile) bool { return p.ID == a.Profile }); i >= 0 && a.Confidence > profiles[i].MaxConfidence {
						t.Errorf("%s exceeds its limit: %d", a.Profile, a.Confidence)
					}
				}
			})
		}
		for _, k := range []string{p.ID, "another", Unattributed} {
			if !kinds[k] {
				t.Errorf("%s has no case of the kind %q", p.ID, k)
			}
		}
	}
}

func readFindings(t *testing.T, data []byte) []*finding.Finding {
	t.Helper()
	var out []*finding.Finding
	for line := range strings.Lines(string(data)) {
		var in struct {
			Detector   string           `json:"detector"`
			Dossier    []string         `json:"dossier"`
			Severity   finding.Severity `json:"severity"`
			Confidence uint8            `json:"confidence"`
			At         string           `json:"at"`
			Entity     string           `json:"entity"` // kind
		}
		if err := json.Unmarshal([]byte(line), &in); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		at, err := time.ParseDuration(in.At)
		if err != nil {
			t.Fatal(err)
		}
		f := &finding.Finding{Detector: in.Detector, Dossier: in.Dossier, Severity: in.Severity, Confidence: in.Confidence, Start: record.Time(1e18).Add(at)}
		if in.Entity != "" {
			f.Entities = []record.Entity{{Kind: in.Entity, Value: "x"}}
		}
		f.Refs = []record.Ref{{Pos: int64(len(out))}}
		f.Seal()
		out = append(out, f)
	}
	return out
}

func TestJudgeTellsItsReasons(t *testing.T) {
	fs := readFindings(t, []byte(`{"dossier":["VT-10"],"severity":"high","at":"0h"}
{"dossier":["VT-23"],"severity":"high","at":"1h"}
{"dossier":["VT-29"],"severity":"high","at":"2h"}`))
	got := Judge(&finding.Incident{Findings: fs}, loadAll(t), Options{Searched: map[string]bool{"database": true, "log_clear": true, "registry": true}})
	a := got[0]
	if a.Profile != "volt-typhoon" || len(a.For) < 2 || len(a.For[0].Findings) == 0 || a.For[0].Source == "" {
		t.Fatalf("reasons are incomplete: %+v", a)
	}
	if !slices.ContainsFunc(a.Missing, func(s string) bool { return strings.Contains(s, "router-botnet") }) {
		t.Errorf("missing does not say that no TLS records were there: %q", a.Missing)
	}
	if slices.ContainsFunc(a.Missing, func(s string) bool { return strings.HasPrefix(s, "ntds-ifm") }) {
		t.Errorf("missing names a trait that was found: %q", a.Missing)
	}
	if !strings.Contains(a.Pivot, "router-botnet") {
		t.Errorf("pivot is %q, want the certificate of the router botnet", a.Pivot)
	}
	if !slices.ContainsFunc(got, func(a finding.Attribution) bool { return a.Profile == Unattributed }) {
		t.Error("none of them is not among the hypotheses")
	}
}

// One finding is one reason: the same evidence does not count in two groups.
func TestEvidenceCountsOnce(t *testing.T) {
	p := &Profile{ID: "x", Status: Sourced, MaxConfidence: 100, Traits: []Trait{
		{ID: "a", Group: Tool, Weight: strong, When: Condition{Dossier: []string{"VT-01"}}},
		{ID: "b", Group: Command, Weight: medium, When: Condition{Dossier: []string{"VT-01"}}},
	}}
	got := count(p, readFindings(t, []byte(`{"dossier":["VT-01"],"severity":"high","at":"0h"}`)), 0, nil)
	if len(got.hits) != 1 || got.score != strong || got.class != consistent {
		t.Errorf("counted %d traits, score %v, class %v", len(got.hits), got.score, got.class)
	}
}

func TestCondition(t *testing.T) {
	fs := readFindings(t, []byte(`{"dossier":["TH-01"],"severity":"high","at":"0h"}
{"dossier":["TH-05"],"severity":"high","at":"5h"}
{"dossier":["TH-05"],"severity":"high","at":"500h"}`))
	all := func(within time.Duration, ordered bool, ids ...string) Condition {
		c := Condition{Within: within, Ordered: ordered}
		for _, id := range ids {
			c.All = append(c.All, Condition{Dossier: []string{id}})
		}
		return c
	}
	tests := []struct {
		name string
		c    Condition
		want int
	}{
		{"both, any time", all(0, false, "TH-01", "TH-05"), 3},
		{"within ten hours", all(10*time.Hour, false, "TH-01", "TH-05"), 2},
		{"within an hour", all(time.Hour, false, "TH-01", "TH-05"), 0},
		{"in order", all(10*time.Hour, true, "TH-01", "TH-05"), 2},
		{"against the order", all(10*time.Hour, true, "TH-05", "TH-01"), 0},
		{"two of them", Condition{Dossier: []string{"TH-05"}, AtLeast: 2}, 2},
		{"three of them", Condition{Dossier: []string{"TH-05"}, AtLeast: 3}, 0},
		{"either", Condition{Any: []Condition{{Dossier: []string{"TH-01"}}, {Dossier: []string{"VT-01"}}}}, 1},
	}
	for _, tt := range tests {
		if got := tt.c.match("x", fs); len(got) != tt.want {
			t.Errorf("%s: %d findings, want %d", tt.name, len(got), tt.want)
		}
	}
}

// The terms and bounds are those of ICD 203.
func TestWords(t *testing.T) {
	for c, want := range map[uint8]string{
		3: "almost no chance", 10: "very unlikely", 30: "unlikely", 50: "roughly even chance", 70: "likely", 90: "very likely", 97: "almost certain",
	} {
		if got := words(c); got != want {
			t.Errorf("words(%d) = %q, want %q", c, got, want)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	const bad = `id: x
name: X
status: unverified
max_confidence: 80
colour: red
sources: [{title: t, publisher: p, tlp: white}]
traits:
  - {id: a, group: tool, weight: strong, when: {dossier: vt9}, because: b, source: 1}
  - {id: a, group: hope, weight: huge, when: {}, because: b, source: 4}
`
	_, err := Parse("x/profile.yaml", []byte(bad))
	if err == nil {
		t.Fatal("a bad profile was accepted")
	}
	for _, want := range []string{
		`x/profile.yaml:5: unknown field "colour"`, `:6: tlp "white"`, `:8: "vt9"`, `:9: unknown group "hope"`, `:9: unknown weight "huge"`,
		`:9: "4" is not a number from 1 to 1`, `:9: a condition needs`, `at most 30`, `trait "a" is there twice`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no mention of %q in:\n%v", want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range []string{"volt-typhoon", "th12"} {
		data, err := os.ReadFile(filepath.Join(content, "campaigns", p, "profile.yaml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("p", data)
		if (p == nil) == (err == nil) {
			t.Fatal("an error comes with a profile, or neither comes")
		}
		if err != nil {
			return
		}
		again, err := Parse("p", data)
		if diff := cmp.Diff(p, again); err != nil || diff != "" {
			t.Fatal("reading twice differs", err, diff)
		}
		Judge(&finding.Incident{Findings: []*finding.Finding{{Dossier: p.Dossiers(), Severity: finding.High}}}, []*Profile{p}, Options{Searched: map[string]bool{}})
	})
}

func TestIndicatorsLoad(t *testing.T) {
	_, rep := intel.Load(intel.FS(os.DirFS(content), "campaigns"))
	for _, r := range rep.Reasons {
		t.Errorf("%s:%d: %s", r.File, r.Line, r.Reason)
	}
	if rep.Loaded < 100 {
		t.Errorf("%d indicators loaded, the dossiers list more than a hundred", rep.Loaded)
	}
}
