// Command beacon measures how well beacons are found in a month of ordinary
// traffic, and at what rate of false alarms:
//
//	go run ./bench/beacon -set judge -seeds 3 -machines 200
//
// The traffic is made here, from how clients behave: programs that talk by the
// clock and that many machines have, programs that few have, users who browse
// by day, tabs that poll, retries, machines that are off at night. Beacons with
// sleeps of 10 seconds to 7 days and jitter of 0 to 90 percent are put among it.
// With -before, hunts before have seen as many days of the same organisation and
// kept a memory of them. The sets "tune" and "judge" are made with other seeds and other parameters;
// the bounds of the detector were chosen on the first.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/detect/beacon"
	"longwatch/internal/learn"
	"longwatch/internal/record"
)

func main() {
	set := flag.String("set", "judge", "tune or judge")
	seeds := flag.Int("seeds", 3, "months to make")
	first := flag.Int("first", 0, "number of the first of them")
	machines := flag.Int("machines", 200, "own machines")
	days := flag.Int("days", 30, "length of the evidence")
	before := flag.Int("before", 0, "days before it of which hunts have kept a memory, as with --state")
	least := flag.Duration("least", 0, "least sleep of the beacons")
	memory := flag.Int64("memory", 64, "MiB for the detector: a sixteenth of --memory")
	jobs := flag.Int("jobs", 1, "months at a time; what the heap grew by is then of all of them")
	show := flag.Int("show", 0, "false alarms and misses to print")
	profile := flag.String("cpu", "", "file for a CPU profile")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "beacon:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	sleeps = slices.DeleteFunc(sleeps, func(s float64) bool { return s < least.Seconds() })
	sum := &tables{days: *days}
	errs := make([]error, *seeds)
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(*jobs, 1) {
		wg.Go(func() {
			for i := range next {
				s := settings{seed: uint64(1000 + i), machines: *machines, days: *days, before: *before, niche: 0.1, fresh: 0.15, steady: 0.5, pages: 15, catalog: 50}
				if *set == "judge" {
					s = settings{seed: uint64(900000 + 31*i), machines: *machines, days: *days, before: *before, niche: 0.15, fresh: 0.2, steady: 0.65, pages: 12, catalog: 40}
				}
				errs[i-*first] = month(s, *memory<<20, sum, *show)
			}
		})
	}
	for i := range *seeds {
		next <- *first + i
	}
	close(next)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(os.Stderr, "beacon:", err)
		os.Exit(1)
	}
	sum.print(os.Stdout)
}

// learnMemory is what hunts before may keep, in bytes.
const learnMemory = 256 << 20

// month makes one month, runs the detector over it and adds to sum.
func month(s settings, memory int64, sum *tables, show int) error {
	past := &baseline.Past{}
	env := detect.Env{HomeNet: homeNet, Memory: memory, Past: past}
	engine := detect.NewEngine([]detect.Spec{beacon.Above(0.02)}, env)
	n := int64(0)
	w := newWorld(s, nil)
	known := learn.New(nil, learnMemory, env.Home, func(record.Record) {})
	order := newSorter(func(r record.Record) {
		if r.Base().TS < w.begin {
			known.Observe(r)
			return
		}
		if !past.Loaded() && s.before > 0 {
			known.Finish()
			past.Load(known.Learned())
		}
		n++
		if engine.Wants(r) {
			engine.Feed(r)
		}
	})
	w.put = order.put
	var all []*planted
	i := int(s.seed)
	for _, m := range w.machines {
		if m.kind == "device" || !w.chance(0.8) {
			continue
		}
		cell := i * 7 // all combinations in turn: 7 has no divisor in common with their number
		sleep, jitter, mode := sleeps[cell%len(sleeps)], jitters[cell/len(sleeps)%len(jitters)], modes[cell/len(sleeps)/len(jitters)%len(modes)]
		all = append(all, w.plant(m, i, sleep, jitter, mode))
		i++
	}
	before := live()
	began := time.Now()
	w.play()
	order.flush()
	after := live()
	found := engine.Finish()
	fmt.Fprintf(os.Stderr, "seed %d: %d machines, %d days, %d records, %d beacons, %v, heap grown by %d MiB\n", s.seed, s.machines, s.days, n, len(all), time.Since(began).Round(time.Second), (after-before)>>20)
	sum.add(w, all, found, show)
	return nil
}

func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
