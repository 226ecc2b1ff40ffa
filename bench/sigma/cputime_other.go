//go:build !unix

package main

import "time"

var started = time.Now()

// processorTime is the time that has passed, where the system's own count of
// processor time is not at hand.
func processorTime() time.Duration { return time.Since(started) }
