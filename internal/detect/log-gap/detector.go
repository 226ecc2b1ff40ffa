// Package loggap judges holes in event logs: numbers that are missing, records
// hidden inside others, silences that a channel never has. The reader of the
// log computes the odds that somebody made the hole; see host.LogGap.
package loggap

import (
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record/host"
)

// Detector reports holes with high odds of having been made.
var Detector = detect.Spec{
	ID:         "log-gap",
	Title:      "Records missing from an event log",
	Techniques: []attack.ID{"T1070.001"},
	New: func(detect.Env) detect.Detector {
		return &detector{told: recent.New[string, told](window, 1<<12)}
	},
}

const (
	window = 24 * time.Hour
	most   = 3 // findings of one log in that time
	// Less than this is worth a look at the log, not an analyst's time: below a
	// hundred to one, logs of many machines would fill a report.
	leastOdds = 100
	// leastSilence: chance makes silences, it does not make holes.
	leastSilence = 1000
)

// detector remembers, per log and day, how much it told.
type detector struct{ told *recent.Map[string, told] }

type told struct{ n int }

// Handlers subscribes to holes that are worth it.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(odd, d.gap)}
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
