//go:build unix

package rusage

import (
	"syscall"
	"time"
)

// Self is the processor time that this process has used, user and system.
func Self() time.Duration { return Of(syscall.RUSAGE_SELF) }

// Of is that of who, as getrusage(2) names it.
func Of(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
