package app_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/app"
)

// TestPublicEvidence: each detection of the dossiers that the reference page
// says to fire in a file of public evidence fires there.
func TestPublicEvidence(t *testing.T) {
	quality(t)
	const root = "../../../shared/corpora"
	b, err := os.ReadFile("../gen/docs/public-evidence.tsv")
	if err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	type claim struct{ id, file string }
	var claims []claim
	for line := range strings.Lines(string(b)) {
		id, file, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			t.Fatalf("%q", line)
		}
		path := filepath.Join(root, filepath.FromSlash(file))
		if _, err := os.Stat(path); err != nil {
			continue
		}
		claims = append(claims, claim{strings.ToUpper(id), path})
		if !slices.Contains(c.Paths, path) {
			c.Paths = append(c.Paths, path)
		}
	}
	if len(claims) == 0 {
		t.Skipf("no public evidence in %s", root)
	}
	c.Out = t.TempDir()
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	fires := map[claim]bool{}
	for _, f := range cf.Findings {
		for _, r := range f.Refs {
			outer, _, _ := strings.Cut(r.File, "!")
			for _, id := range f.Dossier {
				fires[claim{strings.ToUpper(id), filepath.Clean(outer)}] = true
			}
		}
	}
	for _, c := range claims {
		if !fires[claim{c.id, filepath.Clean(c.file)}] {
			t.Errorf("%s does not fire in %s", c.id, c.file)
		}
	}
}
