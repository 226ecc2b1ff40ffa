//go:build linux

package main

import (
	"os"
	"syscall"
)

// peak is the most memory that a process held, in bytes (getrusage(2): KiB on
// Linux).
func peak(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}
