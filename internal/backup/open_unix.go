//go:build unix

package backup

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// rawFile is a regular file that is read from begin to end: without what
// package os does so that files can be waited for, which costs as much as
// reading a small one.
type rawFile int

func open(path string) (rawFile, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return -1, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		return rawFile(fd), nil
	}
}

// Read is that of io.Reader.
func (f rawFile) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(f), b)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Close gives the file back.
func (f rawFile) Close() error { return syscall.Close(int(f)) }
