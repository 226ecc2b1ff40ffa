// Command docs writes the generated reference pages of docs/reference from the
// program itself (the command tree, the record types, the lists of detectors,
// formats and protocols, the embedded rules and profiles) and the unreleased
// part of CHANGELOG.md from changelog/unreleased. Run it by "make docs" from
// the root of the module. A test of this package fails when a page is not what
// it would write.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// folder is where the pages go, below the root of the module.
const folder = "docs/reference"

func main() {
	pages, err := render(".")
	if err == nil {
		err = write(pages)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func write(pages []page) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, p := range pages {
		if err := os.WriteFile(filepath.FromSlash(p.path), []byte(p.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
