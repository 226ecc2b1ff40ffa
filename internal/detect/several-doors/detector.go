// Package severaldoors finds hosts on which several kinds of persistence are
// set up within a week, each with a command that ordinary software does not use:
// who closes one door finds the others open.
package severaldoors

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// Detector counts kinds of persistence per host.
var Detector = detect.Spec{
	ID:         "several-doors",
	Title:      "Several kinds of persistence on one host",
	Techniques: []attack.ID{"T1543.003", "T1053.005", "T1547.001"},
	Dossier:    []string{"TH-20"},
	New: func(detect.Env) detect.Detector {
		return &detector{hosts: recent.New[string, doors](window, 1<<12)}
	},
}

const (
	window = 7 * 24 * time.Hour // dossier TH-20
	least  = 2                  // kinds
)

// detector remembers, for a week, the suspicious kinds of each host.
type detector struct{ hosts *recent.Map[string, doors] }

type doors struct {
	trail detect.Trail
	kinds []string
	told  bool
}

// Handlers subscribes to services, tasks, Run keys and WMI consumers.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(s *host.Service) bool { return s.Action == "installed" && odd(s.Path) }, func(s *host.Service, out detect.Reporter) {
			d.door(s, s.Host, "service", s.Path, out)
		}),
		detect.OnIf(func(t *host.Task) bool { return t.Action == "registered" && odd(t.Command) }, func(t *host.Task, out detect.Reporter) {
			d.door(t, t.Host, "task", t.Command, out)
		}),
		detect.OnIf(func(r *host.Registry) bool {
			return strings.Contains(winpath.Clean(r.Key), `\currentversion\run`) && odd(r.Value)
		}, func(r *host.Registry, out detect.Reporter) { d.door(r, r.Host, "run key", r.Value, out) }),
		detect.OnIf(func(w *host.WMI) bool { return w.Action == "consumer" && odd(w.Detail) }, func(w *host.WMI, out detect.Reporter) {
			d.door(w, w.Host, "WMI consumer", w.Detail, out)
		}),
	}
}

// odd tells whether a command starts an interpreter or lies where every user
// may write.
func odd(command string) bool {
	c := winpath.Clean(command)
	for _, s := range []string{"powershell", "cmd.exe /c", "cmd /c", "%comspec%", "mshta", "wscript", "cscript", "rundll32", "regsvr32", `\temp\`, `\users\public\`, `\perflogs\`, `\appdata\local\temp`, `\admin$\`} {
		if strings.Contains(c, s) {
			return true
		}
	}
	return false
}

func (d *detector) door(r record.Record, host, kind, command string, out detect.Reporter) {
	h := d.hosts.At(host, r.Base().TS)
	if !slices.Contains(h.kinds, kind) {
		h.kinds = append(h.kinds, kind)
	}
	h.trail.Add(r)
	if h.told || len(h.kinds) < least {
		return
	}
	h.told = true
	out.Report(h.trail.Finding(finding.Medium, 65,
		finding.Because("on %s %s were set up within a week, each with an interpreter or a program in a folder that anybody may write", host, strings.Join(h.kinds, " and ")),
		finding.Because("the last one runs %q", command)))
}
