//go:build !unix

package rusage

import "time"

var started = time.Now()

// Self is the time that has passed, where the system's own count of processor
// time is not at hand.
func Self() time.Duration { return time.Since(started) }
