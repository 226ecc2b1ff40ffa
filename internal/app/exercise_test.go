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
)

// silent is a Progress that shows nothing.
type silent struct{}

func (silent) Start(int, int64) {}
func (silent) Read(int64)       {}
func (silent) File(string)      {}
func (silent) Phase(string)     {}
func (silent) Done()            {}

// exercise simulates a profile and hunts it.
func exercise(t *testing.T, profile string, seed uint64) (*simulate.Truth, *casefolder.Case) {
	t.Helper()
	dir := t.TempDir()
	evidence := filepath.Join(dir, "exercise")
	truth, err := simulate.Write(profile, evidence, seed, simulate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Paths, c.Out = []string{evidence}, filepath.Join(dir, "case")
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.WriteCase(cf, c.Out); err != nil {
		t.Fatal(err)
	}
	if un := cf.Unread(); len(un) > 0 {
		t.Errorf("not read whole: %q", un)
	}
	return truth, cf
}

// quality is for tests of what is found rather than of how: with -short, as
// under the race detector, they cost minutes and add no new way through the code.
func quality(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("what is found does not depend on timing: left out with -short")
	}
}

// TestCampaigns: each campaign of an exercise becomes one incident that names
// its profile first and touches only hosts of its own site; the truth is the
// exercise's, not the detectors'.
func TestCampaigns(t *testing.T) {
	quality(t)
	for _, seed := range []uint64{1, 5} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			truth, cf := exercise(t, "all", seed)
			if len(truth.Campaigns) != 4 {
				t.Fatalf("%d campaigns", len(truth.Campaigns))
			}
			for _, c := range truth.Campaigns {
				var own []*finding.Incident
				for _, i := range cf.Incidents {
					if i.Attribution[0].Profile == c.Profile {
						own = append(own, i)
					}
				}
				if len(own) != 1 {
					t.Errorf("%s: %d incidents name it first", c.Profile, len(own))
					continue
				}
				for _, f := range own[0].Findings {
					for _, r := range f.Refs {
						if !strings.Contains(filepath.ToSlash(r.File), "/"+c.Site+"/") {
							t.Errorf("%s: finding %q cites %s of another site", c.Profile, f.Title, r.File)
						}
					}
				}
				hit := 0
				for _, h := range c.Hosts {
					if slices.ContainsFunc(own[0].Findings, func(f *finding.Finding) bool { return mentions(f, h) }) {
						hit++
					}
				}
				if hit == 0 {
					t.Errorf("%s: the incident names none of %q", c.Profile, c.Hosts)
				}
			}
			if len(cf.Incidents) != 4 {
				for _, i := range cf.Incidents {
					t.Logf("incident: %s: %s (%s)", i.Severity, i.Title, i.Attribution[0].Profile)
				}
				t.Errorf("%d incidents, want 4", len(cf.Incidents))
			}
			for _, i := range cf.Incidents {
				if a := i.Attribution[0]; a.Profile == "th12" && a.Confidence > 30 {
					t.Errorf("th12 at %d: it is unverified", a.Confidence)
				}
			}
		})
	}
}

// mentions tells whether a finding names a host, by whatever form of its name.
func mentions(f *finding.Finding, host string) bool {
	for _, e := range f.Entities {
		name, _, _ := strings.Cut(strings.ToLower(e.Value), ".")
		if e.Kind == "host" && name == strings.ToLower(host) {
			return true
		}
	}
	return false
}

// TestQuietDay: ordinary days of four organisations, with administrators,
// software deployment, backup and scanners at work, give nothing above low.
func TestQuietDay(t *testing.T) {
	for _, seed := range []uint64{1, 5} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			_, cf := exercise(t, "quiet-day", seed)
			for _, f := range cf.Findings {
				if f.Severity > finding.Low {
					t.Errorf("%v: %s: %q", f.Severity, f.Title, f.Why)
				}
			}
			if len(cf.Incidents) > 0 {
				t.Errorf("%d incidents", len(cf.Incidents))
			}
		})
	}
}
