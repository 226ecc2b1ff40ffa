package app_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/simulate"
	"longwatch/internal/simulate/scenario/ordinary"
)

// mixed simulates and hunts without the answers among the evidence.
func mixed(t *testing.T, profile string, seed uint64, o simulate.Options) (*simulate.Truth, []*finding.Incident) {
	t.Helper()
	dir := t.TempDir()
	evidence := filepath.Join(dir, "exercise")
	truth, err := simulate.Write(profile, evidence, seed, o)
	if err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Out = filepath.Join(dir, "case")
	for _, s := range truth.Sites {
		c.Paths = append(c.Paths, filepath.Join(evidence, s.Folder))
	}
	var cf *casefolder.Case
	if cf, err = app.Hunt(t.Context(), c, silent{}); err != nil {
		t.Fatal(err)
	}
	return truth, slices.DeleteFunc(cf.Incidents, func(i *finding.Incident) bool { return i.Severity <= finding.Low })
}

// began tells whether an incident begins at one of the truth's right answers.
func began(truth *simulate.Truth, i *finding.Incident) bool {
	if i.Entry == nil {
		return false
	}
	said := strings.ToLower(i.Entry.Entity.Value)
	said = said[strings.LastIndexByte(said, '\\')+1:]
	for _, s := range truth.Sites {
		for _, h := range s.Hosts {
			if h.Address == said {
				said = strings.ToLower(h.Name)
			}
		}
	}
	return slices.ContainsFunc(truth.Campaigns[0].Entries, func(e string) bool {
		e = strings.ToLower(e)
		return said == e || strings.HasPrefix(said, e+".")
	})
}

// TestMixed is the scoreboard's mixed matrix in small: one intrusion each, in
// evidence that is not what it could be. It becomes at most five incidents, the
// first of which begins where the truth says, and names the right profile or
// nobody. "make scoreboard ONLY=exercises" is the whole of it.
func TestMixed(t *testing.T) {
	quality(t)
	for _, c := range []struct {
		profile string
		right   string
		o       simulate.Options
	}{
		{"unknown-actor", "unattributed", simulate.Options{}},
		{"unknown-actor", "unattributed", simulate.Options{FalseFlag: "op-512"}},
		{"unknown-actor", "unattributed", simulate.Options{FalseFlag: "volt-typhoon", Noise: ordinary.Loud}},
		{"tgr-sta-1030", "tgr-sta-1030", simulate.Options{FalseFlag: "volt-typhoon"}},
		{"op-512", "op-512", simulate.Options{Drop: []simulate.Kind{simulate.Captures}}},
		{"volt-typhoon", "volt-typhoon", simulate.Options{Drop: []simulate.Kind{simulate.Captures}}},
		{"th12", "th12", simulate.Options{Sites: 3, Skew: simulate.Hours}},
	} {
		t.Run(fmt.Sprint(c.profile, c.o), func(t *testing.T) {
			t.Parallel()
			c.o.Small = true
			truth, incidents := mixed(t, c.profile, 2, c.o)
			if len(incidents) == 0 || len(incidents) > 5 {
				t.Fatalf("%d incidents, want one to five", len(incidents))
			}
			i := slices.MaxFunc(incidents, func(a, b *finding.Incident) int { return len(a.Findings) - len(b.Findings) })
			if !began(truth, i) {
				t.Errorf("it began at %+v, want one of %q", i.Entry, truth.Campaigns[0].Entries)
			}
			if first := i.Attribution[0].Profile; first != c.right && first != "unattributed" {
				t.Errorf("called %s, want %s or nobody", first, c.right)
			}
		})
	}
}

// TestQuietMonths: two months of an untidy organisation give no incident above
// low.
func TestQuietMonths(t *testing.T) {
	quality(t)
	t.Parallel()
	_, incidents := mixed(t, "quiet-site", 3, simulate.Options{Days: 60, Noise: ordinary.Loud})
	for _, i := range incidents {
		t.Errorf("%v: %s", i.Severity, i.Title)
		for _, f := range i.Findings {
			if f.Severity > finding.Low {
				t.Logf("%v: %s: %q", f.Severity, f.Title, f.Why)
			}
		}
	}
}
