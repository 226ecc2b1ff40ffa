// Package loggap judges holes in event logs: numbers that are missing, records
// hidden inside others, silences that a channel never has, archives that are
// missing between others. The reader of the log computes the odds that somebody
// made the hole; see host.LogGap.
package loggap

import (
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector reports holes with high odds of having been made.
var Detector = detect.Spec{
	ID:         "log-gap",
	Title:      "Records missing from an event log",
	Techniques: []attack.ID{"T1070.001"},
	New: func(detect.Env) detect.Detector {
		return &detector{told: recent.New[string, told](window, 1<<12), files: recent.New[string, joined](longest, 1<<12)}
	},
}

const (
	window = 24 * time.Hour
	most   = 3 // findings of one log in that time

	longest = 10 * 365 * 24 * time.Hour // logs and their archives go back years
	// Less than this is worth a look at the log, not an analyst's time: below a
	// hundred to one, logs of many machines would fill a report.
	leastOdds = 100
	// leastSilence: chance makes silences, it does not make holes.
	leastSilence = 1000
)

// detector remembers, per log and day, how much it told, and of each log how far
// its files go.
type detector struct {
	told  *recent.Map[string, told]
	files *recent.Map[string, joined]
}

// joined is how far the files of a log go that begin one after the other.
type joined struct {
	last  uint64
	until record.Time
	name  string
}

type told struct{ n int }

// Handlers subscribes to holes that are worth it.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(odd, d.gap), detect.OnIf(own, d.file)}
}

// own tells files of one log of one host, as its service wrote them.
func own(f *host.LogFile) bool { return !f.Forwarded && !f.Exported && f.Last != 0 }

// file joins a file to those that begin before it: archives, then the log as it
// stands. Numbers go on from one to the next, also when the log was cleared.
func (d *detector) file(f *host.LogFile, out detect.Reporter) {
	j := d.files.At(f.Host+" "+f.Channel, f.TS)
	if j.last != 0 && f.First > j.last+1 {
		out.Report(finding.Finding{
			Title: "Part of an event log missing between its files", Severity: finding.Low, Confidence: 40,
			Why: []string{
				finding.Because("log %q of %s: records %d to %d (%d), written between %v and %v, are in none of its files: %s ends before them, %s begins behind them", f.Channel, f.Host, j.last+1, f.First-1, f.First-j.last-1, j.until, f.TS, j.name, f.Ref.File),
				finding.Because("ask whether an archive was left behind when the logs were gathered, or the log was cleared or let overwrite itself"),
			},
		})
	}
	if f.Last > j.last {
		j.last, j.until, j.name = f.Last, f.Until, f.Ref.File
	}
}

func odd(g *host.LogGap) bool {
	switch g.Kind {
	case "hidden":
		return true
	case "missing":
		return g.Odds >= leastOdds
	case "silence":
		return g.Odds >= leastSilence
	}
	return false
}

func (d *detector) gap(g *host.LogGap, out detect.Reporter) {
	t := d.told.At(g.Host+" "+g.Channel, g.TS)
	if t.n == most {
		return
	}
	t.n++
	f := finding.Finding{Severity: finding.Medium, Confidence: 60, Why: []string{
		finding.Because("log %q of %s: %s", g.Channel, g.Host, g.Why),
		finding.Because("ask whether the log was cut by a tool or a full disk at that time"),
	}}
	switch g.Kind {
	case "hidden":
		f.Title, f.Severity, f.Confidence = "Record hidden inside another in an event log", finding.High, 95
	case "silence":
		f.Title, f.Severity, f.Confidence = "Event log silent for unusually long", finding.Low, 30
	}
	out.Report(f)
}
