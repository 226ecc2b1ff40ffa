package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"time"

	"longwatch/bench/rusage"
)

const rusageThread = 1 // RUSAGE_THREAD (getrusage(2))

// threadTime is the processor time that this thread has used.
func threadTime() time.Duration { return rusage.Of(rusageThread) }

// residentNow is what of the mapped file, and of this process's own memory, is in
// memory now, in MB.
func residentNow() (all, private float64) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) < 2 {
			continue
		}
		kb, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "RssFile:":
			all += kb / 1024
		case "RssAnon:":
			all, private = all+kb/1024, kb/1024
		}
	}
	return all, private
}
