// Package ntdsifm finds the Active Directory database being written out as
// installation media (ntdsutil ifm), from the database engine's own events.
// They stay when process events and the media itself are gone (AA23-144A).
package ntdsifm

import (
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// Detector joins ESENT 325 (created) with 326 and 327 (attached, detached).
var Detector = detect.Spec{
	ID:         "ntds-ifm",
	Title:      "Directory database written out as installation media",
	Techniques: []attack.ID{"T1003.003"},
	Dossier:    []string{"VT-10"},
	New: func(detect.Env) detect.Detector {
		return &detector{hosts: recent.New[string, copying](window, 1<<12)}
	},
}

// window is how long ntdsutil takes from the snapshot to the copy.
const window = 5 * time.Minute

// detector remembers, per host and for five minutes, which parts were seen.
type detector struct{ hosts *recent.Map[string, copying] }

type copying struct {
	trail    detect.Trail
	snapshot string // path of the mounted shadow copy
	target   string // path of the new database
	told     bool
}

// Handlers subscribes to database events about ntds.dit.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(aboutDirectory, d.event)}
}

func aboutDirectory(e *host.Database) bool { return strings.Contains(text(e), "ntds.dit") }

func text(e *host.Database) string {
	return winpath.Clean(e.Path + "\n" + strings.Join(e.Data, "\n"))
}

func (d *detector) event(e *host.Database, out detect.Reporter) {
	s := text(e)
	c := d.hosts.At(e.Host, e.TS)
	if !c.trail.Add(e) {
		return
	}
	if strings.Contains(s, "$snap_") && strings.Contains(s, "_volume") {
		c.snapshot = pathIn(s, "$snap_")
	}
	if e.Action == "created" && strings.Contains(s, `\active directory\ntds.dit`) {
		c.target = pathIn(s, `\active directory\ntds.dit`)
	}
	if c.told || c.snapshot == "" || c.target == "" {
		return
	}
	c.told = true
	out.Report(c.trail.Finding(finding.Critical, 95,
		finding.Because("on %s the database engine opened %q, the directory inside a shadow copy", e.Host, c.snapshot),
		finding.Because("and created %q, the layout that ntdsutil gives installation media, within %v", c.target, window),
		"every password hash of the domain at that time must be taken as known to others"))
}

// pathIn is the line of s that holds mark.
func pathIn(s, mark string) string {
	for line := range strings.SplitSeq(s, "\n") {
		if strings.Contains(line, mark) {
			return line
		}
	}
	return ""
}
