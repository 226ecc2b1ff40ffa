package guide

import (
	"strings"
	"testing"

	"longwatch/internal/coverage"
	"longwatch/internal/finding"
)

const text = `profile: x
hunts:
  - id: H1
    hypothesis: It was copied.
    why: Because.
    data: [[database], [process, registry]]
    answers: {dossier: [VT-10], indicators: true}
    hit: Lost.
    next: Look.
`

func TestParse(t *testing.T) {
	if _, err := Parse("g.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string][2]string{
		"unknown field":     {"hit:", "hits:"},
		"bad id":            {"id: H1", "id: first"},
		"no data":           {"data: [[database], [process, registry]]", "data: []"},
		"empty group":       {"[database]", "[]"},
		"no answer":         {"answers: {dossier: [VT-10], indicators: true}", "answers: {}"},
		"bad dossier":       {"VT-10", "10"},
		"without next step": {"next: Look.", "benign: none"},
	} {
		if _, err := Parse("g.yaml", []byte(strings.Replace(text, edit[0], edit[1], 1))); err == nil || !strings.HasPrefix(err.Error(), "g.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWalk: the answer follows from findings and from what was there.
func TestWalk(t *testing.T) {
	g, err := Parse("g.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	held := func(types ...string) *coverage.Report {
		r := &coverage.Report{}
		for _, x := range types {
			r.Sources = append(r.Sources, coverage.Source{Host: "h", Name: x, Records: 7})
		}
		return r
	}
	ds := []coverage.Detection{
		{ID: "copy", Dossier: []string{"VT-10b"}, Types: []string{"database"}},
		{ID: "other", Dossier: []string{"VT-11"}, Types: []string{"process"}},
	}
	hit := []*finding.Finding{{ID: "f-1", Severity: finding.High, Dossier: []string{"VT-10b"}}, {ID: "f-2", Severity: finding.Critical, Dossier: []string{"VT-11"}}, {ID: "f-3", Severity: finding.Low, Detector: "intel:x"}}
	cut := held("database", "process")
	cut.Limits = []coverage.Limit{{Kind: coverage.Gap, Hides: []string{"database"}, Share: 0.5, Why: "half is gone"}}
	for _, c := range []struct {
		name, want string
		r          *coverage.Report
		ds         []coverage.Detection
		fs         []*finding.Finding
	}{
		{"silent with all data", NotFound, held("database", "registry"), ds, nil},
		{"silent with part of the data", InPart, held("database"), ds, nil},
		{"silent with a hole in the data", InPart, cut, ds, nil},
		{"no data", CannotSay, held("conn"), ds, nil},
		{"data that no detection reads", CannotSay, held("process"), ds, nil},
		{"no detection", ByHand, held("database", "process"), nil, nil},
		{"found", Found, held("database", "process"), ds, hit},
		{"found though data is missing", Found, held("conn"), ds, hit},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Walk(g, &Case{Report: c.r, Detections: c.ds, Findings: c.fs}).Steps[0]
			if s.Answer != c.want {
				t.Errorf("%s: %s; want %s", s.Answer, s.Says, c.want)
			}
			if c.want == Found && (len(s.Findings) != 1 || s.Findings[0].ID != "f-1") {
				t.Errorf("findings %+v, want only f-1: the others answer something else or say nothing", s.Findings)
			}
			if (c.want == CannotSay || c.want == InPart) && len(s.Missing)+len(s.Silent)+len(s.Limits) == 0 {
				t.Error("what was missing is not said")
			}
		})
	}
}

// FuzzParse: a guide that parses can be walked and written.
func FuzzParse(f *testing.F) {
	f.Add([]byte(text))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := Parse("g.yaml", data)
		if err != nil {
			return
		}
		r := Walk(g, &Case{Report: &coverage.Report{}})
		if len(r.Steps) != len(g.Hunts) {
			t.Errorf("%d answers to %d hunts", len(r.Steps), len(g.Hunts))
		}
		var b strings.Builder
		if err := r.Markdown(&b); err != nil || !strings.Contains(b.String(), g.Hunts[0].ID) {
			t.Errorf("%v", err)
		}
	})
}
