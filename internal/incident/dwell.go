package incident

import (
	"slices"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	longSilence  = 7 * day // without a trace, worth telling
	maxDwellHost = 3       // machines whose logs begin late that are named
)

// dwell is how long the intruder was there, at least, and what may make it
// longer.
func (s *scene) dwell(entry *finding.Step, reach []finding.Reach) finding.Dwell {
	d := finding.Dwell{First: s.g.span.Start, Last: s.g.span.End}
	if entry != nil && entry.Time != 0 && d.First != 0 {
		d.First = min(d.First, entry.Time)
	}
	if d.First == 0 {
		d.Why = []string{"no trace has a time"}
		return d
	}
	d.AtLeast = d.Last.Sub(d.First)
	d.Why = append(d.Why, finding.Because("at least %s: from %s to %s", spell(d.AtLeast), minute(d.First), minute(d.Last)))
	d.Why = append(d.Why, s.remembered(d.First)...)
	late := 0
	for i := range reach {
		r := &reach[i]
		if r.LogsFrom == 0 || r.First != 0 && r.First.Sub(d.First) > day {
			continue
		}
		if late++; late <= maxDwellHost {
			d.Why = append(d.Why, finding.Because("the evidence of %s begins only at %s, %s before its first trace, so it may be longer", r.Entity.Value, minute(r.LogsFrom), spell(r.First.Sub(r.LogsFrom))))
		}
	}
	if late > maxDwellHost {
		d.Why = append(d.Why, finding.Because("so does that of %d more machines", late-maxDwellHost))
	}
	if end := s.c.opt.End; end != 0 && end.Sub(d.Last) < day {
		d.Why = append(d.Why, finding.Because("the last trace is %s before the evidence ends: the intruder may still be there", spell(max(end.Sub(d.Last), 0))))
	}
	if from, to := s.silence(); to.Sub(from) >= longSilence {
		d.Why = append(d.Why, finding.Because("no trace for %s, from %s to %s", spell(to.Sub(from)), minute(from), minute(to)))
	}
	if at := s.claimed(); at != 0 && at < d.First {
		d.Why = append(d.Why, finding.Because("times of files claim %s, which does not count: who writes a file can set them", minute(at)))
	}
	return d
}

// minute is a time to the minute.
func minute(t record.Time) string { return t.Std().Format("2006-01-02 15:04") }

// silence is the longest time between traces.
func (s *scene) silence() (from, to record.Time) {
	var last record.Time
	var longest time.Duration
	for _, v := range s.events {
		if last != 0 && v.span.Start.Sub(last) > longest {
			longest = v.span.Start.Sub(last)
			from, to = last, v.span.Start
		}
		last = max(last, v.span.End)
	}
	return from, to
}

// claimed is the earliest time that files at rest carry.
func (s *scene) claimed() record.Time {
	rest := slices.DeleteFunc(slices.Clone(s.g.views), func(v *view) bool { return !v.rest || v.span.Start == 0 })
	if len(rest) == 0 {
		return 0
	}
	return rest[0].span.Start
}
