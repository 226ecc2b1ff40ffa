package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kinds of change, in the order of the changelog. The first line of a file of
// changelog/unreleased names one.
var kinds = []string{"Added", "Changed", "Fixed", "Security"}

// unreleasedHead and its end enclose what is rendered; released versions below
// it are never touched.
const (
	unreleasedHead = "## Unreleased\n"
	unreleasedEnd  = "<!-- end of unreleased -->"
)

// changelog renders changelog/unreleased/*.md into the Unreleased part of
// CHANGELOG.md and returns the whole file.
func changelog(root string) (string, error) {
	old, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	before, rest, ok := strings.Cut(string(old), unreleasedHead)
	_, after, ok2 := strings.Cut(rest, unreleasedEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("no %q up to %q", strings.TrimSpace(unreleasedHead), unreleasedEnd)
	}
	changes, err := unreleased(filepath.Join(root, "changelog", "unreleased"))
	if err != nil {
		return "", err
	}
	return before + unreleasedHead + changes + unreleasedEnd + after, nil
}

func unreleased(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return "", err
	}
	byKind := map[string][]string{}
	for _, f := range files { // Glob sorts
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		kind, said, ok := strings.Cut(strings.TrimSpace(string(text)), ":")
		if !ok || !slices.Contains(kinds, kind) {
			return "", fmt.Errorf("%s: the first line must begin with one of %v and a colon", f, kinds)
		}
		byKind[kind] = append(byKind[kind], strings.TrimSpace(said))
	}
	var b strings.Builder
	for _, k := range kinds {
		if len(byKind[k]) == 0 {
			continue
		}
		_, _ = fmt.Fprintf(&b, "\n### %s\n\n", k)
		for _, said := range byKind[k] {
			_, _ = fmt.Fprintf(&b, "- %s\n", strings.ReplaceAll(said, "\n", "\n  "))
		}
	}
	b.WriteString("\n")
	return b.String(), nil
}
