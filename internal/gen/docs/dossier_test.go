package main

import (
	"strings"
	"testing"

	"longwatch/internal/app"
)

// TestDossierCarried: each of the sixty detections has something that carries
// it and, but for indicators, own cases in which that fires and stays quiet;
// what has nothing says why.
func TestDossierCarried(t *testing.T) {
	c, err := newCoverage(root, app.Reference())
	if err != nil {
		t.Fatal(err)
	}
	if len(ranked) != 60 {
		t.Errorf("%d detections, want 60", len(ranked))
	}
	for _, r := range ranked {
		name := strings.Join(r.ids, ", ")
		list := c.of(r)
		if r.without != "" {
			if len(list) > 0 {
				t.Errorf("%s is carried by %s, and said to be without", name, list[0].name)
			}
			continue
		}
		fires, quiet, indicators := 0, 0, false
		for _, x := range list {
			fires, quiet = fires+x.fires, quiet+x.quiet
			indicators = indicators || strings.HasPrefix(x.name, "indicators")
		}
		if !indicators && (fires == 0 || quiet == 0) {
			t.Errorf("%s: %d carriers with %d cases that fire and %d that are quiet", name, len(list), fires, quiet)
		}
		for _, id := range r.ids { // one carrier must not stand for two detections
			if len(c.of(rank{ids: []string{id}})) == 0 && id != "OP-05" { // the labels of OP-05 are those that OP-06 decodes
				t.Errorf("%s: nothing carries %s", name, id)
			}
		}
	}
}
