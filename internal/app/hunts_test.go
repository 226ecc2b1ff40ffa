package app_test

import (
	"path/filepath"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/record"
	"longwatch/internal/respond/block"
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
			if c.Hosts, _, err = block.Hosts(t.Context(), c, files, types); err != nil {
				t.Fatal(err)
			}
			list := hunts.Derive(c, hunts.Options{})
			if notes, err := hunts.Try(t.Context(), list, files, types); err != nil || len(notes) > 0 {
				t.Fatal(err, notes)
			}
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
			if notes, err := hunts.Try(t.Context(), kept, quiet, types); err != nil || len(notes) > 0 {
				t.Fatal(err, notes)
			}
			for _, h := range kept {
				if h.Seen > 0 {
					t.Errorf("%s finds %d records of a quiet day: %v", h.Title, h.Seen, h.All)
				}
			}
		})
	}
}
