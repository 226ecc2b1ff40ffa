//go:build linux

package rusage

import (
	"os"
	"syscall"
)

// Peak is the most memory that a process held, in bytes (getrusage(2): KiB on
// Linux).
func Peak(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}
