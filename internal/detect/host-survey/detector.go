// Package hostsurvey finds somebody who takes stock of a host and its network:
// several different questions asked within minutes in one session, by hand or
// by script, as an intruder does who has just arrived (ATT&CK TA0007).
package hostsurvey

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
)

// Detector counts kinds of questions.
var Detector = detect.Spec{
	ID:    "host-survey",
	Title: "Host and network surveyed by commands",
	Techniques: []attack.ID{
		"T1007", "T1016", "T1018", "T1033", "T1049", "T1057", "T1069.001", "T1069.002", "T1082", "T1087.001", "T1087.002",
		"T1135", "T1201", "T1482", "T1518.001", "T1615",
	},
	New: func(detect.Env) detect.Detector {
		return &detector{sessions: recent.New[session, survey](window, 1<<13)}
	},
}

const (
	window   = 5 * time.Minute
	least    = 4 // kinds of questions: a logon script asks two or three
	maxSteps = 64
)

// detector remembers, for five minutes, what each session asked.
type detector struct{ sessions *recent.Map[session, survey] }

type session struct{ host, id string }

type survey struct {
	steps []step
	told  record.Time
}

type step struct {
	rec  *host.Process
	kind attack.ID
}

// Handlers subscribes to questions.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(p *host.Process) bool { return kindOf(p) != "" }, d.process)}
}

func (d *detector) process(p *host.Process, out detect.Reporter) {
	id := strings.ToLower(p.LogonID)
	if id == "" {
		id = strings.ToLower(p.User)
	}
	s := d.sessions.At(session{p.Host, id}, p.TS)
	s.steps = slices.DeleteFunc(s.steps, func(o step) bool { return p.TS.Sub(o.rec.TS) > window || o.rec.Ref == p.Ref })
	if len(s.steps) >= maxSteps {
		s.steps = slices.Delete(s.steps, 0, 1)
	}
	s.steps = append(s.steps, step{p, kindOf(p)})
	if s.told != 0 && p.TS.Sub(s.told) < time.Hour {
		return
	}
	kinds := s.kinds()
	if len(kinds) < least || service(id) && !slices.Contains(kinds, "T1033") {
		return
	}
	s.told = p.TS
	var trail detect.Trail
	var commands []string
	for _, o := range s.steps {
		trail.Add(o.rec)
		if c := command(o.rec); !slices.Contains(commands, c) && len(commands) < 8 {
			commands = append(commands, c)
		}
	}
	f := trail.Finding(finding.Medium, 50,
		finding.Because("one session on %s (%s, %q) asked %d kinds of questions within %v: %q", p.Host, p.LogonID, p.User, len(kinds), p.TS.Sub(s.steps[0].rec.TS).Round(time.Second), commands),
		"could also be: inventory, a support script or an administrator who looks for a fault")
	f.Techniques = kinds
	out.Report(f)
}

// service tells whether a session is one of Windows' own accounts. Agents ask
// there too, but do not ask who they are.
func service(id string) bool { return slices.Contains([]string{"0x3e7", "0x3e4", "0x3e5"}, id) }

func (s *survey) kinds() []attack.ID {
	var out []attack.ID
	for _, o := range s.steps {
		if !slices.Contains(out, o.kind) {
			out = append(out, o.kind)
		}
	}
	slices.Sort(out)
	return out
}

func command(p *host.Process) string {
	if p.CommandLine != "" {
		return p.CommandLine
	}
	return p.Image
}
