// Package remotetask finds scheduled tasks that are registered, run and deleted
// within two minutes, over the network or on a host: remote execution that
// tidies up.
package remotetask

import (
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/record/host"
)

// Detector follows the life of tasks.
var Detector = detect.Spec{
	ID:         "remote-task",
	Title:      "Scheduled task registered, run and deleted at once",
	Techniques: []attack.ID{"T1053.005"},
	Dossier:    []string{"TH-12"},
	New: func(detect.Env) detect.Detector {
		return &detector{pairs: recent.New[pair, course](window, 1<<13), tasks: recent.New[named, task](window, 1<<13)}
	},
}

const (
	scheduler = "86d35949-83c9-4044-b424-db363231fd0c" // MS-TSCH ITaskSchedulerService
	atsvc     = "1ff70682-0a51-30e8-076d-740be8cee98b" // MS-TSCH ATSvc
	window    = 120 * time.Second                      // dossier TH-12
)

// detector remembers, for two minutes, the calls of each pair of hosts and the
// tasks of each host.
type detector struct {
	pairs *recent.Map[pair, course]
	tasks *recent.Map[named, task]
}

type pair struct{ orig, resp netip.Addr }

type named struct{ host, name string }

type course struct {
	trail           detect.Trail
	registered, ran bool
	command         string
	told            bool
}

type task struct {
	trail   detect.Trail
	command string
	told    bool
}

// Handlers subscribes to calls of the scheduler and to tasks on hosts.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *dcerpc.Call) bool { return strings.EqualFold(c.UUID, scheduler) && c.Fault == "" }, d.call),
		detect.OnIf(func(c *dcerpc.Call) bool {
			return strings.EqualFold(c.UUID, atsvc) && c.Opnum == 0 && c.Fault == "" && c.OrigH != c.RespH
		}, d.job),
		detect.OnIf(func(t *host.Task) bool { return t.Action == "registered" || t.Action == "deleted" }, d.task),
	}
}

// call knows SchRpcRegisterTask 1, SchRpcRun 12 and SchRpcDelete 13.
func (d *detector) call(c *dcerpc.Call, out detect.Reporter) {
	if c.Opnum != 1 && c.Opnum != 12 && c.Opnum != 13 {
		return
	}
	s := d.pairs.At(pair{c.OrigH, c.RespH}, c.TS)
	if c.TS.Sub(s.trail.Span.Start) > window {
		*s = course{}
	}
	s.trail.Add(c)
	switch c.Opnum {
	case 1:
		s.registered, s.command = true, command(c)
	case 12:
		s.ran = s.registered
		if s.ran && interprets(s.command) {
			d.ranCommand(c, s, out)
		}
	case 13:
		switch {
		case s.told:
		case s.registered && interprets(s.command): // it was run by its trigger
			d.ranCommand(c, s, out)
		case s.ran:
			s.told = true
			f := s.trail.Finding(finding.High, 85, finding.Because("%v registered a task on %v, ran it and deleted it within %v", c.OrigH, c.RespH, c.TS.Sub(s.trail.Span.Start).Round(time.Second)))
			f.Techniques = []attack.ID{"T1053.005", "T1021.002"}
			out.Report(f)
		}
	}
}

// command is program and arguments of the task that a call registers.
func command(c *dcerpc.Call) string {
	if len(c.Args) < 2 {
		return ""
	}
	return strings.Join(c.Args[1:], " ")
}

func (d *detector) ranCommand(c *dcerpc.Call, s *course, out detect.Reporter) {
	if s.told {
		return
	}
	s.told = true
	f := s.trail.Finding(finding.High, 85,
		finding.Because("%v registered a task on %v and had it run: %q", c.OrigH, c.RespH, s.command))
	f.Title, f.Techniques = "Scheduled task registered over the network to run a command", []attack.ID{"T1053.005", "T1021.002"}
	out.Report(f)
}

// job reports NetrJobAdd, which Windows 8 and later no longer know: what still
// calls it is very old, or a tool.
func (d *detector) job(c *dcerpc.Call, out detect.Reporter) {
	s := d.pairs.At(pair{c.OrigH, c.RespH}, c.TS)
	if s.told {
		return
	}
	s.told = true
	why := []string{finding.Because("%v added a job to the scheduler of %v over its old interface", c.OrigH, c.RespH)}
	severity, confidence := finding.Medium, uint8(60)
	if len(c.Args) > 0 {
		command := strings.Join(c.Args, " ")
		why = append(why, finding.Because("it runs %q", command))
		if interprets(command) {
			severity, confidence = finding.High, 80
		}
	}
	out.Report(finding.Finding{
		Title: "Job added to another host's scheduler", Severity: severity, Confidence: confidence, Why: why,
		Techniques: []attack.ID{"T1053.002"},
	})
}

// task compares the life of a task with the window. Updaters do the same with
// programs of their own; an interpreter in the command makes the difference.
func (d *detector) task(t *host.Task, out detect.Reporter) {
	s := d.tasks.At(named{t.Host, strings.ToLower(t.Name)}, t.TS)
	if t.Action == "registered" {
		*s = task{command: t.Command}
		s.trail.Add(t)
		return
	}
	if len(s.trail.Refs) == 0 || s.told || t.TS.Sub(s.trail.Span.Start) > window {
		return
	}
	s.told = true
	s.trail.Add(t)
	severity, confidence := finding.Low, uint8(40)
	why := []string{finding.Because("the task %q on %s lived for %v", t.Name, t.Host, t.TS.Sub(s.trail.Span.Start).Round(time.Second))}
	if s.command != "" {
		why = append(why, finding.Because("it ran %q", s.command))
	}
	if interprets(s.command) {
		severity, confidence = finding.High, 80
	}
	out.Report(s.trail.Finding(severity, confidence, why...))
}

func interprets(command string) bool {
	c := strings.ToLower(command)
	for _, s := range []string{"cmd.exe", "cmd /c", "powershell", "pwsh", "wscript", "cscript", "mshta", "rundll32", "regsvr32"} {
		if strings.Contains(c, s) {
			return true
		}
	}
	return false
}
