// Package hiddenprocess finds processes that a rootkit takes out of listings: in
// each of three passes or more the process can be opened by its number, and no
// pass lists it. A process that begins between listing and opening is listed in
// the next pass; a number that was used again has another start time.
package hiddenprocess

import (
	"cmp"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector compares the passes over all processes of a host.
var Detector = detect.Spec{
	ID:         "hidden-process",
	Title:      "Process that is there and not listed",
	Techniques: []attack.ID{"T1014", "T1564.001"},
	Dossier:    []string{"TG-22"},
	New: func(detect.Env) detect.Detector {
		return &detector{hosts: map[string]*machine{}}
	},
}

const (
	leastPasses = 3
	leastApart  = 4 * time.Second // between two passes that count
	maxHosts    = 1 << 10
	maxSeen     = 1 << 16 // processes of a host
	maxPasses   = 64
)

// detector keeps, to the end, what each pass over each host showed.
type detector struct{ hosts map[string]*machine }

type machine struct {
	passes []record.Time          // of the passes that count
	listed map[int64]bool         // process ids that some pass lists
	opened map[process]*sightings // what could be opened
}

// process is one process, also when its number is used again.
type process struct{ pid, born int64 }

type sightings struct {
	trail  detect.Trail
	name   string
	passes []record.Time
}

// Handlers subscribes to views of processes.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.On(d.view), detect.AtEnd(d.judge)}
}

func (d *detector) view(v *host.ProcessView, _ detect.Reporter) {
	m := d.hosts[v.Host]
	if m == nil {
		if len(d.hosts) >= maxHosts {
			return
		}
		m = &machine{listed: map[int64]bool{}, opened: map[process]*sightings{}}
		d.hosts[v.Host] = m
	}
	m.passes = apart(m.passes, v.TS)
	if v.View == "listed" {
		if len(m.listed) < maxSeen {
			m.listed[v.PID] = true
		}
		return
	}
	k := process{v.PID, v.Born}
	s := m.opened[k]
	if s == nil {
		if len(m.opened) >= maxSeen {
			return
		}
		s = &sightings{name: v.Name}
		m.opened[k] = s
	}
	s.trail.Add(v)
	s.passes = apart(s.passes, v.TS)
}

// apart adds a pass that is long enough after the last one.
func apart(passes []record.Time, at record.Time) []record.Time {
	if n := len(passes); n == 0 || n < maxPasses && at.Sub(passes[n-1]) >= leastApart {
		return append(passes, at)
	}
	return passes
}

func (d *detector) judge(out detect.Reporter) {
	for name, m := range d.hosts {
		if len(m.passes) < leastPasses || len(m.listed) == 0 {
			continue // one who lists nothing cannot be told from one who hides all
		}
		var hidden []process
		for k, s := range m.opened {
			if !m.listed[k.pid] && len(s.passes) == len(m.passes) {
				hidden = append(hidden, k)
			}
		}
		slices.SortFunc(hidden, func(a, b process) int { return cmp.Compare(a.pid, b.pid) })
		for _, k := range hidden {
			s := m.opened[k]
			f := s.trail.Finding(finding.High, 90,
				finding.Because("process %d of %s, which calls itself %q, could be opened by its number in each of %d passes, and no pass lists it", k.pid, name, s.name, len(m.passes)),
				finding.Because("%d processes of the host are hidden so, %d are listed", len(hidden), len(m.listed)))
			f.Ask = []string{"Take the memory of the host before anything else: what hides a process lies in its kernel, and the host's own tools cannot be believed."}
			out.Report(f)
		}
	}
}
