// Package megadownload finds a program that came from MEGA: a host asks for one
// of its storage servers, and within ten minutes a program appears among the
// user's downloads or in what an archive was unpacked to.
package megadownload

import (
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector joins look-ups with files of the same host.
var Detector = detect.Spec{
	ID:         "mega-download",
	Title:      "Program that came from MEGA",
	Techniques: []attack.ID{"T1204.002", "T1105"},
	Dossier:    []string{"TG-04"},
	New: func(detect.Env) detect.Detector {
		return &detector{asked: recent.New[string, visit](window, 1<<12)}
	},
}

const window = 10 * time.Minute

// storage are the names under which MEGA gives files out.
var storage = []string{"userstorage.mega.co.nz", "userstorage.mega.nz", "mega.nz", "mega.co.nz"}

// programs are extensions that a double click starts.
var programs = []string{".exe", ".scr", ".com", ".msi", ".lnk", ".bat", ".cmd", ".vbs", ".js", ".hta", ".iso", ".img"}

// detector remembers, for ten minutes, which host asked for MEGA.
type detector struct{ asked *recent.Map[string, visit] }

type visit struct {
	trail detect.Trail
	query string
	told  bool
}

// Handlers subscribes to look-ups, connections with a name, and new files.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(q *host.DNSQuery) bool { return q.Host != "" && mega(q.Query) }, func(q *host.DNSQuery, _ detect.Reporter) {
			d.ask(q, q.Host, q.Query)
		}),
		detect.OnIf(func(n *host.Socket) bool { return n.Host != "" && mega(n.RespName) && n.RespH != (netip.Addr{}) }, func(n *host.Socket, _ detect.Reporter) {
			d.ask(n, n.Host, n.RespName)
		}),
		detect.OnIf(func(f *host.FileEvent) bool { return f.Action == "created" && downloaded(f.Path) }, d.file),
	}
}

func mega(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	for _, s := range storage {
		if name == s || strings.HasSuffix(name, "."+s) {
			return true
		}
	}
	return false
}

// downloaded tells whether a path is that of a program among downloads, or in
// the folder that an archive is opened in.
func downloaded(path string) bool {
	path = strings.ToLower(strings.ReplaceAll(path, "/", `\`))
	if !strings.Contains(path, `\downloads\`) && !strings.Contains(path, `\appdata\local\temp\`) {
		return false
	}
	for _, e := range programs {
		if strings.HasSuffix(path, e) {
			return true
		}
	}
	return false
}

func (d *detector) ask(r record.Record, machine, query string) {
	v := d.asked.At(strings.ToLower(machine), r.Base().TS)
	v.trail.Add(r)
	v.query = query
}

func (d *detector) file(f *host.FileEvent, out detect.Reporter) {
	v := d.asked.Peek(strings.ToLower(f.Host), f.TS)
	if v == nil || v.told || !browses(f.Image) {
		return
	}
	v.told = true
	v.trail.Add(f)
	x := v.trail.Finding(finding.Medium, 60,
		finding.Because("%s asked for %q, and within ten minutes %q wrote the program %q", f.Host, v.query, f.Image, f.Path))
	x.Ask = []string{"Who sent the link, and was the program started?"}
	out.Report(x)
}

// browses tells whether a program is one that downloads are written by, or
// archives opened; installers unpack themselves all day.
func browses(image string) bool {
	image = strings.ToLower(image)
	image = image[strings.LastIndexAny(image, `\/`)+1:]
	switch image {
	case "chrome.exe", "msedge.exe", "firefox.exe", "iexplore.exe", "opera.exe", "brave.exe", "explorer.exe", "7zg.exe", "7zfm.exe", "winrar.exe", "outlook.exe", "megasync.exe":
		return true
	}
	return false
}
