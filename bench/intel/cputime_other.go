//go:build !linux

package main

import (
	"time"

	"longwatch/bench/rusage"
)

// threadTime is that of the process, where a thread's is not to be had.
func threadTime() time.Duration { return rusage.Self() }

// residentNow is unknown here.
func residentNow() (all, private float64) { return 0, 0 }
