package calendar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/pypeer"
	"longwatch/internal/record"
)

func day(s string) Day {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		panic(err)
	}
	return DayOf(record.TimeOf(t))
}

const ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Vote\\, second\r\n  round\r\nDTSTART;VALUE=DATE:20260301\r\nDTEND;VALUE=DATE:20260303\r\n" +
	"BEGIN:VALARM\r\nSUMMARY:not this\r\nEND:VALARM\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nSUMMARY:Talks\r\nDTSTART;TZID=\"Asia/Tokyo\":20260410T050000\r\nDTEND;TZID=Asia/Tokyo:20260410T090000\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART:20260501T230000Z\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nSUMMARY:Weekly\r\nDTSTART:20260601\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nSUMMARY:Off\r\nSTATUS:CANCELLED\r\nDTSTART:20260701\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nSUMMARY:Bad\r\nDTSTART:yesterday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// TestRead: both forms give the days that RFC 5545 gives them.
func TestRead(t *testing.T) {
	c, err := Read("c.ics", strings.NewReader(ics))
	if err != nil {
		t.Fatal(err)
	}
	want := []Event{
		{"Vote, second round", day("2026-03-01"), day("2026-03-02")}, // DTEND is not part of it
		{"Talks", day("2026-04-09"), day("2026-04-10")},              // 20:00 to 24:00 UTC the day before
		{"event of 2026-05-01", day("2026-05-01"), day("2026-05-01")},
		{"Weekly", day("2026-06-01"), day("2026-06-01")},
	}
	want[1].Last = day("2026-04-09")
	if !slices.Equal(c.Events, want) {
		t.Errorf("events %v, want %v", c.Events, want)
	}
	for _, word := range []string{"recurs", "yesterday"} {
		if !slices.ContainsFunc(c.Problems, func(p string) bool { return strings.Contains(p, word) }) {
			t.Errorf("problems %q do not name %q", c.Problems, word)
		}
	}
	y, err := Read("c.yaml", strings.NewReader("events:\n  - {name: Summit, from: 2026-05-02, until: 2026-05-04}\n  - {name: Vote, date: \"2026-03-01\"}\n  - {name: Bad, date: soon}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(y.Events, []Event{{"Vote", day("2026-03-01"), day("2026-03-01")}, {"Summit", day("2026-05-02"), day("2026-05-04")}}) || len(y.Problems) != 1 || !strings.Contains(y.Problems[0], "line 4") {
		t.Errorf("%v, problems %q", y.Events, y.Problems)
	}
	if _, err := Read("c.yaml", strings.NewReader("events: []\n")); !errors.Is(err, ErrNoEvents) {
		t.Errorf("an empty calendar gives %v", err)
	}
	if _, err := Read("c.yaml", strings.NewReader("event: []\n")); err == nil {
		t.Error("unknown fields pass")
	}
}

// FuzzRead: whatever can be read has events in order, inside the bounds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(ics))
	f.Add([]byte("events:\n  - {name: a, date: 2026-01-01}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Read("x", bytes.NewReader(b))
		if err != nil {
			return
		}
		if len(c.Events) == 0 || len(c.Events) > maxEvents || len(c.Problems) > maxProblems+1 {
			t.Fatalf("%d events, %d problems", len(c.Events), len(c.Problems))
		}
		for i, e := range c.Events {
			if e.Last < e.First || e.Last-e.First >= maxDays || len([]rune(e.Name)) > maxName || i > 0 && e.First < c.Events[i-1].First {
				t.Errorf("event %+v", e)
			}
		}
	})
}

const span = 52 * 7

var begin = day("2025-01-06") // a Monday

// uniform is a year with activity that follows the week and nothing else.
func uniform(r *rand.Rand) Activity {
	a := Activity{Found: map[Day]int{}, Observed: map[Day]bool{}}
	for i := range span {
		d := begin + Day(i)
		a.Observed[d] = true
		p := 0.35
		if i%7 >= 5 {
			p = 0.05
		}
		for r.Float64() < p {
			a.Found[d]++
		}
	}
	return a
}

func events(r *rand.Rand, n int) *Calendar {
	c := &Calendar{}
	for i := range n {
		d := begin + Day(30+r.IntN(span-60))
		c.Events = append(c.Events, Event{fmt.Sprint("e", i), d, d})
	}
	slices.SortFunc(c.Events, func(a, b Event) int { return int(a.First) - int(b.First) })
	return c
}

// TestChance: where activity has nothing to do with the calendar, p-values are
// as uniform as they should be, and a yes comes as rarely as the level says. The
// statistic of Kolmogorov and Smirnov for 190 draws is below 0.118 in 99 of 100
// cases; the seed is fixed.
func TestChance(t *testing.T) {
	const rounds = 200
	o := Options{Windows: []Window{{Name: "week", Before: 7}}, Level: 0.05, Draws: 199}
	var ps []float64
	yes := 0
	four := Defaults
	four.Draws = 99
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 99))
		a, c := uniform(r), events(r, 7)
		o.Seed, four.Seed = seed, seed
		res := Test(c, a, o)
		if res.Clusters < leastClusters {
			continue // drawn too close together
		}
		ps = append(ps, res.Tests[0].P)
		if seed < 100 && Test(c, a, four).Answer == Clusters {
			yes++
		}
	}
	slices.Sort(ps)
	if len(ps) < rounds*9/10 {
		t.Fatalf("only %d of %d could be judged", len(ps), rounds)
	}
	d := 0.0
	for i, p := range ps {
		n := float64(len(ps))
		d = max(d, math.Abs(p-float64(i)/n), math.Abs(float64(i+1)/n-p))
	}
	if d > 0.117 {
		t.Errorf("p-values are %.3f away from uniform", d)
	}
	if yes > 12 { // 5 expected at most; more than 12 in 1 of 400 cases
		t.Errorf("%d of 100 calendars that mean nothing are said to cluster", yes)
	}
}

