// Package edgeimplantfile finds files by names that only intruders gave them, in
// a copy of the disk, a list of its files, or events: those beside the exploit of
// CVE-2022-42475 on FortiOS appliances (FG-IR-22-398), and the files that the
// ShadowGuard rootkit hides while it runs, which the disk of a host that is off
// shows.
package edgeimplantfile

import (
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// Detector knows such files by their paths.
var Detector = detect.Spec{
	ID:         "edge-implant-file",
	Title:      "File under a name that only intruders gave it",
	Techniques: []attack.ID{"T1190", "T1505"},
	Dossier:    []string{"VT-03", "TG-23"},
	New:        func(detect.Env) detect.Detector { return &detector{told: map[string]bool{}} },
}

// paths are the ends of such files' paths.
var paths = []string{
	"/data/lib/libips.bak", "/data/lib/libgif.so", "/data/lib/libiptcp.so", "/data/lib/libipudp.so", "/data/lib/libjepg.so",
	"/data/etc/wxd.conf", "/var/.sslvpnconfigbk",
}

// maxTold bounds the files that are remembered as told.
const maxTold = 1 << 10

// detector remembers which files were told.
type detector struct{ told map[string]bool }

// Handlers subscribes to files on disk, in lists, and in events.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(f *web.File) bool { return known(f.Path) }, func(f *web.File, out detect.Reporter) { d.report(f, f.Host, f.Path, out) }),
		detect.OnIf(func(f *host.FileTimes) bool { return known(f.Path) }, func(f *host.FileTimes, out detect.Reporter) { d.report(f, f.Host, f.Path, out) }),
		detect.OnIf(func(f *host.FileEvent) bool { return known(f.Path) }, func(f *host.FileEvent, out detect.Reporter) { d.report(f, f.Host, f.Path, out) }),
		detect.OnIf(func(s *host.Syscall) bool { return slices.ContainsFunc(s.Paths, known) }, func(s *host.Syscall, out detect.Reporter) {
			d.report(s, s.Host, s.Paths[slices.IndexFunc(s.Paths, known)], out)
		}),
	}
}

func known(path string) bool {
	path = "/" + strings.TrimLeft(strings.ToLower(strings.ReplaceAll(path, `\`, "/")), "/")
	return secret(path) || slices.ContainsFunc(paths, func(p string) bool { return strings.HasSuffix(path, p) })
}

// secret tells whether a file or folder on the path begins as those that
// ShadowGuard hides (dossier TG-21 to TG-23).
func secret(path string) bool { return strings.Contains(strings.ToLower(path), "/swsecret") }

func (d *detector) report(r record.Record, machine, path string, out detect.Reporter) {
	key := machine + "\x00" + path
	if d.told[key] || len(d.told) >= maxTold {
		return
	}
	d.told[key] = true
	var t detect.Trail
	t.Add(r)
	if secret("/" + path) {
		f := t.Finding(finding.High, 75,
			finding.Because("%q begins with swsecret, as the files do that the ShadowGuard rootkit hides while it runs", path))
		f.Title, f.Dossier, f.Techniques = "File that a rootkit hides", []string{"TG-23"}, []attack.ID{"T1564.001", "T1014"}
		f.Ask = []string{"Take the memory and the disk of the host; what its own tools list cannot be believed."}
		out.Report(f)
		return
	}
	f := t.Finding(finding.High, 80,
		finding.Because("%q is one of the files that were left on FortiOS appliances through CVE-2022-42475; the vendor ships none of that name", path))
	f.Title, f.Dossier = "File on an appliance that its vendor does not ship", []string{"VT-03"}
	f.Ask = []string{"Take an image of the appliance before it is touched, and treat every secret on it as known to others."}
	out.Report(f)
}
