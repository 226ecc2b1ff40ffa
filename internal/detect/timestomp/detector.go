// Package timestomp finds scripts whose times were set to hide when they came:
// to the median of their neighbours', as the OP-512 framework does, to those of
// a file of the system, or simply back. Times are compared with the neighbours,
// with those beside the name that NTFS keeps, with events, with what ASP.NET
// compiled and with the log.
package timestomp

import (
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/webroot"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

// Detector compares times of scripts with all that the evidence says of them.
var Detector = detect.Spec{
	ID:         "timestomp",
	Title:      "Script with a forged time",
	Techniques: []attack.ID{"T1070.006"},
	Dossier:    []string{"OP-20", medianID},
	Also:       []string{"OP-20a"},
	New: func(detect.Env) detect.Detector {
		return &detector{folders: map[string][]*entry{}, asked: map[webroot.Asked]*asked{}, system: map[record.Time]string{}, made: map[string]*host.FileEvent{}}
	},
}

// medianID is the part of OP-20 that points to one framework: others set times
// back as well, or copy one neighbour's.
const medianID = "OP-20a"

const (
	leastNeighbours = 3                   // files whose times mean anything
	leastDistinct   = 3                   // distinct times among them: an unpacked archive has one
	old             = 30 * 24 * time.Hour // dossier OP-20: first request minus modification
	coverage        = 24 * time.Hour      // of the log before that request: so long nobody asked for it
	far             = 24 * time.Hour      // two times of one file that should agree
	near            = time.Minute         // two times of one file that do
	suspect         = 4                   // structural score of a script
	shell           = 8                   // likewise, by the scale of OP-21
	maxFiles        = 1 << 18             // at rest, and pages in logs; later ones are not judged
	maxMade         = 1 << 14             // created files by events
)

// detector keeps times of files by folder, first and last requests by page, what
// events say of scripts and times of system files, to the end.
type detector struct {
	folders  map[string][]*entry
	files    int
	rest     webroot.Map // files at rest
	listed   webroot.Map // files in lists of times
	events   webroot.Map
	made     map[string]*host.FileEvent // scripts that were created, by path
	asked    map[webroot.Asked]*asked
	log      record.Span
	compiled webroot.Compilations
	system   map[record.Time]string // programs of the system by their exact times
}

// entry is a file with its times.
type entry struct {
	path     string
	modified record.Time
	created  record.Time // 0 where the evidence does not keep it
	name     record.Time // when the name was made: NTFS; 0 likewise
	precise  bool        // times are kept to 100 ns
	listed   bool        // it is of a list of times, not a file itself
	script   bool
	score    int64
	rec      record.Record
}

type asked struct {
	first, last record.Time
	rec         *web.Access // the first
}

// Handlers subscribes to files at rest, lists of times, requests and events.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.On(func(s *web.Script, _ detect.Reporter) {
			d.file(&entry{path: s.Path, modified: s.Modified, created: s.Created, precise: fraction(s.Modified), script: s.Language != "config", score: s.Score, rec: s})
			d.rest.File(s.Host, s.Path)
		}),
		detect.On(func(f *web.File, _ detect.Reporter) {
			d.file(&entry{path: f.Path, modified: f.Modified, created: f.Created, precise: fraction(f.Modified), rec: f})
			d.learnSystem(f.Path, f.Modified)
		}),
		detect.OnIf(wanted, d.list),
		detect.On(func(s *web.Site, _ detect.Reporter) { d.rest.Site(s); d.listed.Site(s); d.events.Site(s) }),
		detect.On(func(c *web.Compiled, _ detect.Reporter) { d.compiled.Add(c) }),
		detect.OnIf(func(f *host.FileEvent) bool {
			return (f.Action == "created" || f.Action == "times-set") && webroot.Executable(winpath.Base(f.Path))
		}, d.event),
		detect.On(d.request),
		detect.AtEnd(d.judge),
	}
}

// fraction tells whether a time has a part below the second.
func fraction(t record.Time) bool { return t%1e9 != 0 }

