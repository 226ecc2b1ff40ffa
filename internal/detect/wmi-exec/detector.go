// Package wmiexec finds programs that are run on another host through WMI: an
// object activated, a login to the namespace and a method executed, by
// operation numbers, which stay readable when everything else is encrypted;
// the command where it is in the clear; and the file on an administrative
// share in which a tool leaves the output.
package wmiexec

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/winpath"
)

// Detector follows WMI between two hosts.
var Detector = detect.Spec{
	ID:         "wmi-exec",
	Title:      "Program run on another host through WMI",
	Techniques: []attack.ID{"T1047", "T1021.003"},
	Dossier:    []string{"VT-07", "TH-13"},
	New: func(detect.Env) detect.Detector {
		return &detector{pairs: recent.New[pair, course](window, 1<<12), sources: map[netip.Addr]*hidden{}}
	},
}

const (
	activator = "000001a0-0000-0000-c000-000000000046" // MS-DCOM IRemoteSCMActivator
	activate  = "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57" // MS-DCOM IActivation
	wbemLogin = "f309ad18-d86a-11d0-a075-00c04fb68820" // MS-WMI IWbemLevel1Login
	wbem      = "9556dc99-828c-11cf-a37e-00aa003240c7" // MS-WMI IWbemServices

	window   = 5 * time.Minute  // from the activation to the method
	fetch    = 60 * time.Second // dossier VT-07: from the method to the output
	manages  = 5                // hosts that one source runs methods on: management
	learn    = 24 * time.Hour   // of evidence before, in which a manager would have shown itself
	maxHosts = 1 << 12          // sources whose hidden methods are counted
)

// output is the name that a published tool gives its output: the time, to the
// fraction of a second (dossier VT-06).
var output = regexp.MustCompile(`^__\d{8,12}(\.\d+)?$`)

// detector remembers, for five minutes, how far each pair of hosts has come;
// and to the end, per source, methods whose arguments are hidden.
type detector struct {
	pairs   *recent.Map[pair, course]
	sources map[netip.Addr]*hidden
	begin   record.Time // of the evidence, as far as connections tell
}

type pair struct{ orig, resp netip.Addr }

type course struct {
	trail            detect.Trail
	activated, login bool
	ran              record.Time
	told             bool
}

type hidden struct {
	trail   detect.Trail
	targets []netip.Addr
	quiet   time.Duration // of evidence before the first one
}

// Handlers subscribes to calls of WMI and to files of administrative shares.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *dcerpc.Call) bool { return c.Fault == "" && c.OrigH != c.RespH && step(c) != "" }, d.call),
		detect.OnIf(func(f *smb.File) bool { return isOutput(f.Path, f.Name) }, func(f *smb.File, out detect.Reporter) {
			d.fetched(f, &f.Conn, f.Name, out)
		}),
		detect.OnIf(func(t *smb.Transfer) bool { return t.BytesRead > 0 && isOutput(t.Path, t.Name) }, func(t *smb.Transfer, out detect.Reporter) {
			d.fetched(t, &t.Conn, t.Name, out)
		}),
		detect.OnIf(func(c *network.Conn) bool { return c.RespP == 135 || c.RespP == 445 || c.RespP == 53 || c.RespP == 88 }, func(c *network.Conn, _ detect.Reporter) {
			if d.begin == 0 {
				d.begin = c.TS
			}
		}),
		detect.AtEnd(d.judge),
	}
}

func isOutput(share, name string) bool {
	base := winpath.Base(share)
	return (base == "admin$" || base == "c$" || base == "") && output.MatchString(winpath.Base(name))
}

func step(c *dcerpc.Call) string {
	switch uuid := strings.ToLower(c.UUID); {
	case uuid == activator && (c.Opnum == 3 || c.Opnum == 4), uuid == activate && c.Opnum == 0:
		return "activate"
	case uuid == wbemLogin && c.Opnum == 6:
		return "login"
	case uuid == wbem && (c.Opnum == 24 || c.Opnum == 25):
		return "run"
	}
	return ""
}

