package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/share"
	"longwatch/internal/simulate"
)

// TestSharedFindsAgain: what a case shares finds the intrusion again in its own
// evidence, and says nothing of an ordinary day.
func TestSharedFindsAgain(t *testing.T) {
	dir := t.TempDir()
	hunt := func(evidence, out string, c app.Config) *casefolder.Case {
		c.Paths, c.Out = []string{filepath.Join(dir, evidence)}, filepath.Join(dir, out)
		cf, err := app.Hunt(t.Context(), c, silent{})
		if err != nil {
			t.Fatal(err)
		}
		return cf
	}
	for name, profile := range map[string]string{"intrusion": "op-512", "ordinary": "quiet-day"} {
		if _, err := simulate.Write(profile, filepath.Join(dir, name), 3, simulate.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	cf := hunt("intrusion", "case", app.Default())
	if err := app.WriteCase(cf, filepath.Join(dir, "case")); err != nil {
		t.Fatal(err)
	}
	p, sent, err := app.Share(app.Sharing{
		Case: filepath.Join(dir, "case"), Out: filepath.Join(dir, "out"), To: "a test", Formats: []string{"zeek", "sigma", "yara"},
		Policy: share.Policy{Marking: share.Green, Least: finding.Medium},
	})
	if err != nil || len(sent) != 3 || len(p.Items) < 5 {
		t.Fatalf("%d sent, %d items: %v", len(sent), len(p.Items), err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "case", app.SharedLog))
	if err != nil || strings.Count(string(log), "\n") != 3 || !strings.Contains(string(log), sent[0].SHA256) {
		t.Errorf("log %q: %v", log, err)
	}
	c := app.Default()
	c.Intel = []string{sent[0].File}
	c.Rules.Paths = []string{sent[1].File, sent[2].File}
	for _, tt := range []struct {
		evidence string
		want     bool
	}{{"intrusion", true}, {"ordinary", false}} {
		got := map[string]bool{}
		for _, f := range hunt(tt.evidence, "again-"+tt.evidence, c).Findings {
			if f.Detector == "intel:longwatch" {
				got["zeek"] = true
			}
			if strings.HasPrefix(f.Title, "File of the incident") || strings.Contains(f.Title, "of the incident") {
				got["sigma"] = true
			}
			if strings.HasPrefix(f.Detector, "yara:longwatch_") {
				got["yara"] = true
			}
		}
		for _, k := range []string{"zeek", "sigma", "yara"} {
			if got[k] != tt.want {
				t.Errorf("%s: what the %s export finds: %v, want %v", tt.evidence, k, got[k], tt.want)
			}
		}
	}
}
