package app

import (
	"fmt"
	"os"

	"longwatch/internal/calendar"
	"longwatch/internal/campaign"
	"longwatch/internal/casefolder"
	"longwatch/internal/coverage"
	"longwatch/internal/finding"
)

// eventPrior is what clustering around events adds to a profile that is
// reported to come around events: the most that a prior may.
const eventPrior = 0.5

// readEvents reads the calendar of a hunt; nil without one.
func readEvents(path string) (*calendar.Calendar, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("app: events: %w", err)
	}
	defer func() { _ = f.Close() }()
	return calendar.Read(path, f)
}

// eventTimes tests whether findings cluster around events; nil without any.
func eventTimes(found []finding.Finding, cal *calendar.Calendar, census *coverage.Census) *calendar.Result {
	if cal == nil {
		return nil
	}
	a := calendar.Activity{Found: map[calendar.Day]int{}, Observed: map[calendar.Day]bool{}}
	for d := range census.Days() {
		a.Observed[calendar.Day(d)] = true
	}
	for i := range found {
		if f := &found[i]; f.Severity >= finding.Low && f.Start != 0 {
			a.Found[calendar.DayOf(f.Start)]++
		}
	}
	return calendar.Test(cal, a, calendar.Defaults)
}

// priors are what clustering is worth, by profile.
func priors(cf *casefolder.Case, profiles []*campaign.Profile) map[string]float64 {
	if cf.Events == nil || cf.Events.Answer != calendar.Clusters {
		return nil
	}
	prior := map[string]float64{}
	for _, p := range profiles {
		if p.EventTimed {
			prior[p.ID] = eventPrior
		}
	}
	return prior
}
