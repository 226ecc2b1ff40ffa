//go:build !linux && !windows

package collect

import (
	"io/fs"

	"longwatch/internal/record"
)

// birth is a file's creation time; it is not asked for on this system.
func birth(fs.FileInfo) record.Time { return 0 }
