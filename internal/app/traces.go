package app

import (
	"strings"
	"time"

	"longwatch/internal/casefolder"
	"longwatch/internal/incident"
)

// FirstTraces reads from a case when an intruder was first there: over all, and
// on each host by its short name in lower case.
func FirstTraces(dir string) (start time.Time, hosts map[string]time.Time, err error) {
	c, err := casefolder.Read(dir)
	if err != nil {
		return start, nil, err
	}
	hosts = map[string]time.Time{}
	for _, i := range c.Incidents {
		if first := i.Dwell.First; first != 0 && (start.IsZero() || first.Std().Before(start)) {
			start = first.Std()
		}
		for _, r := range i.Reach {
			if r.First == 0 {
				continue
			}
			name := strings.ToLower(r.Entity.Value)
			if r.Entity.Kind == "host" {
				name = incident.HostName(name)
			}
			if at, ok := hosts[name]; !ok || r.First.Std().Before(at) {
				hosts[name] = r.First.Std()
			}
		}
	}
	return start, hosts, nil
}