func (d *detector) call(c *dcerpc.Call, out detect.Reporter) {
	s := d.pairs.At(pair{c.OrigH, c.RespH}, c.TS)
	if s.trail.Span.Start != 0 && c.TS.Sub(s.trail.Span.Start) > window && !s.told {
		*s = course{login: s.login} // the namespace stays open
	}
	if !s.trail.Add(c) {
		return
	}
	switch step(c) {
	case "activate":
		s.activated = true
	case "login":
		s.login = true
	case "run":
		s.ran = c.TS
		d.run(c, s, out)
	}
}

func (d *detector) run(c *dcerpc.Call, s *course, out detect.Reporter) {
	if len(c.Args) >= 2 {
		if !strings.EqualFold(c.Args[1], "Create") || !strings.Contains(strings.ToLower(c.Args[0]), "win32_process") || s.told {
			return
		}
		s.told = true
		why := []string{finding.Because("%v had %v start a process (%s, method %s)", c.OrigH, c.RespH, c.Args[0], c.Args[1])}
		severity, confidence := finding.Medium, uint8(60)
		if len(c.Args) > 2 {
			why = append(why, finding.Because("the command was %q", c.Args[2]))
			if interprets(c.Args[2]) {
				severity, confidence = finding.High, 85
			}
		}
		out.Report(s.trail.Finding(severity, confidence, why...))
		return
	}
	if !s.login && !s.activated {
		return
	}
	h := d.sources[c.OrigH]
	if h == nil {
		if len(d.sources) >= maxHosts {
			return
		}
		h = &hidden{}
		if d.begin != 0 {
			h.quiet = c.TS.Sub(d.begin)
		}
		d.sources[c.OrigH] = h
	}
	h.trail.Join(&s.trail)
	if len(h.targets) < 64 && !slices.Contains(h.targets, c.RespH) {
		h.targets = append(h.targets, c.RespH)
	}
}

// interprets tells whether a command runs an interpreter, or leaves its output
// on a share of the host itself.
func interprets(command string) bool {
	c := strings.ToLower(command)
	for _, s := range []string{"cmd.exe", "cmd /", "powershell", "pwsh", "wscript", "cscript", "mshta", "rundll32", "regsvr32", "ntdsutil", "vssadmin", `\\127.0.0.1\`, "certutil"} {
		if strings.Contains(c, s) {
			return true
		}
	}
	return false
}

// fetched joins the output with the method.
func (d *detector) fetched(r record.Record, c *record.Conn, name string, out detect.Reporter) {
	s := d.pairs.Peek(pair{c.OrigH, c.RespH}, c.TS)
	if s == nil || s.told || s.ran == 0 || c.TS.Sub(s.ran) > fetch {
		return
	}
	s.told = true
	s.trail.Add(r)
	if h := d.sources[c.OrigH]; h != nil { // this one is told of here
		h.targets = slices.DeleteFunc(h.targets, func(a netip.Addr) bool { return a == c.RespH })
	}
	out.Report(s.trail.Finding(finding.High, 90,
		finding.Because("%v had %v run something through WMI and %v later opened %q on its administrative share", c.OrigH, c.RespH, c.TS.Sub(s.ran).Round(time.Millisecond), name),
		"remote shells over WMI leave the output of each command under such a name"))
}

// judge tells of methods whose arguments are encrypted. Management does the
// same to many hosts.
func (d *detector) judge(out detect.Reporter) {
	for source, h := range d.sources {
		if len(h.targets) == 0 {
			continue
		}
		severity, confidence := finding.Low, uint8(45)
		why := []string{finding.Because("%v activated an object, logged in to WMI and executed a method on %d host(s): %v", source, len(h.targets), h.targets[:min(8, len(h.targets))]),
			"what it executed is encrypted"}
		switch {
		case len(h.targets) >= manages:
			confidence = 30
			why = append(why, "it does so to many hosts, as management does")
		case h.quiet >= learn:
			severity = finding.Medium
			why = append(why, finding.Because("it had not done so in the %v of evidence before", h.quiet.Round(time.Hour)))
		}
		f := h.trail.Finding(severity, confidence, why...)
		f.Title = "Method executed on another host through WMI"
		out.Report(f)
	}
}
