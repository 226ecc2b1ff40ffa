package collect

import (
	"io/fs"

	"longwatch/internal/record"
)

// birth is a file's creation time where the standard library can tell it; on
// Linux it cannot, and what the copy's file system would say is the time of
// the copy, not of the original.
func birth(fs.FileInfo) record.Time { return 0 }
