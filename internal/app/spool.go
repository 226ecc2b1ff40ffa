package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// marker is a file that only a finished or begun case folder has.
const marker = "manifest.json"

// prepareOut makes the output folder. A folder that holds something else is
// refused, so that nobody's files are mixed up with a case or overwritten.
func prepareOut(dir string, force bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("app: cannot make the output folder: %w", err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("app: cannot use %q for output: %w", dir, err)
	case len(entries) == 0 || force:
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
		return nil // an earlier case: it is written anew
	}
	return fmt.Errorf("app: output folder %q holds other files: name an empty or new folder with -o, or add --force", dir)
}

// removeSpool removes the run files of this run. What is not ours stays.
func removeSpool(dir string) { _ = os.RemoveAll(dir) }
