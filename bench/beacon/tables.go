package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

var homeNet = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}

// sorter puts records that are at most a minute early into order.
type sorter struct {
	out  func(record.Record)
	wait []record.Record
}

func newSorter(out func(record.Record)) *sorter { return &sorter{out: out} }

func (s *sorter) put(r record.Record) {
	s.wait = append(s.wait, r)
	if len(s.wait) < 1<<14 {
		return
	}
	s.sort()
	// Processes run in the order of time and write at most seconds ahead.
	keep := s.wait[len(s.wait)-1].Base().TS - 60e9
	n, _ := slices.BinarySearchFunc(s.wait, keep, func(r record.Record, t record.Time) int {
		if r.Base().TS < t {
			return -1
		}
		return 1
	})
	for _, r := range s.wait[:n] {
		s.out(r)
	}
	s.wait = append(s.wait[:0], s.wait[n:]...)
}

func (s *sorter) sort() {
	slices.SortStableFunc(s.wait, func(a, b record.Record) int {
		return int(min(max(a.Base().TS-b.Base().TS, -1), 1))
	})
}

func (s *sorter) flush() {
	s.sort()
	for _, r := range s.wait {
		s.out(r)
	}
}

// tables gather what was found in all months.
type tables struct {
	mu       sync.Mutex
	days     int
	hostDays float64
	planted  []*planted
	false    []float64 // scores of findings that name no beacon
}

// scoreOf is the score that a finding's confidence was made from.
func scoreOf(f *finding.Finding) float64 { return (float64(f.Confidence) - 35) / 50 }

func (t *tables) add(w *world, all []*planted, found []finding.Finding, show int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hostDays += float64(len(w.machines) * w.set.days)
	t.planted = append(t.planted, all...)
	by := map[string]*planted{}
	for _, b := range all {
		b.early = b.began.Sub(w.begin) < 48*time.Hour
	}
	for _, b := range all {
		for _, p := range b.peers {
			by[p.String()] = b
		}
		for _, n := range b.names {
			by[n] = b
		}
	}
	for i := range found {
		f := &found[i]
		s, hit := scoreOf(f), false
		for _, e := range f.Entities {
			for _, v := range []string{e.Value, tail(e.Value)} {
				if b := by[v]; b != nil && f.Entities[0].Value != "" {
					b.score, hit = max(b.score, s), true
				}
			}
		}
		if !hit {
			t.false = append(t.false, s)
			if s > 0.5 && show > 0 {
				show--
				fmt.Fprintf(os.Stderr, "false %.2f %v %v\n", s, f.Entities, f.Why)
			}
		}
	}
	for _, b := range all {
		if b.score < 0.5 && b.turns >= 8 && show > 0 {
			show--
			fmt.Fprintf(os.Stderr, "missed %.2f: %s sleep %.0f jitter %.2f turns %d on %s %v nights %v began %.1f peers %v %v\n", b.score, b.mode, b.sleep, b.jitter, b.turns, b.m.kind, b.m.addr, b.m.nights, b.began.Sub(w.begin).Hours()/24, b.names[0], b.peers[0])
		}
	}
}

// tail is what of a URL or a name would be a name that was planted.
func tail(v string) string {
	for i := range v {
		if v[i] == '/' {
			return v[:i]
		}
	}
	return "cdn0." + v
}

// print writes the tables.
func (t *tables) print(out io.Writer) {
	slices.Sort(t.false)
	rates := []float64{0.1, 0.3, 1, 3, 10}
	_, _ = fmt.Fprintf(out, "\n%d beacons among %.0f host days of ordinary traffic, %d false findings of any score\n\n", len(t.planted), t.hostDays, len(t.false))
	_, _ = fmt.Fprintln(out, "| false alarms per 1000 hosts and day | bound of the score | found of all | found of those with 8 turns or more |\n| --- | --- | --- | --- |")
	for _, r := range rates {
		bound := t.bound(r)
		_, _ = fmt.Fprintf(out, "| %.1f | %.2f | %s | %s |\n", r, bound, t.recall(bound, func(*planted) bool { return true }), t.recall(bound, func(b *planted) bool { return b.turns >= 8 }))
	}
	bound := t.bound(1)
	_, _ = fmt.Fprintf(out, "\nFound at one false alarm per 1000 hosts and day, by sleep (rows, with the median number of turns) and jitter:\n\n| sleep | turns |")
	for _, j := range jitters {
		_, _ = fmt.Fprintf(out, " %.0f %% |", 100*j)
	}
	_, _ = fmt.Fprint(out, " all |\n| --- | --- |")
	for range len(jitters) + 1 {
		_, _ = fmt.Fprint(out, " --- |")
	}
	_, _ = fmt.Fprintln(out)
	for _, s := range sleeps {
		_, _ = fmt.Fprintf(out, "| %s | %d |", span(s), t.turns(s))
		for _, j := range jitters {
			_, _ = fmt.Fprintf(out, " %s |", t.recall(bound, func(b *planted) bool { return b.sleep == s && b.jitter == j }))
		}
		_, _ = fmt.Fprintf(out, " %s |\n", t.recall(bound, func(b *planted) bool { return b.sleep == s }))
	}
	_, _ = fmt.Fprintln(out, "\n| how it talks | found |\n| --- | --- |")
	for _, m := range modes {
		_, _ = fmt.Fprintf(out, "| %s | %s |\n", m, t.recall(bound, func(b *planted) bool { return b.mode == m }))
	}
	for _, nights := range []bool{true, false} {
		_, _ = fmt.Fprintf(out, "| machine on at night: %v | %s |\n", nights, t.recall(bound, func(b *planted) bool { return b.m.nights == nights }))
	}
	for _, early := range []bool{true, false} {
		_, _ = fmt.Fprintf(out, "| began in the first two days: %v | %s |\n", early, t.recall(bound, func(b *planted) bool { return b.early == early }))
	}
}

// bound is the least score at which there are at most rate false alarms per
// thousand hosts and day.
func (t *tables) bound(rate float64) float64 {
	allowed := int(rate * t.hostDays / 1000)
	if allowed >= len(t.false) {
		return 0
	}
	return t.false[len(t.false)-1-allowed] + 1e-9
}

func (t *tables) recall(bound float64, of func(*planted) bool) string {
	n, hit := 0, 0
	for _, b := range t.planted {
		if of(b) {
			n++
			if b.score > 0 && b.score >= bound {
				hit++
			}
		}
	}
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %% of %d", 100*float64(hit)/float64(n), n)
}

func (t *tables) turns(sleep float64) int {
	var all []int
	for _, b := range t.planted {
		if b.sleep == sleep {
			all = append(all, b.turns)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// span writes a time of seconds.
func span(s float64) string {
	switch {
	case s < 60:
		return fmt.Sprintf("%.0f s", s)
	case s < 3600:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 86400:
		return fmt.Sprintf("%.0f h", s/3600)
	}
	return fmt.Sprintf("%.0f d", s/86400)
}
