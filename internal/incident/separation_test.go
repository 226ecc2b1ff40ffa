package incident

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"longwatch/internal/finding"
)

// tally is how the findings of intrusions and of chance were spread.
type tally struct {
	parts  map[string]int // incidents that hold findings of an intrusion
	merged [][2]string    // intrusions found in one incident
	noise  int            // accidents inside the incident of an intrusion
	entry  map[string]bool
}

func (e *estate) judge(incs []finding.Incident) tally {
	t := tally{parts: map[string]int{}, entry: map[string]bool{}}
	most := map[string]int{}
	for i := range incs {
		count := map[string]int{}
		for _, f := range incs[i].Findings {
			count[e.of[f.ID]]++
		}
		first := ""
		for name := range e.entry {
			n := count[name]
			if n == 0 {
				continue
			}
			t.parts[name]++
			if first != "" {
				t.merged = append(t.merged, [2]string{first, name})
			}
			first = name
			if n > most[name] {
				most[name] = n
				t.entry[name] = incs[i].Entry != nil && incs[i].Entry.Entity.Value == e.entry[name]
			}
		}
		if first != "" {
			t.noise += count["noise"]
		}
	}
	return t
}

// seeds is how many estates each test tries: LONGWATCH_SEEDS, or a few.
var seeds = func() int {
	if n, err := strconv.Atoi(os.Getenv("LONGWATCH_SEEDS")); err == nil {
		return n
	}
	return 6
}()

func TestOneIntrusionOverSixtyHosts(t *testing.T) {
	right := 0
	for seed := range uint64(seeds) {
		e := newEstate(seed, 150)
		e.intrude("one", 60, 165, 2*day, time.Duration(5+e.IntN(60))*day)
		got := e.judge(e.build())
		if got.parts["one"] > 5 {
			t.Errorf("seed %d: %d findings became %d incidents, want at most 5", seed, len(e.all), got.parts["one"])
		}
		if got.entry["one"] {
			right++
		}
	}
	t.Logf("entry point right in %d of %d", right, seeds)
	if right < seeds*9/10 {
		t.Errorf("entry point right in %d of %d", right, seeds)
	}
}

// Intrusions in one organisation share its domain controller, its resolver, its
// administrators' accounts and its scanner, and stay apart.
func TestIntrusionsStayApart(t *testing.T) {
	for _, n := range []int{2, 4} {
		merged, right, all := 0, 0, 0
		for seed := range uint64(seeds) {
			e := newEstate(seed+1000*uint64(n), 200)
			for k := range n {
				e.intrude(fmt.Sprintf("i%d", k), 8+e.IntN(12), 5, time.Duration(e.IntN(10*24))*time.Hour, time.Duration(1+e.IntN(20))*day)
			}
			e.accidents(60, 30*day)
			got := e.judge(e.build())
			if len(got.merged) > 0 {
				merged++
				t.Logf("%d intrusions, seed %d: merged %v", n, seed, got.merged)
			}
			for k := range n {
				name := fmt.Sprintf("i%d", k)
				all++
				if got.entry[name] {
					right++
				}
				if got.parts[name] > 5 {
					t.Errorf("%d intrusions, seed %d: one became %d incidents", n, seed, got.parts[name])
				}
			}
		}
		t.Logf("%d intrusions: entry point right in %d of %d, merged in %d of %d estates", n, right, all, merged, seeds)
		if merged > 0 {
			t.Errorf("%d intrusions: merged in %d of %d estates", n, merged, seeds)
		}
		if right < all*9/10 {
			t.Errorf("%d intrusions: entry point right in %d of %d", n, right, all)
		}
	}
}

// Accidents on machines that an intruder never was on are not his.
func TestAccidentsAreNotSwallowed(t *testing.T) {
	swallowed, all := 0, 0
	for seed := range uint64(seeds) {
		e := newEstate(seed+7, 200)
		e.intrude("one", 12, 8, 3*day, 6*day)
		e.hosts = append([]string{}, e.free...) // accidents happen elsewhere
		e.web = slices.DeleteFunc(e.web, func(h string) bool { return !slices.Contains(e.free, h) })
		e.accidents(80, 20*day)
		all += 80
		swallowed += e.judge(e.build()).noise
	}
	if swallowed > all/100 {
		t.Errorf("%d of %d accidents became part of an intrusion", swallowed, all)
	}
}

// OP-512 came back after 75 days.
func TestLongSilence(t *testing.T) {
	for seed := range uint64(seeds) {
		e := newEstate(seed+99, 100)
		e.intrude("one", 2, 6, 0, 75*day)
		if n := e.judge(e.build()).parts["one"]; n != 1 {
			t.Errorf("seed %d: %d incidents, want one", seed, n)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := newEstate(1, 400)
			for k := range 4 {
				e.intrude(fmt.Sprintf("i%d", k), 60, (n-2000)/250, time.Duration(k)*day, 20*day)
			}
			e.accidents(n-len(e.all), 30*day)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				e.build()
			}
			b.ReportMetric(float64(len(e.all))*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
		})
	}
}
