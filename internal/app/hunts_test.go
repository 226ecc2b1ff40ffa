package app_test

import (
	"path/filepath"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/record"
	"longwatch/internal/respond/hunts"
	"longwatch/internal/store"
)

// TestHuntsOfCampaigns: the hunts made of an incident find it again in the same
// evidence, each kind of value where the evidence has it, and nothing on a quiet
// day of another organisation.
func TestHuntsOfCampaigns(t *testing.T) {
	quality(t)
	types := map[string]*record.Type{}
	for _, rt := range app.RecordTypes() {
		types[rt.Name] = rt
	}
	_, _, dir := huntedCase(t, "quiet-day", 3)
	quiet, _, err := store.Find(filepath.Join(dir, "records"))
	if err != nil {
		t.Fatal(err)
	}
	for profile, least := range map[string]int{"volt-typhoon": 10, "op-512": 4, "tgr-sta-1030": 4, "th12": 3} {
		t.Run(profile, func(t *testing.T) {
			_, c, dir := huntedCase(t, profile, 3)
			files, _, err := store.Find(filepath.Join(dir, "records"))
			if err != nil {
				t.Fatal(err)
			}
			c.Hosts = hostsOf(t, c, files, types)
			list := hunts.Derive(c, hunts.Options{})
			tried(t, list, files, types)
			found, silent := 0, map[hunts.Source]bool{}
			for _, h := range list {
				if h.Seen > 0 {
					found++
					silent[h.Source] = false
				} else if _, known := silent[h.Source]; !known {
					silent[h.Source] = true
				}
			}
			if found < least {
				t.Errorf("%d of %d hunts find the incident again", found, len(list))
			}
			for source, is := range silent {
				if is && profile != "th12" && source != hunts.Process && source != hunts.Inbound {
					t.Errorf("no hunt of %s events finds the incident again", source)
				}
			}
			kept := hunts.Found(list)
			tried(t, kept, quiet, types)
			for _, h := range kept {
				if h.Seen > 0 {
					t.Errorf("%s finds %d records of a quiet day: %v", h.Title, h.Seen, h.All)
				}
			}
		})
	}
}

// tried counts in hunts what of the records they find.
func tried(t *testing.T, list []hunts.Hunt, files []store.File, types map[string]*record.Type) {
	t.Helper()
	trial := hunts.NewTrial(list)
	once(t, files, types, trial.Take)
	if len(trial.Notes) > 0 {
		t.Fatal(trial.Notes)
	}
}
