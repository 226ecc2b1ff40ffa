// Package historywiped finds shells whose record of typed commands was taken
// away: a history that is a link to nothing, or one that was deleted.
package historywiped

import (
	"path"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record/host"
	"longwatch/internal/unixpath"
)

// Detector looks at history files and at what happened to them.
var Detector = detect.Spec{
	ID:         "history-wiped",
	Title:      "Record of typed commands taken away",
	Techniques: []attack.ID{"T1070.003"},
	New: func(detect.Env) detect.Detector {
		return &detector{told: recent.New[key, bool](24*time.Hour, 1<<12)}
	},
}

// detector remembers, for a day, what was reported.
type detector struct{ told *recent.Map[key, bool] }

type key struct{ host, path string }

// Handlers subscribes to histories and to files deleted or emptied.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(h *host.History) bool { return toNothing(h.Link) }, d.link),
		detect.OnIf(func(f *host.FileEvent) bool {
			return f.Action == "deleted" && unixpath.Kind(f.Path) == unixpath.History && !temporary(f.Path)
		}, d.deleted),
	}
}

// toNothing tells whether a link leads where nothing stays.
func toNothing(target string) bool { return path.Clean(target) == "/dev/null" && target != "" }

// temporary tells whether a file is one that a shell itself makes and removes
// while it writes its history.
func temporary(p string) bool {
	base := path.Base(p)
	return strings.HasSuffix(base, ".LOCK") || strings.HasSuffix(base, ".new") || strings.HasSuffix(base, ".tmp") || strings.Contains(base, "history-") || strings.Contains(base, "history.")
}

func (d *detector) once(k key, h *host.Head) bool {
	t := d.told.At(k, h.TS)
	if *t {
		return false
	}
	*t = true
	return true
}

func (d *detector) link(h *host.History, out detect.Reporter) {
	if !d.once(key{h.Host, h.Path}, &h.Head) {
		return
	}
	out.Report(finding.Finding{Severity: finding.Medium, Confidence: 75, Why: []string{
		finding.Because("%s is a link to %s: what %q types is kept nowhere", h.Path, h.Link, h.User),
		"some hardened images ship like that; compare with a host like it",
	}})
}

func (d *detector) deleted(f *host.FileEvent, out detect.Reporter) {
	if !d.once(key{f.Host, f.Path}, &f.Head) {
		return
	}
	out.Report(finding.Finding{Severity: finding.Medium, Confidence: 65, Why: []string{
		finding.Because("%q of %s deleted %s; %q acted", f.Image, f.Host, f.Path, f.User)}})
}