// wanted are those lines of a list of times that are compared: what lies in web
// roots, pages anywhere, and programs of the system.
func wanted(t *host.FileTimes) bool {
	low := strings.ToLower(strings.ReplaceAll(t.Path, `\`, "/"))
	if t.Deleted {
		return false
	}
	if webroot.Executable(low) || ofSystem(low) {
		return true
	}
	for _, root := range []string{"/inetpub/", "wwwroot/", "/htdocs/", "/webapps/", "/var/www/", "/public_html/", "/upload"} {
		if strings.Contains(low, root) {
			return true
		}
	}
	return false
}

// ofSystem are the programs whose times are copied.
func ofSystem(low string) bool {
	return (strings.Contains(low, "windows/system32/") || strings.Contains(low, "windows/syswow64/") || strings.Contains(low, "windows/microsoft.net/framework")) &&
		!strings.Contains(low, "temporary asp.net files") && (strings.HasSuffix(low, ".dll") || strings.HasSuffix(low, ".exe"))
}

// learnSystem keeps the time of a program of the system. A whole second may be
// anybody's.
func (d *detector) learnSystem(p string, times ...record.Time) {
	if !ofSystem(strings.ToLower(strings.NewReplacer(`\`, "/", "!", "/").Replace(p))) {
		return
	}
	for _, t := range times {
		if fraction(t) && (d.system[t] == "" || p < d.system[t]) && len(d.system) < maxFiles {
			d.system[t] = p
		}
	}
}

func (d *detector) list(t *host.FileTimes, _ detect.Reporter) {
	d.learnSystem(t.Path, t.Modified, t.Created)
	low := strings.ToLower(t.Path)
	if ofSystem(strings.ReplaceAll(low, `\`, "/")) {
		return
	}
	d.file(&entry{path: t.Path, modified: t.Modified, created: t.Created, name: t.NameCreated, precise: t.Source == "mft", listed: true, script: webroot.Executable(low), rec: t})
	d.listed.File(t.Host, t.Path)
}

func (d *detector) file(e *entry) {
	dir := path.Dir(strings.ReplaceAll(e.path, `\`, "/"))
	if e.listed {
		dir = "listed " + dir
	}
	if e.modified == 0 || d.files >= maxFiles || slices.ContainsFunc(d.folders[dir], func(o *entry) bool { return o.path == e.path }) {
		return
	}
	d.files++
	d.folders[dir] = append(d.folders[dir], e)
}

// event keeps the first creation of a script; times that were set tell of the
// creation time before.
func (d *detector) event(f *host.FileEvent, _ detect.Reporter) {
	if o := d.made[f.Path]; o == nil && len(d.made) < maxMade {
		d.made[f.Path] = f
		d.events.File(f.Host, f.Path)
	}
}

func (d *detector) request(a *web.Access, _ detect.Reporter) {
	d.log.Grow(a.TS)
	if a.Status < 200 || a.Status >= 400 {
		return
	}
	at := webroot.PageOf(a.Stem).Path
	if path.Ext(at) == "" {
		return
	}
	k := webroot.Asked{Server: strings.ToLower(a.Server), Site: a.Site, Path: at}
	x := d.asked[k]
	if x == nil {
		if len(d.asked) >= maxFiles {
			return
		}
		x = &asked{first: a.TS, rec: a}
		d.asked[k] = x
	}
	x.last = a.TS
}

// use is when a file was asked for, by any of its names.
type use struct {
	stem        string
	first, last record.Time
	rec         *web.Access
}

func uses(all map[webroot.Asked]*asked, m *webroot.Map) map[string]use {
	out := map[string]use{}
	for k, a := range all {
		at := m.Find(k)
		if at == "" {
			continue
		}
		u, known := out[at]
		if !known || a.first < u.first || a.first == u.first && k.Path < u.stem {
			u.stem, u.first, u.rec = k.Path, a.first, a.rec
		}
		u.last = max(u.last, a.last)
		out[at] = u
	}
	return out
}

func (d *detector) judge(out detect.Reporter) {
	ofRest, ofListed := uses(d.asked, &d.rest), uses(d.asked, &d.listed)
	// A list of times has what the copy of a file lost: then the copy is only
	// asked what its code can do.
	scores := map[string]*entry{}
	for _, list := range d.folders {
		for _, e := range list {
			if e.script && !e.listed {
				scores[e.path] = e
			}
		}
	}
	told := map[string]bool{}
	for _, list := range d.folders {
		for _, e := range list {
			if !e.script || !e.listed {
				continue
			}
			if at := d.rest.Find(webroot.Asked{Path: webroot.Clean(e.path)}); at != "" && scores[at] != nil {
				e.score = scores[at].score
				told[at] = true
			}
		}
	}
	for _, list := range d.folders {
		for i, e := range list {
			switch {
			case !e.script || !e.listed && told[e.path]:
			case e.listed:
				d.script(e, others(list, i), ofListed[e.path], out)
			default:
				d.script(e, others(list, i), ofRest[e.path], out)
			}
		}
	}
}

// others are the other files of the folder. Scripts that are suspect themselves
// are left out: they would be each other's median.
func others(list []*entry, i int) []*entry {
	out := make([]*entry, 0, len(list))
	for j, e := range list {
		if j != i && e.score < suspect {
			out = append(out, e)
		}
	}
	return out
}

// script judges one.
func (d *detector) script(e *entry, others []*entry, u use, out detect.Reporter) {
	v := d.signs(e, others, u)
	sev, confidence := v.verdict(e.score)
	if confidence == 0 {
		return
	}
	f := finding.Finding{Dossier: []string{"OP-20"}, Severity: sev, Confidence: confidence, Entities: e.rec.RecordType().Entities(e.rec), Refs: []record.Ref{e.rec.Base().Ref}, Start: e.modified, End: e.modified, Why: v.why}
	if v.median {
		f.Dossier = append(f.Dossier, medianID)
	}
	for _, r := range v.recs {
		f.Refs = append(f.Refs, r.Base().Ref)
		f.Entities = append(f.Entities, r.RecordType().Entities(r)...)
	}
	if v.at != 0 {
		f.Start, f.End = v.at, v.at
	}
	if e.score >= suspect {
		f.Why = append(f.Why, finding.Because("its structure scores %d", e.score))
	}
	out.Report(f)
}
