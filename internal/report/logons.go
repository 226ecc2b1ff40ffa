package report

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record/host"
)

// maxLogons is how many pairs of an incident's machines its section shows.
const maxLogons = 24

// around is how long before and after an incident logons belong to it.
const around = time.Hour

// logons are the pairs of the incident's machines between which somebody logged
// on, or tried, at its time; more tells how many there are beyond those.
func logons(i *finding.Incident, machines []string, edges []*host.LogonEdge) (out []*host.LogonEdge, more int) {
	known := map[string]bool{}
	for _, m := range machines {
		known[label(m)] = true
	}
	for _, e := range edges {
		if !known[label(e.From)] || !known[label(e.To)] || e.Last.Sub(i.Start) < -around || e.TS.Sub(i.End) > around {
			continue
		}
		if len(out) == maxLogons {
			more++
			continue
		}
		out = append(out, e)
	}
	return slices.Clip(out), more
}

// label is the first part of a host's name, as names are compared; addresses
// stay whole.
func label(s string) string {
	s = strings.ToLower(s)
	if strings.Trim(s, "0123456789.") == "" || strings.Contains(s, ":") {
		return s
	}
	name, _, _ := strings.Cut(s, ".")
	return name
}
