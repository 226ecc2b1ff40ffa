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
	quality(t)
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
	if _, err := app.WriteCase(cf, filepath.Join(dir, "case")); err != nil {
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

// TestSharedIsSilent: what a case shares, in every format that we read, says
// nothing of ordinary captures of others.
func TestSharedIsSilent(t *testing.T) {
	quality(t)
	captures := someCaptures(t, 48, 60<<10)
	dir := t.TempDir()
	if _, err := simulate.Write("op-512", filepath.Join(dir, "intrusion"), 4, simulate.Options{}); err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Paths, c.Out = []string{filepath.Join(dir, "intrusion")}, filepath.Join(dir, "case")
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.WriteCase(cf, c.Out); err != nil {
		t.Fatal(err)
	}
	_, sent, err := app.Share(app.Sharing{Case: c.Out, Out: filepath.Join(dir, "out"), To: "a test", Policy: share.Policy{Marking: share.Green, Least: finding.Medium}})
	if err != nil {
		t.Fatal(err)
	}
	again := app.Default()
	for _, s := range sent {
		switch s.Format {
		case "stix", "misp", "zeek", "csv", "list", "rpz":
			again.Intel = append(again.Intel, s.File)
		case "sigma", "yara":
			again.Rules.Paths = append(again.Rules.Paths, s.File)
		}
	}
	if len(again.Intel) < 5 || len(again.Rules.Paths) != 2 {
		t.Fatalf("exported %+v", sent)
	}
	for _, tt := range []struct {
		name  string
		paths []string
		want  bool // some finding by what was shared
	}{{"own", c.Paths, true}, {"others", captures, false}} {
		again.Paths, again.Out = tt.paths, filepath.Join(dir, "again-"+tt.name)
		cf, err := app.Hunt(t.Context(), again, silent{})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range cf.Findings {
			// Built-in indicators are named for their campaigns.
			if by, ok := strings.CutPrefix(f.Detector, "intel:"); ok && !strings.Contains(by, "op-512") || strings.Contains(f.Title, "of the incident") || strings.HasPrefix(f.Detector, "yara:longwatch_") {
				found = true
				if !tt.want {
					t.Errorf("%s: %s: %v", f.Detector, f.Title, f.Why)
				}
			}
		}
		if found != tt.want {
			t.Errorf("%s evidence: found by what was shared: %v", tt.name, found)
		}
	}
}

// someCaptures are n captures of the corpora up to a size, from all over them.
func someCaptures(t *testing.T, n int, most int64) []string {
	t.Helper()
	var all []string
	for _, corpus := range []string{"zeek/traces", "ndpi", "arkime"} {
		_ = filepath.WalkDir(filepath.Join("../../../shared/corpora", corpus), func(path string, d os.DirEntry, err error) error { // what is not there is skipped
			if err == nil && !d.IsDir() && strings.Contains(filepath.Ext(path), "cap") {
				if info, err := d.Info(); err == nil && info.Size() <= most {
					all = append(all, path)
				}
			}
			return nil
		})
	}
	if len(all) == 0 {
		t.Skip("no captures in ../shared/corpora")
	}
	var out []string
	for i := 0; i < len(all); i += max(1, len(all)/n) {
		out = append(out, all[i])
	}
	return out
}
