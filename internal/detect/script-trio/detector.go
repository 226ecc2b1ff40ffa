// Package scripttrio finds the three-part framework of OP-512 by its shape: one
// page (.aspx) and two handlers (.ashx) that appear in one folder within ten
// minutes, or two handlers that are the same program under other names and keys.
package scripttrio

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
	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

// Detector groups scripts by folder and time.
var Detector = detect.Spec{
	ID:         "script-trio",
	Title:      "One page and two handlers appear together",
	Techniques: []attack.ID{"T1505.003"},
	Dossier:    []string{"OP-04"},
	New: func(detect.Env) detect.Detector {
		return &detector{created: recent.New[place, arrival](window, 1<<12), rest: map[string][]*web.Script{}}
	},
}

const (
	window     = 10 * time.Minute // dossier OP-04
	maxFolders = 1 << 14          // folders at rest; later ones are not judged
	maxScripts = 64               // per folder; a folder with more is a whole site
)

// detector remembers created files for ten minutes, and scripts at rest by
// folder to the end.
type detector struct {
	created *recent.Map[place, arrival]
	rest    map[string][]*web.Script
}

type place struct{ host, dir string }

type arrival struct {
	trail detect.Trail
	names []string
	told  bool
}

// Handlers subscribes to created files and to scripts at rest.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(f *host.FileEvent) bool { return f.Action == "created" && executable(winpath.Ext(f.Path)) }, d.file),
		detect.OnIf(func(s *web.Script) bool { return s.Language == "aspx" || s.Language == "ashx" }, d.script),
		detect.AtEnd(d.folders),
	}
}

func executable(ext string) bool {
	return ext == ".aspx" || ext == ".ashx" || ext == ".asmx" || ext == ".asp"
}

// file judges when nothing more came for a while would be late, so it reports
// at the third script and leaves it to the number of scripts to stay small.
func (d *detector) file(f *host.FileEvent, out detect.Reporter) {
	a := d.created.At(place{f.Host, winpath.Dir(f.Path)}, f.TS)
	name := winpath.Base(f.Path)
	if slices.Contains(a.names, name) {
		return
	}
	a.names = append(a.names, name)
	a.trail.Add(f)
	if a.told || !trio(a.names) {
		return
	}
	a.told = true
	why := []string{finding.Because("on %s %s came into %q within %v", f.Host, strings.Join(a.names, ", "), winpath.Dir(f.Path), window)}
	confidence := uint8(80)
	if winpath.Base(f.Image) == "w3wp.exe" {
		confidence = 95
		why = append(why, "the web server's worker process wrote them itself")
	}
	out.Report(a.trail.Finding(finding.High, confidence, why...))
}

// trio tells whether names are exactly one page and two handlers; a deployment
// brings more.
func trio(names []string) bool {
	n := map[string]int{}
	for _, name := range names {
		n[winpath.Ext(name)]++
	}
	return len(names) == 3 && n[".aspx"] == 1 && n[".ashx"] == 2
}

func (d *detector) script(s *web.Script, _ detect.Reporter) {
	dir := winpath.Dir(s.Path)
	list, known := d.rest[dir]
	if !known && len(d.rest) >= maxFolders || len(list) > maxScripts {
		return
	}
	if !slices.ContainsFunc(list, func(o *web.Script) bool { return o.Path == s.Path }) {
		d.rest[dir] = append(list, s)
	}
}

func (d *detector) folders(out detect.Reporter) {
	for dir, list := range d.rest {
		d.folder(dir, list, out)
	}
}

// folder looks for two handlers that are one program, then for three scripts
// that arrived together and alone.
func (d *detector) folder(dir string, list []*web.Script, out detect.Reporter) {
	if len(list) > maxScripts {
		return
	}
	var pages, handlers []*web.Script
	for _, s := range list {
		if s.Language == "aspx" {
			pages = append(pages, s)
		} else {
			handlers = append(handlers, s)
		}
	}
	for i, a := range handlers {
		for _, b := range handlers[i+1:] {
			if a.Tokens != "" && a.Tokens == b.Tokens && a.SHA256 != b.SHA256 && max(a.Score, b.Score) >= 4 {
				d.report(out, 95, dir, slices.Concat(suspicious(pages), []*web.Script{a, b}), "two handlers are the same program but for names and keys")
				return
			}
		}
	}
	together := slices.DeleteFunc(slices.Clone(list), func(s *web.Script) bool { return s.Created == 0 })
	slices.SortFunc(together, func(a, b *web.Script) int { return int(min(1, max(-1, a.Created-b.Created))) })
	for i := 0; i+3 <= len(together); i++ {
		three := together[i : i+3]
		alone := (i == 0 || three[0].Created.Sub(together[i-1].Created) > window) &&
			(i+3 == len(together) || together[i+3].Created.Sub(three[2].Created) > window)
		var names []string
		score := int64(0)
		for _, s := range three {
			names, score = append(names, s.Path), max(score, s.Score)
		}
		if alone && trio(names) && three[2].Created.Sub(three[0].Created) <= window && score >= 4 {
			d.report(out, 85, dir, three, "they were created within ten minutes, and nothing else was")
			return
		}
	}
}

// suspicious are the pages that belong to the framework rather than to the site.
func suspicious(pages []*web.Script) []*web.Script {
	return slices.DeleteFunc(slices.Clone(pages), func(s *web.Script) bool { return s.Score < 4 })
}

func (d *detector) report(out detect.Reporter, confidence uint8, dir string, scripts []*web.Script, why string) {
	var trail detect.Trail
	slices.SortFunc(scripts, func(a, b *web.Script) int { return strings.Compare(a.Path, b.Path) })
	var names []string
	var seen record.Time
	for _, s := range scripts {
		trail.Add(s)
		names = append(names, winpath.Base(s.Path))
		seen = max(seen, s.Created)
	}
	f := trail.Finding(finding.High, confidence, finding.Because("%q holds %s", dir, strings.Join(names, ", ")), why)
	if seen != 0 {
		f.Start, f.End = seen, seen
	}
	out.Report(f)
}
