package casefolder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"longwatch/internal/recon"
)

// reconFile holds who looked at the own networks. It is there only if somebody did.
const reconFile = "reconnaissance.json"

func (c *Case) writeRecon(dir string) error {
	path := filepath.Join(dir, reconFile)
	if c.Recon == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("casefolder: %s: %w", reconFile, err)
		}
		return nil
	}
	if err := WriteFile(path, func(w io.Writer) error { return indented(w, c.Recon) }); err != nil {
		return fmt.Errorf("casefolder: %s: %w", reconFile, err)
	}
	return nil
}

func (c *Case) readRecon(dir string) error {
	path := filepath.Join(dir, reconFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c.Recon = &recon.Seen{}
	return readJSON(path, c.Recon)
}
