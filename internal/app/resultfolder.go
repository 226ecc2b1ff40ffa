package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// ResultFolder makes a folder for results. One that holds files with other names
// than own is refused, unless forced.
func ResultFolder(dir string, own []string, force bool) error {
	if err := CheckResultFolder(dir, own, force); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o750)
}

// CheckResultFolder is ResultFolder before there is anything to write.
func CheckResultFolder(dir string, own []string, force bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !slices.Contains(own, e.Name()) && !force {
			return fmt.Errorf("output folder %q holds other files: name an empty or new folder with -o, or add --force", dir)
		}
	}
	return nil
}
