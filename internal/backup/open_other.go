//go:build !unix

package backup

import "os"

func open(path string) (*os.File, error) { return os.Open(path) }
