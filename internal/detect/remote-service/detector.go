// Package remoteservice finds services that are created, started and deleted
// over the network within two minutes: remote execution that tidies up. Calls
// are matched by interface and operation number, since tools disagree on names.
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
	Dossier:    []string{"TH-09"},
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
	}
	return ""
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
	case "start":
		s.started = s.created
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
	out.Report(s.trail.Finding(severity, 85, why...))
}
