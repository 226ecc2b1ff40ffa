// Package remoteservice finds programs run through the service manager of
// another host: services that are created, started and deleted within two
// minutes, services that are a command line, and services of the host that get
// another program and are started with it. Calls are matched by interface and
// operation number, since tools disagree on names.
package remoteservice

import (
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
)

// Detector follows the service control manager's calls between two hosts.
var Detector = detect.Spec{
	ID:         "remote-service",
	Title:      "Service created, started and deleted over the network",
	Techniques: []attack.ID{"T1569.002", "T1021.002"},
	Dossier:    []string{"TH-09", "TH-10", "TH-11"},
	New: func(detect.Env) detect.Detector {
		return &detector{pairs: recent.New[pair, course](window, 1<<13)}
	},
}

const (
	svcctl = "367abb81-9844-35f1-ad32-98f038001003" // MS-SCMR
	window = 120 * time.Second                      // dossier TH-09
)

// detector remembers, for two minutes, how far each pair of hosts has come.
type detector struct{ pairs *recent.Map[pair, course] }

type pair struct{ orig, resp netip.Addr }

type course struct {
	trail                     detect.Trail
	name                      string
	created, started, deleted bool
	changed                   string // service and the program it was given
	told                      bool
}

// Handlers subscribes to calls of the service control manager.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(c *dcerpc.Call) bool {
		return strings.EqualFold(c.UUID, svcctl) && step(c.Opnum) != "" && c.Fault == ""
	}, d.call)}
}

// step names what an operation does (MS-SCMR 3.1.4).
func step(opnum uint16) string {
	switch opnum {
	case 12, 24, 44, 45, 60:
		return "create"
	case 19, 31:
		return "start"
	case 2:
		return "delete"
	case 11, 23:
		return "change"
	}
	return ""
}

// commandLine tells whether a service's program is an interpreter with
// something to do, or leaves its output on a share of the host itself.
func commandLine(program string) bool {
	p := strings.ToLower(program)
	for _, s := range []string{"%comspec%", "cmd.exe /", "cmd /", "powershell", "pwsh", "mshta", "wscript", "cscript", `\\127.0.0.1\`} {
		if strings.Contains(p, s) {
			return true
		}
	}
	return false
}

func (d *detector) call(c *dcerpc.Call, out detect.Reporter) {
	s := d.pairs.At(pair{c.OrigH, c.RespH}, c.TS)
	if c.TS.Sub(s.trail.Span.Start) > window {
		*s = course{}
	}
	if !s.trail.Add(c) {
		return
	}
	switch step(c.Opnum) {
	case "create":
		s.created = true
		if len(c.Args) > 0 {
			s.name = strings.Join(c.Args, " ")
		}
		d.commands(c, s, out)
	case "change":
		if len(c.Args) > 1 && s.changed == "" {
			s.changed = strings.Join(c.Args, " ")
		}
	case "start":
		s.started = s.created
		d.exchanged(c, s, out)
	case "delete":
		s.deleted = s.started
	}
	if s.told || !s.deleted {
		return
	}
	s.told = true
	why := []string{finding.Because("%v created a service on %v, started it and deleted it within %v", c.OrigH, c.RespH, c.TS.Sub(s.trail.Span.Start).Round(time.Second))}
	if s.name != "" {
		why = append(why, finding.Because("the service was %q", s.name))
	}
	severity := finding.High
	if strings.HasPrefix(strings.ToUpper(s.name), "PSEXESVC") { // administrators use PsExec under its own name
		severity = finding.Low
	}
	f := s.trail.Finding(severity, 85, why...)
	f.Dossier = []string{"TH-09"}
	out.Report(f)
}

// commands tells of a service that is a command line, once per course. It may
// never be deleted, or only after longer.
func (d *detector) commands(c *dcerpc.Call, s *course, out detect.Reporter) {
	if s.told || len(c.Args) < 2 || !commandLine(c.Args[1]) {
		return
	}
	s.told = true
	f := s.trail.Finding(finding.High, 85,
		finding.Because("%v created the service %q on %v, whose program is a command line: %q", c.OrigH, c.Args[0], c.RespH, c.Args[1]))
	f.Title, f.Dossier = "Service created over the network to run a command", []string{"TH-11"}
	out.Report(f)
}

// exchanged tells of a service of the host that was given another program and
// started with it: no service is installed, so no event says so.
func (d *detector) exchanged(c *dcerpc.Call, s *course, out detect.Reporter) {
	if s.told || s.changed == "" || s.created {
		return
	}
	s.told = true
	f := s.trail.Finding(finding.High, 70,
		finding.Because("%v gave a service of %v another program (%q) and started it %v later", c.OrigH, c.RespH, s.changed, c.TS.Sub(s.trail.Span.Start).Round(time.Second)))
	f.Title, f.Techniques, f.Dossier = "Service of another host given another program and started", []attack.ID{"T1569.002", "T1543.003"}, []string{"TH-10"}
	out.Report(f)
}
