// Package timestomp finds scripts whose times were set to hide when they came:
// to the median of their neighbours', as the OP-512 framework does, or simply
// back, so that they are far older than the first request for them.
package timestomp

import (
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
)

// Detector compares times of scripts with neighbours and web logs.
var Detector = detect.Spec{
	ID:         "timestomp",
	Title:      "Script with a forged time",
	Techniques: []attack.ID{"T1070.006"},
	Dossier:    []string{"OP-20"},
	New: func(detect.Env) detect.Detector {
		return &detector{folders: map[string][]entry{}, first: map[string]asked{}}
	},
}

const (
	leastNeighbours = 3                   // files whose median means anything
	leastDistinct   = 3                   // distinct times among them: an unpacked archive has one
	old             = 30 * 24 * time.Hour // dossier OP-20: first request minus modification
	coverage        = 24 * time.Hour      // of the log before that request: so long nobody asked for it
	maxFiles        = 1 << 18             // at rest, and pages in logs; later ones are not judged
)

// detector keeps times of files by folder and first requests by page name, to
// the end.
type detector struct {
	folders map[string][]entry
	files   int
	first   map[string]asked
	log     record.Span
}

type entry struct {
	path     string
	modified record.Time
	script   *web.Script // nil for other files
}

type asked struct {
	at  record.Time
	rec *web.Access
}

// Handlers subscribes to files at rest and to requests.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.On(func(s *web.Script, _ detect.Reporter) { d.file(s.Path, s.Modified, s) }),
		detect.On(func(f *web.File, _ detect.Reporter) { d.file(f.Path, f.Modified, nil) }),
		detect.On(d.request),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) file(p string, modified record.Time, s *web.Script) {
	dir := path.Dir(p)
	if modified == 0 || d.files >= maxFiles || slices.ContainsFunc(d.folders[dir], func(e entry) bool { return e.path == p }) {
		return
	}
	d.files++
	d.folders[dir] = append(d.folders[dir], entry{p, modified, s})
}

func (d *detector) request(a *web.Access, _ detect.Reporter) {
	d.log.Grow(a.TS)
	stem := strings.ToLower(a.Stem)
	if a.Status < 200 || a.Status >= 400 || path.Ext(stem) == "" {
		return
	}
	if _, known := d.first[stem]; !known && len(d.first) < maxFiles {
		d.first[stem] = asked{a.TS, a}
	}
}

func (d *detector) judge(out detect.Reporter) {
	for _, list := range d.folders {
		for i, e := range list {
			if e.script != nil && e.script.Language != "config" {
				d.script(e, neighbours(list, i), out)
			}
		}
	}
}

// neighbours are the times of the other files, sorted. Scripts that are
// suspect themselves are left out: they would be each other's median.
func neighbours(list []entry, i int) []record.Time {
	var out []record.Time
	for j, e := range list {
		if j != i && (e.script == nil || e.script.Score < 4) {
			out = append(out, e.modified)
		}
	}
	slices.Sort(out)
	return out
}

func (d *detector) script(e entry, others []record.Time, out detect.Reporter) {
	stem, req, late := d.late(e)
	atMedian := isMedian(e.modified, others)
	suspect := e.script.Score >= 4
	f := finding.Finding{Entities: e.script.RecordType().Entities(e.script), Refs: []record.Ref{e.script.Ref}, Start: e.modified, End: e.modified}
	if atMedian {
		f.Why = append(f.Why, finding.Because("%q was modified at %v, exactly the median of its %d neighbours", e.path, e.modified, len(others)))
	}
	if late {
		f.Why = append(f.Why, finding.Because("%q claims to be from %v, but was first asked for at %v, though the log goes back to %v", stem, e.modified, req.at, d.log.Start))
		f.Start, f.End = req.at, req.at
		f.Refs = append(f.Refs, req.rec.Ref)
		f.Entities = append(f.Entities, req.rec.RecordType().Entities(req.rec)...)
	}
	switch {
	case atMedian && (suspect || late) && (suspect && late || e.script.Score >= 8):
		f.Severity, f.Confidence = finding.High, 90
	case suspect && (atMedian || late):
		f.Severity, f.Confidence = finding.Medium, 75
	case atMedian && late:
		f.Severity, f.Confidence = finding.Low, 50
	default:
		return
	}
	if suspect {
		f.Why = append(f.Why, finding.Because("its structure scores %d", e.script.Score))
	}
	out.Report(f)
}

// late looks for the first request of the page, by the longest stem that its
// path ends in, and tells whether it came long after the file's own time.
func (d *detector) late(e entry) (string, asked, bool) {
	p := "/" + strings.TrimPrefix(strings.ToLower(e.path), "/")
	for i := 0; i >= 0; i = next(p, i) {
		if a, ok := d.first[p[i:]]; ok {
			return p[i:], a, a.at.Sub(e.modified) > old && a.at.Sub(d.log.Start) >= coverage
		}
	}
	return "", asked{}, false
}

// next is the place of the slash after i, -1 at the end.
func next(p string, i int) int {
	j := strings.IndexByte(p[i+1:], '/')
	if j < 0 {
		return -1
	}
	return i + 1 + j
}

// isMedian tells whether t is the median of others: the middle one, or the
// middle of the two central ones, or (as rounding goes) one of these.
func isMedian(t record.Time, others []record.Time) bool {
	n := len(others)
	if n < leastNeighbours || len(slices.Compact(slices.Clone(others))) < leastDistinct {
		return false
	}
	if n%2 == 1 {
		return t == others[n/2]
	}
	a, b := others[n/2-1], others[n/2]
	mid := a + (b-a)/2
	return t == mid || t == a || t == b || (t/1e9 == mid/1e9)
}