// TestPlanted: activity put before events is found, in the window where it is,
// and moved with everything else by a week the answer is the same.
func TestPlanted(t *testing.T) {
	found := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		a, c := uniform(r), events(r, 7)
		for _, e := range c.Events {
			for back := 1; back <= 6; back++ {
				a.Found[e.First-Day(back)] += 2 + r.IntN(3)
			}
		}
		res := Test(c, a, Defaults)
		if res.Answer == Clusters && strings.Contains(res.Says, "the week before") {
			found++
		}
		if res.Hypotheses != 4 || len(res.Tests) != 4 {
			t.Fatalf("%d hypotheses are counted", res.Hypotheses)
		}
		if again := Test(c, a, Defaults); fmt.Sprint(again) != fmt.Sprint(res) {
			t.Error("the same gives another answer")
		}
	}
	if found < 19 {
		t.Errorf("planted clustering found in %d of 20 years", found)
	}
}

// TestCannotTell: with too little it does not say yes or no.
func TestCannotTell(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	a := uniform(r)
	few := Activity{Found: map[Day]int{begin: 3}, Observed: a.Observed}
	brief := Activity{Found: a.Found, Observed: map[Day]bool{}}
	for i := range 40 {
		brief.Observed[begin+Day(i)] = true
	}
	busy := Activity{Found: map[Day]int{}, Observed: a.Observed}
	for d := range a.Observed {
		busy.Found[d] = 1
	}
	for name, res := range map[string]*Result{
		"few events":          Test(events(r, 2), a, Defaults),
		"little activity":     Test(events(r, 7), few, Defaults),
		"little time":         Test(events(r, 7), brief, Defaults),
		"activity every day":  Test(events(r, 7), busy, Defaults),
		"no evidence":         Test(events(r, 7), Activity{}, Defaults),
		"events of next year": Test(&Calendar{Events: []Event{{"a", begin + 900, begin + 900}}}, a, Defaults),
	} {
		if res.Answer != CannotTell || len(res.Tests) > 0 || !strings.Contains(res.Says, "cannot tell") {
			t.Errorf("%s: %s: %s", name, res.Answer, res.Says)
		}
	}
}

// TestHolm: the corrected values of the example in R's p.adjust: 0.01, 0.02,
// 0.03 and 0.04 become 0.04, 0.06, 0.06 and 0.06.
func TestHolm(t *testing.T) {
	ts := []Tested{{P: 0.03}, {P: 0.01}, {P: 0.04}, {P: 0.02}}
	holm(ts)
	for i, want := range []float64{0.06, 0.04, 0.06, 0.06} {
		if math.Abs(ts[i].Corrected-want) > 1e-12 {
			t.Errorf("p %v becomes %v, want %v", ts[i].P, ts[i].Corrected, want)
		}
	}
}

// peer computes mean and exact p of one window in another language, from the
// definition: sets of days, all products of shifts.
const peer = `
import itertools, json, math, sys
q = json.load(sys.stdin)
x, n, w = q["x"], len(q["x"]), len(q["x"]) // 7
def mean(shifts):
    days = set()
    for events, k in zip(q["clusters"], shifts):
        for first, last in events:
            for d in range(first - q["before"], last + q["after"] + 1):
                days.add((d + 7 * k) % n)
    return math.fsum(math.log1p(x[d]) for d in days) / len(days)
here = mean([0] * len(q["clusters"]))
every = [mean(s) for s in itertools.product(range(w), repeat=len(q["clusters"]))]
print(json.dumps([here, math.fsum(every) / len(every), sum(m >= here - 1e-12 for m in every) / len(every)]))
`

// TestPeer: another program, written from the definition, gets the same mean,
// expectation and exact p.
func TestPeer(t *testing.T) {
	python := pypeer.Python(t, "json")
	r := rand.New(rand.NewPCG(3, 3))
	a := Activity{Found: map[Day]int{}, Observed: map[Day]bool{}}
	const n = 12 * 7
	x := make([]int, n)
	for i := range n {
		a.Observed[begin+Day(i)] = true
		if r.IntN(3) == 0 {
			x[i] = 1 + r.IntN(5)
			a.Found[begin+Day(i)] = x[i]
		}
	}
	c := &Calendar{Events: []Event{{"a", begin + 9, begin + 10}, {"b", begin + 40, begin + 40}, {"c", begin + 43, begin + 43}, {"d", begin + 70, begin + 71}}}
	res := Test(c, a, Options{Windows: []Window{{Name: "w", Before: 4, After: 2}}, Level: 0.05})
	if len(res.Tests) != 1 || !res.Tests[0].Exact || res.Tests[0].Tried != 12*12*12 {
		t.Fatalf("%+v", res)
	}
	in, err := json.Marshal(map[string]any{"x": x, "before": 4, "after": 2, "clusters": [][][2]int{{{9, 10}}, {{40, 40}, {43, 43}}, {{70, 71}}}})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", peer)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [3]float64
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	got := res.Tests[0]
	if math.Abs(got.Mean-want[0]) > 1e-9 || math.Abs(got.Expected-want[1]) > 1e-9 || math.Abs(got.P-want[2]) > 1e-9 {
		t.Errorf("mean %v, expected %v, p %v; the peer has %v", got.Mean, got.Expected, got.P, want)
	}
}
