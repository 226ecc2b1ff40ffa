package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

const fileName = "feeds.lwi"

// loadTask reads the feeds into memory.
func loadTask(dir string, n int) (result, error) {
	var r result
	err := timed(&r, func() error {
		set, report := intel.Load(intel.Path(dir))
		if r.Loaded = report.Loaded; r.Loaded != n {
			return fmt.Errorf("%w: %d of %d rows: %v", errWrong, r.Loaded, n, report.Reasons[:min(len(report.Reasons), 3)])
		}
		r.Values = set.Values()
		return nil
	})
	r.Resident, r.Private = resident()
	return r, err
}

// buildTask makes a file of the feeds.
func buildTask(dir string, n int) (result, error) {
	var r result
	err := timed(&r, func() error {
		b, err := intel.Build(filepath.Join(dir, fileName), "bench", true, intel.Path(dir))
		if err != nil {
			return err
		}
		r.Loaded, r.Values, r.File = b.Report.Loaded, b.Values, float64(b.Size)/1e6
		if r.Loaded != n {
			return fmt.Errorf("%w: %d of %d rows", errWrong, r.Loaded, n)
		}
		return nil
	})
	r.Resident, r.Private = resident()
	return r, err
}

const (
	lookups = 1 << 19 // of one kind, in one round
	rounds  = 5       // the quickest counts: what is slower was disturbed
	told    = 1 << 14
)

// lookupTask opens the file and looks values up in it.
func lookupTask(dir string, n int) (result, error) {
	runtime.LockOSThread() // threadTime is of this thread
	var r result
	var set *intel.Set
	err := timed(&r, func() error {
		var report intel.Report
		if set, report = intel.Load(intel.Path(filepath.Join(dir, fileName))); report.Loaded != n {
			return fmt.Errorf("%w: %d of %d rows", errWrong, report.Loaded, n)
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	r.Memory = memory(rnd)
	debug.FreeOSMemory()
	strangers, listed, mixed := make([]value, lookups), make([]value, lookups), make([]value, lookups)
	for i := range lookups {
		strangers[i], listed[i] = stranger(rnd), made(rnd.IntN(n))
		if mixed[i] = strangers[i]; i%100 == 0 {
			mixed[i] = listed[i]
		}
	}
	strangers, listed, mixed = packed(strangers), packed(listed), packed(mixed)
	r.Stranger, r.Listed, r.Mixed, r.Told = 1e9, 1e9, 1e9, 1e9
	found := 0
	for range rounds {
		found = 0
		r.Listed = min(r.Listed, each(listed, func(v value) {
			if set.Has(v.kind, v.key) {
				found++
			}
		}))
		if found != lookups {
			return r, fmt.Errorf("%w: %d of %d values that are listed are found", errWrong, found, lookups)
		}
		r.Stranger = min(r.Stranger, each(strangers, func(v value) {
			if set.Has(v.kind, v.key) {
				found++
			}
		}))
		if found != lookups {
			return r, fmt.Errorf("%w: strangers are found", errWrong)
		}
		r.Mixed = min(r.Mixed, each(mixed, func(v value) { set.Has(v.kind, v.key) }))
		r.Told = min(r.Told, tell(set, n, rnd))
	}
	clear(strangers)
	clear(listed)
	clear(mixed)
	debug.FreeOSMemory() // what is left is the set's, and the empty program's
	r.Resident, r.Private = residentNow()
	return r, set.Close()
}

// packed puts keys side by side, so that reading them costs nothing that is not a
// look-up's.
func packed(values []value) []value {
	size := 0
	for _, v := range values {
		size += len(v.key)
	}
	keys := make([]byte, 0, size)
	out := make([]value, len(values))
	for i, v := range values {
		keys = append(keys, v.key...)
		out[i] = value{v.kind, keys[len(keys)-len(v.key):]}
	}
	return out
}

// each is what one of the calls costs, in ns.
func each(values []value, call func(value)) float64 {
	began := threadTime()
	for _, v := range values {
		call(v)
	}
	return float64(threadTime()-began) / float64(len(values))
}

// tell matches connections to listed addresses and makes the findings.
func tell(set *intel.Set, n int, rnd *rand.Rand) float64 {
	m := set.Matcher()
	conns := make([]*network.Conn, told)
	for i := range conns {
		v := made(rnd.IntN(n/kindsMade) * kindsMade) // an address
		conns[i] = &network.Conn{State: "SF", Conn: record.Conn{OrigH: netip.MustParseAddr("10.0.0.9"), RespH: netip.AddrFrom4([4]byte(v.key))}}
	}
	found := 0
	began := threadTime()
	for _, c := range conns {
		m.Match(c, func(finding.Finding) { found++ })
	}
	took := float64(threadTime()-began) / told
	if found < told {
		fmt.Fprintf(os.Stderr, "only %d of %d connections to listed addresses are found\n", found, told)
	}
	return took
}

// memory is what a read costs that waits for the one before and that no cache
// holds, in ns: what a look-up cannot do without.
func memory(rnd *rand.Rand) float64 {
	next := make([]uint32, 64<<20/4*4) // 256 MB
	for i := range next {
		next[i] = uint32(i)
	}
	rnd.Shuffle(len(next), func(i, j int) { next[i], next[j] = next[j], next[i] })
	best, at := 1e9, uint32(0)
	for range rounds {
		began := threadTime()
		for range lookups {
			at = next[at]
		}
		best = min(best, float64(threadTime()-began)/lookups)
	}
	runtime.KeepAlive(at)
	return best
}
