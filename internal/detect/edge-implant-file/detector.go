// Package edgeimplantfile finds files that intruders left on network appliances
// and that the vendors never ship: those beside the exploit of CVE-2022-42475 on
// FortiOS (FG-IR-22-398), in a copy of the appliance's disk, a list of its files,
// or its log.
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
	Title:      "File on an appliance that its vendor does not ship",
	Techniques: []attack.ID{"T1190", "T1505"},
	Dossier:    []string{"VT-03"},
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
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasSuffix(path, p) })
}

func (d *detector) report(r record.Record, machine, path string, out detect.Reporter) {
	key := machine + "\x00" + path
	if d.told[key] || len(d.told) >= maxTold {
		return
	}
	d.told[key] = true
	var t detect.Trail
	t.Add(r)
	f := t.Finding(finding.High, 80,
		finding.Because("%q is one of the files that were left on FortiOS appliances through CVE-2022-42475; the vendor ships none of that name", path))
	f.Ask = []string{"Take an image of the appliance before it is touched, and treat every secret on it as known to others."}
	out.Report(f)
}
