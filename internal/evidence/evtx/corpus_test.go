package evtx

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/host"
)

const corpora = "../../../../shared/corpora"

// TestCorpora reads every log that we have. evtx_dump 0.15.1 finds as many
// events in them; the values of those that have JSON beside them are compared
// in the tests of winjson.
func TestCorpora(t *testing.T) {
	for _, c := range []struct {
		folder string
		events int
	}{
		{"evtx", 4028},
		{"evtx-parse", 53},
		{"sigma/regression", 135},
	} {
		t.Run(c.folder, func(t *testing.T) {
			files, events := 0, 0
			err := filepath.WalkDir(filepath.Join(corpora, c.folder), func(path string, _ fs.DirEntry, err error) error {
				if err != nil || filepath.Ext(path) != ".evtx" {
					return err
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				files++
				records, _, err := evidencetest.Read(t, Format, path, data)
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				for _, r := range records {
					if e, ok := r.(*host.Event); ok {
						events++
						if e.TS == 0 {
							t.Errorf("%s: record %d has no time", path, e.RecordID)
						}
					}
				}
				return nil
			})
			if files == 0 {
				t.Skipf("no corpus %s (%v)", c.folder, err)
			}
			if events != c.events {
				t.Errorf("%d events in %d files, want %d", events, files, c.events)
			}
		})
	}
}
