// Package loopbackefsrpc finds escalation from a web server's worker through
// its own named pipes: calls of the encrypting file system's interface to
// itself, and pipes of the worker that such tools create.
package loopbackefsrpc

import (
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// Detector looks at calls to oneself and at the worker's pipes.
var Detector = detect.Spec{
	ID:         "loopback-efsrpc",
	Title:      "Escalation over a loopback pipe",
	Techniques: []attack.ID{"T1134.001"},
	Dossier:    []string{"OP-17"},
	Also:       []string{"OP-16"},
	New: func(detect.Env) detect.Detector {
		return &detector{told: recent.New[string, bool](24*time.Hour, 1<<12)}
	},
}

// detector remembers, for a day, which host was reported.
type detector struct{ told *recent.Map[string, bool] }

// Handlers subscribes to calls and pipes.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(toItself, d.call), detect.OnIf(ofWorker, d.pipe)}
}

// toItself tells whether a call is EfsRpcOpenFileRaw (MS-EFSR 3.1.4.2.1) from
// a host to itself.
func toItself(c *dcerpc.Call) bool {
	switch strings.ToLower(c.UUID) {
	case "df1941c5-fe89-4e79-bf10-463657acf44d", "c681d488-d850-11d0-8c52-00c04fd90f7e":
		return c.Opnum == 0 && (c.OrigH == c.RespH || c.OrigH.IsLoopback())
	}
	return false
}

// ofWorker tells whether a worker process made or opened one of the pipes
// through which such tools make the system connect.
func ofWorker(p *host.Pipe) bool {
	if winpath.Base(p.Image) != "w3wp.exe" {
		return false
	}
	name := winpath.Clean(p.Name)
	for _, s := range []string{`\efsrpc`, `\lsarpc`, `\spoolss`, `\pipe\srvsvc`} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

func (d *detector) call(c *dcerpc.Call, out detect.Reporter) {
	told := d.told.At(c.OrigH.String(), c.TS)
	if *told {
		return
	}
	*told = true
	out.Report(finding.Finding{Severity: finding.High, Confidence: 85, Why: []string{
		finding.Because("%v called the encrypting file system's interface of itself (EfsRpcOpenFileRaw), which makes the system log on to a pipe of the caller", c.OrigH)}})
}

func (d *detector) pipe(p *host.Pipe, out detect.Reporter) {
	told := d.told.At(p.Host, p.TS)
	if *told {
		return
	}
	*told = true
	f := finding.Finding{Severity: finding.High, Confidence: 75, Dossier: []string{"OP-16"}, Why: []string{
		finding.Because("the worker process of %s %s the pipe %q", p.Host, p.Action, p.Name)}}
	out.Report(f)
}
