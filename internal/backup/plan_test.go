package backup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPlan: of one asset the newest copy was made while the intruder was there
// and an older one is damaged, so the oldest is the one to restore; another
// asset has no copy.
func TestPlan(t *testing.T) {
	tr := plant(t)
	top := filepath.Dir(tr.dir)
	sealed := map[string]time.Time{"a": monday.Add(-72 * time.Hour), "b": monday.Add(-48 * time.Hour), "c": monday}
	base := tr.dir
	for name, at := range sealed {
		tr.dir = filepath.Join(top, name)
		tr.write("db.dump", text(5000), written.Add(-100*time.Hour))
		if _, err := Seal(t.Context(), tr.dir, filepath.Join(top, name+".seal"), Options{Key: tr.key, Now: func() time.Time { return at }}); err != nil {
			t.Fatal(err)
		}
	}
	tr.dir = filepath.Join(top, "b")
	tr.write("db.dump", text(4000), monday)
	tr.dir = base
	plan := filepath.Join(top, "plan.yaml")
	if err := os.WriteFile(plan, []byte(`
objective: 12h
assets: [fs01, historian]
copies:
  - {asset: fs01, name: nas, path: c, seal: c.seal, media: disk, site: main}
  - {asset: fs01, name: mirror, path: b, seal: b.seal, media: disk, site: main}
  - {asset: fs01, name: vault, path: a, seal: a.seal, media: tape, site: vault, offline: true}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := LoadPlan(plan)
	if err != nil {
		t.Fatal(err)
	}
	o := PlanOptions{Since: map[string]time.Time{"fs01": monday.Add(-10 * time.Hour)}}
	o.Now = func() time.Time { return monday.Add(20 * time.Hour) }
	_, got, err := CheckPlan(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	clean := Point{Time: sealed["a"], Copy: "vault", Whole: true}
	want := []*Standing{
		{
			Asset: "fs01", Since: o.Since["fs01"], Clean: &clean,
			Points: []Point{{Time: monday, Copy: "nas", Whole: true}, {Time: sealed["b"], Copy: "mirror"}, clean},
			Faults: []string{"mirror is damaged: 1 files, the first db.dump (truncated)", "the newest whole copy is of 2026-03-02 01:00:00, older than the 12h0m0s that were agreed"},
		},
		{Asset: "historian", Faults: []string{"there is no copy of it"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	o.Since["fs01"] = monday.Add(-100 * time.Hour)
	_, got, err = CheckPlan(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(got[0].Faults, "\n"); got[0].Clean != nil || !strings.Contains(all, "rebuild it rather than restore it") {
		t.Errorf("the intruder was there before every copy: %s", all)
	}
}

// TestRule321: each part of the rule that is not kept is named.
func TestRule321(t *testing.T) {
	good := func(media, site string, offline bool) *Checked {
		return &Checked{Copy: Copy{Media: media, Site: site, Offline: offline}}
	}
	for name, c := range map[string]struct {
		copies []*Checked
		want   []string // a word of each fault
	}{
		"kept":          {[]*Checked{good("disk", "main", false), good("tape", "vault", true)}, nil},
		"one copy":      {[]*Checked{good("tape", "vault", true)}, []string{"1 usable copies", "kind of media", "one site"}},
		"one place":     {[]*Checked{good("disk", "main", false), good("tape", "main", true)}, []string{"one site"}},
		"all reachable": {[]*Checked{good("disk", "main", false), good("tape", "vault", false)}, []string{"offline"}},
		"one damaged":   {[]*Checked{good("disk", "main", false), {Copy: Copy{Media: "tape", Site: "vault", Offline: true}, Damage: []*Damage{{}}}}, []string{"1 usable copies", "kind of media", "one site", "offline"}},
	} {
		s := &Standing{}
		s.rule321(c.copies)
		if len(s.Faults) != len(c.want) {
			t.Errorf("%s: %q", name, s.Faults)
			continue
		}
		for i, w := range c.want {
			if !strings.Contains(s.Faults[i], w) {
				t.Errorf("%s: %q lacks %q", name, s.Faults[i], w)
			}
		}
	}
}

// TestPlanMistakes: a plan that does not say what it means is refused with the line.
func TestPlanMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"objective: soon":                    "line 1",
		"copies:\n  - {asset: fs01}":         "needs an asset and a path",
		"copies:\n  - {assets: x, path: y}":  "assets not found",
		"copies: [{asset: a, path: b, c: d}": "line 1",
	} {
		path := filepath.Join(t.TempDir(), "plan.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadPlan(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
