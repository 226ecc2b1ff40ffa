// Package remotesessionwork finds what somebody does on a host in a session that
// was opened over the network: a program started, a task or a service put in
// place. Files and pages are what such sessions are for; these are how an
// intruder moves on (MS-TSCH, MS-SCMR, MS-WMI).
package remotesessionwork

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

// Detector joins network logons with what happens in their sessions.
var Detector = detect.Spec{
	ID:         "remote-session-work",
	Title:      "Program, task or service started in a session from another host",
	Techniques: []attack.ID{"T1021", "T1047", "T1053.005", "T1543.003"},
	New: func(detect.Env) detect.Detector {
		return &detector{
			sessions: recent.New[session, arrival](12*time.Hour, 1<<14),
			last:     recent.New[string, arrival](window, 1<<12),
			wmi:      recent.New[process, bool](24*time.Hour, 1<<12),
			told:     recent.New[told, bool](24*time.Hour, 1<<13),
		}
	},
}

const (
	window  = 30 * time.Second // from the logon to the WMI call that it was for
	network = 3                // logon type
)

// detector remembers the network sessions of half a day, the last arrival at
// each host for half a minute, which processes are WMI hosts, for a day, and
// what it has said, for a day.
type detector struct {
	sessions *recent.Map[session, arrival]
	last     *recent.Map[string, arrival]
	wmi      *recent.Map[process, bool]
	told     *recent.Map[told, bool]
}

type session struct{ host, id string }

type process struct {
	host string
	pid  int64
}

// arrival is a logon over the network.
type arrival struct{ logon *host.Logon }

type told struct{ host, user, source, what string }

// Handlers subscribes to logons and to what is started.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(fromAfar, d.logon), detect.OnIf(started, d.process), detect.OnIf(placed, d.task), detect.OnIf(installed, d.service)}
}

func fromAfar(l *host.Logon) bool {
	name := strings.ToLower(l.Target)
	return l.Outcome == "success" && l.LogonType == network && l.Source.IsValid() && !l.Source.IsLoopback() &&
		name != "" && !strings.HasSuffix(name, "$") && !strings.Contains(name, "anonymous")
}

func (d *detector) logon(l *host.Logon, _ detect.Reporter) {
	if id := strings.ToLower(l.LogonID); id != "" {
		d.sessions.At(session{l.Host, id}, l.TS).logon = l
	}
	d.last.At(l.Host, l.TS).logon = l
}

// hosts are the programs in which Windows itself runs what was asked for from
// afar. They are no work; their children are.
var hosts = []string{"wmiprvse.exe", "wsmprovhost.exe", "winrshost.exe", "conhost.exe", "dllhost.exe", "taskhostw.exe", "userinit.exe", "csrss.exe", "winlogon.exe", "wermgr.exe", "werfault.exe"}

func started(p *host.Process) bool { return p.Image != "" && p.ParentPID != 4 }

func (d *detector) process(p *host.Process, out detect.Reporter) {
	name := winpath.Base(p.Image)
	if name == "wmiprvse.exe" {
		*d.wmi.At(process{p.Host, p.PID}, p.TS) = true
	}
	if slices.Contains(hosts, name) {
		return
	}
	parent := winpath.Base(p.ParentImage)
	if parent == "" && d.wmi.Peek(process{p.Host, p.ParentPID}, p.TS) != nil {
		parent = "wmiprvse.exe"
	}
	techniques := means(parent)
	if l := d.of(p.Head); l != nil {
		d.report(out, severity(parent), l, p, "program", finding.Because("%q ran in it, started by %q: %q", p.Image, parent, p.CommandLine), techniques...)
		return
	}
	if a := d.last.Peek(p.Host, p.TS); parent == "wmiprvse.exe" && a != nil && p.TS >= a.logon.TS {
		d.report(out, finding.Medium, a.logon, p, "program", finding.Because("%v later WMI started %q there: %q", p.TS.Sub(a.logon.TS).Round(time.Millisecond), p.Image, p.CommandLine), techniques...)
	}
}

// means are the techniques of a program that a parent starts for somebody afar.
func means(parent string) []attack.ID {
	switch parent {
	case "wmiprvse.exe":
		return []attack.ID{"T1047", "T1021.003"}
	case "wsmprovhost.exe", "winrshost.exe":
		return []attack.ID{"T1021.006"}
	case "mmc.exe", "dllhost.exe", "explorer.exe", "excel.exe", "winword.exe", "outlook.exe":
		return []attack.ID{"T1021.003"}
	}
	return []attack.ID{"T1021"}
}

func placed(t *host.Task) bool { return t.Action == "registered" || t.Action == "changed" }

func (d *detector) task(t *host.Task, out detect.Reporter) {
	if l := d.of(t.Head); l != nil {
		d.report(out, finding.Medium, l, t, "task", finding.Because("the task %q was %s in it, to run %q", t.Name, t.Action, t.Command), "T1053.005", "T1021")
	}
}

func installed(s *host.Service) bool { return s.Action == "installed" }

func (d *detector) service(s *host.Service, out detect.Reporter) {
	if l := d.of(s.Head); l != nil {
		d.report(out, severity(winpath.Base(strings.Trim(s.Path, `" `))), l, s, "service", finding.Because("the service %q was installed in it, to run %q", s.Name, s.Path), "T1543.003", "T1569.002", "T1021.002")
	}
}

// of is the logon from afar that opened the session of a record, or nil.
func (d *detector) of(h host.Head) *host.Logon {
	id := strings.ToLower(h.LogonID)
	if id == "" || id == "0x0" {
		return nil
	}
	if a := d.sessions.Peek(session{h.Host, id}, h.TS); a != nil {
		return a.logon
	}
	return nil
}

// severity is low for PsExec under its own name: administrators use it every day,
// and it says itself who does (the rules about it name it all the same).
func severity(program string) finding.Severity {
	if program == "psexesvc.exe" {
		return finding.Low
	}
	return finding.Medium
}

func (d *detector) report(out detect.Reporter, s finding.Severity, l *host.Logon, r record.Record, what, why string, techniques ...attack.ID) {
	said := d.told.At(told{l.Host, strings.ToLower(l.Target), l.Source.String(), what}, r.Base().TS)
	if *said {
		return
	}
	*said = true
	var trail detect.Trail
	trail.Add(l)
	trail.Add(r)
	f := trail.Finding(s, 50,
		finding.Because("%q came to %s from %v over the network (%s)", l.Target, l.Host, l.Source, l.Package), why,
		"could also be: administrators and management software at work")
	f.Techniques = techniques
	out.Report(f)
}
