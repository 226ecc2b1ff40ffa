//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package index

import (
	"fmt"
	"io"
	"os"
)

// mapFile reads the first size bytes of a file: it is not shared with others here.
func mapFile(f *os.File, size int64) (data []byte, unmap func() error, err error) {
	if int64(int(size)) != size {
		return nil, nil, fmt.Errorf("%d bytes are more than this machine can address", size)
	}
	data = make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, nil, err
	}
	return data, func() error { return nil }, nil
}
