package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDependenciesAreNamed compares the page on dependencies, which is written
// by hand, with the modules there are.
func TestDependenciesAreNamed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, folder, "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := goList(t, "-m", "all")
	if diff := cmp.Diff(all, modulesOf(string(text))); diff != "" {
		t.Errorf("modules - go list -m all, + %s/dependencies.md:\n%s", folder, diff)
	}
	_, rest, _ := strings.Cut(string(text), "## In the binary")
	inBinary, _, _ := strings.Cut(rest, "\n## ")
	var built []string
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Setenv("GOOS", system)
		built = append(built, goList(t, "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/longwatch")...)
	}
	slices.Sort(built)
	if diff := cmp.Diff(slices.Compact(built), modulesOf(inBinary)); diff != "" {
		t.Errorf("in the binary - go list -deps, + %s/dependencies.md:\n%s", folder, diff)
	}
}

var moduleCell = regexp.MustCompile("(?m)^\\| `([^`]+)`")

func modulesOf(text string) []string {
	var out []string
	for _, m := range moduleCell.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

// goList runs go list and returns the first word of each line, sorted, without
// doubles and without this module itself.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, stderr.String())
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "longwatch" {
			out = append(out, words[0])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
