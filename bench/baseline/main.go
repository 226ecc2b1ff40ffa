// Command baseline measures what the memory of habits costs and how far it errs:
// years of an organisation, learned day by day, against the exact truth of some
// of its hosts and values. "make bench-baseline" runs five years of 5,000 hosts
// and 20,000 accounts in 2 GB.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

func main() {
	o := options{}
	flag.IntVar(&o.hosts, "hosts", 5000, "hosts")
	flag.IntVar(&o.accounts, "accounts", 20000, "accounts")
	flag.IntVar(&o.days, "days", 5*365, "days")
	memory := flag.Int64("memory", 2<<10, "MiB of memory")
	flag.IntVar(&o.probes, "probes", 100_000_000, "values that nobody ever had, asked for at the end")
	quiet := flag.Int("quiet", 0, "days of an office in which nothing is wrong, instead: what all detectors say of them")
	people := flag.Int("people", 200, "people of that office")
	seed := flag.Uint64("seed", 1, "of that office")
	flag.Parse()
	if *quiet > 0 {
		found, records := hunts(newOffice(*seed, *people), *quiet, nil)
		tally(os.Stdout, found, records, float64(*quiet**people))
		return
	}
	o.memory = *memory << 20
	debug.SetMemoryLimit(o.memory - o.memory/16) // as the program itself does
	begin := time.Now()
	r := run(o, func(day int) {
		if day%365 == 0 {
			fmt.Fprintf(os.Stderr, "year %d, %v\n", day/365, time.Since(begin).Round(time.Second))
		}
	})
	r.print(os.Stdout, o, time.Since(begin))
	if peak := resident(); peak > 0 {
		fmt.Printf("resident, at most     %d MiB (with the exact truth of the sample: %d MiB)\n", peak>>20, r.truthBytes>>20)
	}
	if r.bad(o) {
		os.Exit(1)
	}
}

func (r *result) print(w io.Writer, o options, took time.Duration) {
	s := r.summary
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	say("organisation          %d hosts, %d accounts, %d days", o.hosts, o.accounts, o.days)
	say("learned               %d facts in %v: %.0f a second", r.facts, took.Round(time.Second), float64(r.facts)/r.learning.Seconds())
	say("held                  %d pairs, %d values, %d hosts and accounts", s.Pairs, s.Values, s.Subjects)
	say("memory                %d of %d MiB (%.1f bytes a pair); never more than %d MiB", s.Bytes>>20, s.Budget>>20, float64(s.Bytes)/float64(s.Pairs), r.most>>20)
	say("forgotten             %d; 99.9 %% of them last seen %d or more days before", s.Forgotten, s.Horizon)
	say("state file            %d MiB, written in %v", r.stateBytes>>20, r.writing.Round(time.Millisecond))
	say("first times           %d of the sample's: %d taken for known, %d known ones taken for new, %d with another first day", r.firsts, r.falseKnown, r.falseNew, r.wrongDay)
	say("unknown pairs asked   %d: %d taken for known, %.2g (stated: %.2g)", o.probes, r.probeHits, float64(r.probeHits)/float64(max(o.probes, 1)), s.FalseKnown)
	say("holders, 1 to 3       %d values: %.2f %% counted wrong", r.few, 100*float64(r.fewWrong)/float64(max(r.few, 1)))
	say("holders, 4 to 100     %d values: off by %.1f %% in the mean", r.some, 100*r.someOff/float64(max(r.some, 1)))
	say("hosts that ever were  counted %d, are %d", r.counted, r.machines)
}

// bad tells whether what is promised does not hold.
func (r *result) bad(o options) bool {
	return r.most > o.memory || r.falseNew > 0 && r.summary.Forgotten == 0 || float64(r.falseKnown) > 1e-5*float64(r.firsts)+1
}

// resident is the most memory that this process had, where the system tells.
func resident() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if rest, ok := strings.CutPrefix(sc.Text(), "VmHWM:"); ok {
			var kib int64
			_, _ = fmt.Sscan(rest, &kib)
			return kib << 10
		}
	}
	return 0
}
