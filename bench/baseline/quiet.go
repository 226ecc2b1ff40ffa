package main

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"

	"longwatch/internal/app"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/learn"
	"longwatch/internal/record"
)

// hunts plays the days of an office through every detector, a hunt a week, with
// what the hunts before have learned; story adds to a day. It returns what was
// found, and how many records there were.
func hunts(o *office, days int, story func(o *office)) ([]finding.Finding, int) {
	home := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	kept := baseline.New(64 << 20)
	var found []finding.Finding
	records := 0
	for done := 0; done < days; done += 7 {
		past := &baseline.Past{}
		past.Load(kept)
		env := detect.Env{HomeNet: home, Past: past}
		e := detect.NewEngine(app.Reference().Detectors, env)
		feed := func(r record.Record) {
			if e.Wants(r) {
				e.Feed(r)
			}
		}
		l := learn.New(past, 16<<20, env.Home, feed)
		for day := done; day < min(done+7, days); day++ {
			for _, r := range o.nextWith(story) {
				records++
				l.Observe(r)
				feed(r)
			}
		}
		l.Finish()
		week := e.Finish()
		for i := range week {
			if s, ok := suspect(&week[i]); ok {
				kept.Suspect(s)
			}
		}
		kept.Merge(l.Learned())
		found = append(found, week...)
	}
	return found, records
}

// suspect is the account of a finding that is worth more than a look.
func suspect(f *finding.Finding) (baseline.Suspect, bool) {
	for _, e := range f.Entities {
		if e.Kind == "user" && f.Severity >= finding.Medium {
			return baseline.Suspect{Kind: e.Kind, Name: e.Value, From: baseline.DayOf(f.Start) - baseline.LeadDays, To: baseline.DayOf(f.End) + baseline.TrailDays, Finding: f.ID}, true
		}
	}
	return baseline.Suspect{}, false
}

// nextWith is next with a story in it.
func (o *office) nextWith(story func(o *office)) []record.Record {
	o.story = story
	return o.next()
}

// tally prints how many findings there were of each detector and severity.
func tally(w io.Writer, found []finding.Finding, records int, perDay float64) {
	counts := map[string]int{}
	for i := range found {
		counts[fmt.Sprintf("%-22s %s", found[i].Detector, found[i].Severity)]++
	}
	_, _ = fmt.Fprintf(w, "quiet months          %d records\n", records)
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		_, _ = fmt.Fprintf(w, "  %s: %d, %.3f for each thousand machines and day\n", k, counts[k], float64(counts[k])*1000/perDay)
	}
	for i := range found {
		if found[i].Severity > finding.Low {
			_, _ = fmt.Fprintf(w, "  %s %s %v: %q\n", found[i].Severity, found[i].Detector, found[i].Start, found[i].Why)
		}
	}
}
