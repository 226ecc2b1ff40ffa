package cli

import (
	"os"
	"slices"
	"testing"

	"longwatch/content"
	"longwatch/internal/app"
	"longwatch/internal/guide"
	"longwatch/internal/train"
)

// TestTrainingNames: what drills retell is found by detections that exist, and
// every campaign that has a guide has a drill.
func TestTrainingNames(t *testing.T) {
	lib, err := train.Load(content.Training, "training")
	if err != nil {
		t.Fatal(err)
	}
	guides, err := guide.Load(os.DirFS("../../content"), "campaigns")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, d := range app.Detectors() {
		known[d.ID] = true
	}
	var answered []string
	for id, g := range guides {
		if !slices.Contains(lib.Campaigns(), id) {
			t.Errorf("no drill for %s", id)
		}
		for _, h := range g.Hunts {
			answered = append(answered, h.Answers.Dossier...)
		}
	}
	detectors, dossier := lib.Claims()
	for _, d := range detectors {
		if !known[d] {
			t.Errorf("there is no detector %q", d)
		}
	}
	for _, d := range dossier {
		if !slices.Contains(answered, d) {
			t.Errorf("no guide speaks of %q", d)
		}
	}
}
