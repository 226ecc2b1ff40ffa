// Package sharewriteexec finds a program that is written to an administrative
// share and, within ten minutes, run from afar on the same host: seen on the
// wire (SMB and DCE/RPC) or in the target's own event log (5145 and 7045 or 4698).
package sharewriteexec

import (
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// Detector joins the writing with the running.
var Detector = detect.Spec{
	ID:         "share-write-exec",
	Title:      "Program written to an administrative share and run from afar",
	Techniques: []attack.ID{"T1021.002", "T1570", "T1569.002"},
	Dossier:    []string{"TH-08"},
	New: func(detect.Env) detect.Detector {
		return &detector{wire: recent.New[pair, write](window, 1<<13), hosts: recent.New[string, write](window, 1<<12)}
	},
}

const window = 10 * time.Minute // dossier TH-08

// detector remembers, for ten minutes, the last program written between two
// addresses and on each host.
type detector struct {
	wire  *recent.Map[pair, write]
	hosts *recent.Map[string, write]
}

type pair struct{ orig, resp netip.Addr }

type write struct {
	trail detect.Trail
	name  string
	at    record.Time
	told  bool
}

// Handlers subscribes to writes and to what runs things.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(t *smb.Transfer) bool { return t.BytesWritten > 0 && admin(t.Path) && program(t.Name) }, func(t *smb.Transfer, _ detect.Reporter) {
			d.wire.At(pair{t.OrigH, t.RespH}, t.TS).note(t, t.Name)
		}),
		detect.OnIf(func(f *smb.File) bool {
			return (f.Action == "SMB::FILE_WRITE" || f.Action == "SMB::FILE_RENAME") && admin(f.Path) && program(f.Name)
		}, func(f *smb.File, _ detect.Reporter) {
			d.wire.At(pair{f.OrigH, f.RespH}, f.TS).note(f, f.Name)
		}),
		detect.OnIf(runs, d.call),
		detect.OnIf(func(s *host.ShareAccess) bool { return s.Write && admin(s.Share) && program(s.Path) }, func(s *host.ShareAccess, _ detect.Reporter) {
			d.hosts.At(s.Host, s.TS).note(s, s.Path)
		}),
		detect.OnIf(func(s *host.Service) bool { return s.Action == "installed" }, func(s *host.Service, out detect.Reporter) {
			d.onHost(s, s.Host, finding.Because("the service %q was installed: %q", s.Name, s.Path), s.Path, out)
		}),
		detect.OnIf(func(t *host.Task) bool { return t.Action == "registered" }, func(t *host.Task, out detect.Reporter) {
			d.onHost(t, t.Host, finding.Because("the task %q was registered: %q", t.Name, t.Command), t.Command, out)
		}),
	}
}

// admin tells whether a share is ADMIN$ or the root of a drive.
func admin(share string) bool {
	base := winpath.Base(share)
	return base == "admin$" || (len(base) == 2 && base[1] == '$' && base[0] >= 'a' && base[0] <= 'z')
}

func program(name string) bool {
	switch winpath.Ext(name) {
	case ".exe", ".dll", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".sys", ".scr", ".com":
		return true
	}
	return false
}

// runs tells whether a call makes the responder run something: the service
// manager's create and start, the scheduler's register and run, atsvc's add,
// and WMI's ExecMethod.
func runs(c *dcerpc.Call) bool {
	if c.Fault != "" {
		return false
	}
	switch strings.ToLower(c.UUID) {
	case "367abb81-9844-35f1-ad32-98f038001003":
		return c.Opnum == 12 || c.Opnum == 19 || c.Opnum == 24 || c.Opnum == 31 || c.Opnum == 44 || c.Opnum == 45 || c.Opnum == 60
	case "86d35949-83c9-4044-b424-db363231fd0c":
		return c.Opnum == 1 || c.Opnum == 12
	case "1ff70682-0a51-30e8-076d-740be8cee98b":
		return c.Opnum == 0
	case "9556dc99-828c-11cf-a37e-00aa003240c7":
		return c.Opnum == 24 || c.Opnum == 25
	}
	return false
}

func (w *write) note(r record.Record, name string) {
	if w.told || w.name != name {
		*w = write{}
	}
	w.trail.Add(r)
	w.name, w.at = name, r.Base().TS
}

func (d *detector) call(c *dcerpc.Call, out detect.Reporter) {
	w := d.wire.Peek(pair{c.OrigH, c.RespH}, c.TS)
	if w == nil || w.told || c.TS.Sub(w.at) > window {
		return
	}
	w.told = true
	w.trail.Add(c)
	severity, confidence := grade(w.name)
	out.Report(w.trail.Finding(severity, confidence,
		finding.Because("%v wrote %q to an administrative share of %v", c.OrigH, w.name, c.RespH),
		finding.Because("and had it run something %v later (interface %s, operation %d)", c.TS.Sub(w.at).Round(time.Second), c.UUID, c.Opnum)))
}

// grade is lower for PsExec under its own name: administrators use it, and an
// intruder who does so too shows in what it runs.
func grade(name string) (finding.Severity, uint8) {
	if winpath.Base(name) == "psexesvc.exe" {
		return finding.Low, 40
	}
	return finding.High, 80
}

// onHost wants the command to name the file that was written.
func (d *detector) onHost(r record.Record, host, what, command string, out detect.Reporter) {
	w := d.hosts.Peek(host, r.Base().TS)
	if w == nil || w.told || r.Base().TS.Sub(w.at) > window || !strings.Contains(winpath.Clean(command), winpath.Base(w.name)) {
		return
	}
	w.told = true
	w.trail.Add(r)
	severity, confidence := grade(w.name)
	out.Report(w.trail.Finding(severity, confidence, finding.Because("%q was written to an administrative share of %s", w.name, host), what))
}
