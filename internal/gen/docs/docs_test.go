package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the folder of the module as seen from this package's tests.
const root = "../../.."

// TestPagesAreCurrent fails when the program and its reference pages differ.
func TestPagesAreCurrent(t *testing.T) {
	pages, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		have, err := os.ReadFile(filepath.Join(root, p.path))
		if err != nil {
			t.Errorf("%v: run \"make docs\"", err)
			continue
		}
		if diff := cmp.Diff(string(have), p.text); diff != "" {
			t.Errorf("%s is out of date: run \"make docs\" and commit. Page - program +:\n%s", p.path, diff)
		}
	}
}
