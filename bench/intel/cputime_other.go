//go:build !linux

package main

import "time"

var began = time.Now()

// processTime is the time since the start where processor time is not to be had.
func processTime() time.Duration { return time.Since(began) }

func threadTime() time.Duration { return time.Since(began) }

// residentNow is unknown here.
func residentNow() (all, private float64) { return 0, 0 }
