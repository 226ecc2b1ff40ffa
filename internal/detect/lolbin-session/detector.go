// Package lolbinsession finds sessions in which a person, not a program, works
// with the tools that an intruder living off the land uses (AA24-038A).
package lolbinsession

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

// Detector counts distinct tools per session.
var Detector = detect.Spec{
	ID:         "lolbin-session",
	Title:      "Many system tools by hand in one session",
	Techniques: []attack.ID{"T1059.003", "T1082"},
	Dossier:    []string{"VT-19"},
	New: func(detect.Env) detect.Detector {
		return &detector{sessions: recent.New[session, work](window, 1<<13)}
	},
}

const (
	window   = 30 * time.Minute // dossier VT-19
	least    = 5                // distinct tools
	handFast = 2 * time.Second  // a person needs that long for a command
	maxSteps = 128
)

// tools of the advisory that have no everyday use in numbers.
var tools = []string{
	"wmic.exe", "netsh.exe", "ntdsutil.exe", "vssadmin.exe", "reg.exe", "net.exe", "net1.exe", "nltest.exe", "dnscmd.exe", "ldifde.exe", "csvde.exe",
	"dsquery.exe", "whoami.exe", "systeminfo.exe", "tasklist.exe", "ipconfig.exe", "netstat.exe", "quser.exe", "query.exe", "wevtutil.exe", "certutil.exe",
	"rundll32.exe", "makecab.exe", "nslookup.exe", "arp.exe", "route.exe", "klist.exe", "cmdkey.exe", "schtasks.exe", "sc.exe", "curl.exe", "mstsc.exe",
}

// automatic are the sessions in which services work.
var automatic = []string{"", "0x0", "0x3e7", "0x3e4", "0x3e5"}

// detector remembers, for half an hour, the tools of each session.
type detector struct {
	sessions *recent.Map[session, work]
}

type session struct{ host, id string }

type work struct {
	trail detect.Trail
	steps []step
	told  bool
}

type step struct {
	at      record.Time
	tool    string
	command string
}

// Handlers subscribes to the tools.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(wanted, d.process)}
}

func wanted(p *host.Process) bool {
	return slices.Contains(tools, winpath.Base(p.Image)) && !slices.Contains(automatic, strings.ToLower(p.LogonID))
}

func (d *detector) process(p *host.Process, out detect.Reporter) {
	w := d.sessions.At(session{p.Host, strings.ToLower(p.LogonID)}, p.TS)
	if w.told || len(w.steps) >= maxSteps || !w.trail.Add(p) {
		return
	}
	w.steps = append(w.steps, step{p.TS, winpath.Base(p.Image), p.CommandLine})
	recently := slices.DeleteFunc(slices.Clone(w.steps), func(s step) bool { return p.TS.Sub(s.at) > window })
	names := distinct(recently)
	if len(names) < least || !byHand(recently) {
		return
	}
	w.told = true
	out.Report(w.trail.Finding(finding.Medium, 60,
		finding.Because("in one session on %s (%s, %q) %d tools were used within %v: %s", p.Host, p.LogonID, p.User, len(names), window, strings.Join(names, ", ")),
		finding.Because("the pauses are a person's; the last command was %q", p.CommandLine)))
}

func distinct(steps []step) []string {
	var out []string
	for _, s := range steps {
		name := strings.TrimSuffix(strings.Replace(s.tool, "net1.", "net.", 1), ".exe")
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// byHand tells whether most pauses between distinct commands are longer than a
// script's.
func byHand(steps []step) bool {
	slow, all := 0, 0
	for i := 1; i < len(steps); i++ {
		if steps[i].command == steps[i-1].command {
			continue
		}
		all++
		if steps[i].at.Sub(steps[i-1].at) >= handFast {
			slow++
		}
	}
	return all >= least-1 && slow*2 >= all
}
