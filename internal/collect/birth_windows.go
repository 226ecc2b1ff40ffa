package collect

import (
	"io/fs"
	"syscall"

	"longwatch/internal/record"
)

// birth is the NTFS creation time.
func birth(info fs.FileInfo) record.Time {
	if d, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return record.Time(d.CreationTime.Nanoseconds())
	}
	return 0
}
