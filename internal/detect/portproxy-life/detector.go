// Package portproxylife finds port proxies on a Windows host: a value set below
// PortProxy makes the host a relay, and one that is deleted soon after was
// meant not to be seen (AA23-144A).
package portproxylife

import (
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

// Detector follows the registry values and the commands that set and delete them.
var Detector = detect.Spec{
	ID:         "portproxy-life",
	Title:      "Short-lived port proxy",
	Techniques: []attack.ID{"T1090.001", "T1112"},
	Dossier:    []string{"VT-23"},
	New: func(detect.Env) detect.Detector {
		return &detector{hosts: recent.New[string, proxy](life, 1<<12)}
	},
}

// life is how long a proxy may live to count as short-lived; helpers of
// virtual machines set theirs for good.
const life = 24 * time.Hour

// detector remembers, for a day, the proxies that were set on each host.
type detector struct{ hosts *recent.Map[string, proxy] }

type proxy struct {
	trail detect.Trail
	what  string
	since record.Time
	told  bool
}

// Handlers subscribes to the registry and to netsh.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(r *host.Registry) bool {
			return strings.Contains(winpath.Clean(r.Key), `\services\portproxy\v4tov4\tcp`)
		}, func(r *host.Registry, out detect.Reporter) {
			if strings.Contains(strings.ToLower(r.Action), "delete") {
				d.gone(r, r.Host, out)
			} else {
				d.set(r, r.Host, winpath.Base(r.Key)+" to "+r.Value)
			}
		}),
		detect.OnIf(func(p *host.Process) bool { return verb(p.CommandLine) != "" }, func(p *host.Process, out detect.Reporter) {
			if verb(p.CommandLine) == "add" {
				d.set(p, p.Host, p.CommandLine)
			} else {
				d.gone(p, p.Host, out)
			}
		}),
	}
}

// verb is what a netsh command does to port proxies: add, delete, reset, or
// empty for other commands.
func verb(command string) string {
	words := strings.Fields(strings.ToLower(command))
	for i, w := range words {
		if w == "portproxy" && i+1 < len(words) {
			switch v := words[i+1]; v {
			case "add", "delete", "reset":
				return v
			case "set":
				return "add"
			}
		}
	}
	return ""
}

func (d *detector) set(r record.Record, host, what string) {
	p := d.hosts.At(host, r.Base().TS)
	if p.told {
		*p = proxy{}
	}
	if p.since == 0 {
		p.since, p.what = r.Base().TS, what
	}
	p.trail.Add(r)
}

func (d *detector) gone(r record.Record, host string, out detect.Reporter) {
	p := d.hosts.Peek(host, r.Base().TS)
	if p == nil || p.told || p.since == 0 {
		return
	}
	p.told = true
	p.trail.Add(r)
	out.Report(p.trail.Finding(finding.High, 85,
		finding.Because("on %s a port proxy was set (%s)", host, p.what),
		finding.Because("and taken away %v later", r.Base().TS.Sub(p.since).Round(time.Second))))
}
