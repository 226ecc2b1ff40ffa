// Package nocommandline finds programs that were started without a command line
// on hosts that record it. CreateProcess always gives one; a process made from
// a section by the native interface has none when the audit event is written.
// Process doppelgänging, herpaderping and ghosting start that way.
package nocommandline

import (
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// Detector compares the process events of each host.
var Detector = detect.Spec{
	ID:         "no-command-line",
	Title:      "Program started without a command line",
	Techniques: []attack.ID{"T1055"},
	New:        func(detect.Env) detect.Detector { return &detector{hosts: map[string]*counts{}} },
}

const (
	least    = 2       // events with a command line, which show that the host records it
	maxHosts = 1 << 12 // judged; later ones are not
	maxOdd   = 16      // kept per host; one with more does not record it always
)

// detector counts to the end what hosts record, since auditing of command lines
// can be turned on in the middle.
type detector struct{ hosts map[string]*counts }

type counts struct {
	with, without int
	odd           []*host.Process
}

// Handlers subscribes to the process events of the Security log. Sysmon reads
// the command line from the process itself, later.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(audited, d.process), detect.AtEnd(d.judge)}
}

func audited(p *host.Process) bool { return p.Code == "4688" }

// native are the processes that the kernel and the session manager make.
var native = []string{"smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "services.exe", "lsass.exe", "autochk.exe", "registry", "memory compression", "secure system", "vmmem", "memcompression"}

func (d *detector) process(p *host.Process, _ detect.Reporter) {
	c := d.hosts[p.Host]
	if c == nil {
		if len(d.hosts) >= maxHosts {
			return
		}
		c = &counts{}
		d.hosts[p.Host] = c
	}
	if p.CommandLine != "" {
		c.with++
		return
	}
	if !strings.Contains(p.Image, `\`) || slices.Contains(native, winpath.Base(p.Image)) {
		return
	}
	c.without++
	if len(c.odd) < maxOdd && !slices.ContainsFunc(c.odd, func(o *host.Process) bool { return o.Ref == p.Ref }) {
		c.odd = append(c.odd, p)
	}
}

func (d *detector) judge(out detect.Reporter) {
	names := make([]string, 0, len(d.hosts))
	for name := range d.hosts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c := d.hosts[name]
		if c.with < least || c.without*2 > c.with || c.without > maxOdd {
			continue
		}
		for _, p := range c.odd {
			var trail detect.Trail
			trail.Add(p)
			out.Report(trail.Finding(finding.Medium, 50,
				finding.Because("%q was started by %q on %s without a command line, while %d other programs there have one", p.Image, p.ParentImage, name, c.with),
				finding.Because("a process that is made from a section, to hide what runs in it, has none")))
		}
	}
}
