// Package compiledpage reads the folder in which ASP.NET keeps what it compiled.
// Files there outlive their pages: a page that was deleted after use, one that
// was compiled by itself long after its neighbours, and a DLL that no page
// accounts for tell of web shells that are gone.
package compiledpage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/webroot"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

// Detector compares compiled pages with their sources, at the end.
var Detector = detect.Spec{
	ID:         "compiled-page",
	Title:      "Compiled page without source",
	Techniques: []attack.ID{"T1505.003"},
	Dossier:    []string{"OP-18"},
	Also:       []string{"OP-20", "OP-31"},
	New: func(detect.Env) detect.Detector {
		return &detector{scripts: map[string]*web.Script{}, folders: map[string]*folder{}, pages: map[record.Ref]*web.Compiled{}, sent: map[string]int{}, before: map[string][]*web.Compiled{}}
	},
}

const (
	maxScripts  = 1 << 17 // at rest; later ones count as files without a time
	maxFolders  = 1 << 14 // of the compiler
	maxDLLs     = 1 << 10 // of one folder
	maxPages    = 1 << 16
	leastSent   = 3              // pictures and documents that make a folder one for uploads
	later       = 24 * time.Hour // behind its neighbours: not the same visit
	mostAdded   = 3              // pages put into a compiled site; more are an update
	leastBefore = 3              // pages that were there before
	mostGone    = 8              // of one application; more are an old version of it
	shown       = 8              // names in a sentence
)

// sendable are what visitors send.
var sendable = map[string]bool{
	".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".bmp": true, ".webp": true, ".pdf": true, ".doc": true, ".docx": true, ".xls": true, ".xlsx": true, ".ppt": true, ".pptx": true,
	".odt": true, ".zip": true, ".mp4": true,
}

// detector keeps compiled pages, the compiler's DLLs by folder, and the names of
// all files, to the end.
type detector struct {
	files    webroot.Map
	scripts  map[string]*web.Script
	compiled webroot.Compilations
	pages    map[record.Ref]*web.Compiled
	folders  map[string]*folder
	sent     map[string]int             // what visitors send, by folder
	before   map[string][]*web.Compiled // of sites that came compiled, by bin folder
}

// folder is one of the compiler's: an application's.
type folder struct {
	dlls  map[string]*web.File // by name without .dll, lower case
	stale map[string]bool      // marked to be deleted: they were replaced
	pages int
}

// Handlers subscribes to what lies on disk.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.On(d.page),
		detect.On(d.file),
		detect.On(d.script),
		detect.On(func(s *web.Site, _ detect.Reporter) { d.files.Site(s) }),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) page(c *web.Compiled, _ detect.Reporter) {
	if !inTemp(c.Path) { // a site that was compiled before it came: it needs no sources
		dir := winpath.Dir(c.Path)
		if list := d.before[dir]; len(list) < maxDLLs && (list != nil || len(d.before) < maxFolders) && !slices.ContainsFunc(list, func(o *web.Compiled) bool { return o.Ref == c.Ref }) {
			d.before[dir] = append(list, c)
		}
		return
	}
	if d.pages[c.Ref] != nil || len(d.pages) >= maxPages {
		return
	}
	d.pages[c.Ref] = c
	d.compiled.Add(c)
	if f := d.folder(c.Path); f != nil {
		f.pages++
	}
}

func inTemp(p string) bool {
	return strings.Contains(winpath.Clean(strings.ReplaceAll(p, "!", "/")), `\temporary asp.net files\`)
}

func (d *detector) folder(p string) *folder {
	dir := winpath.Dir(p)
	f := d.folders[dir]
	if f == nil && len(d.folders) < maxFolders {
		f = &folder{dlls: map[string]*web.File{}, stale: map[string]bool{}}
		d.folders[dir] = f
	}
	return f
}

func (d *detector) file(r *web.File, _ detect.Reporter) {
	if !inTemp(r.Path) {
		d.files.File(r.Host, r.Path)
		if dir := winpath.Dir(r.Path); sendable[winpath.Ext(r.Path)] && (d.sent[dir] > 0 || len(d.sent) < maxScripts) {
			d.sent[dir]++
		}
		return
	}
	name := winpath.Base(r.Path)
	f := d.folder(r.Path)
	if f == nil || !strings.HasPrefix(name, "app_web_") || len(f.dlls)+len(f.stale) >= maxDLLs {
		return
	}
	if dll, ok := strings.CutSuffix(name, ".dll.delete"); ok {
		f.stale[dll] = true
	} else if dll, ok := strings.CutSuffix(name, ".dll"); ok && f.dlls[dll] == nil {
		f.dlls[dll] = r
	}
}

func (d *detector) script(s *web.Script, _ detect.Reporter) {
	d.files.File(s.Host, s.Path)
	if len(d.scripts) < maxScripts && d.scripts[s.Path] == nil {
		d.scripts[s.Path] = s
	}
}

// app is an application of a machine, as the compiler's folder is called.
type app struct{ host, name string }

func (d *detector) judge(out detect.Reporter) {
	gone := map[app][]*web.Compiled{}
	total := map[app]int{}
	for _, c := range d.sorted() {
		p := webroot.PageOf(c.VirtualPath).Path
		if !webroot.Executable(p) {
			continue
		}
		k := app{c.Host, c.App}
		total[k]++
		asked := webroot.Asked{Server: c.Host, Path: p}
		at := d.files.Find(asked)
		switch {
		case at == "" && d.files.HasFolder(asked):
			gone[k] = append(gone[k], c)
		case at != "":
			d.present(c, at, d.scripts[at], out)
		}
	}
	for k, list := range gone {
		if len(list) > mostGone {
			out.Report(d.old(k, list, total[k]))
			continue
		}
		for _, c := range list {
			out.Report(d.orphan(c, total[k]-len(list)))
		}
	}
	d.unnamed(out)
	for dir, list := range d.before {
		added(dir, list, out)
	}
}

// added reports pages that were put into a site that came compiled, long after
// the others: they run without any source.
func added(dir string, list []*web.Compiled, out detect.Reporter) {
	slices.SortFunc(list, func(a, b *web.Compiled) int {
		return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.Path, b.Path))
	})
	i := len(list)
	for i > 0 && i > len(list)-mostAdded-1 && (i == len(list) || list[i].TS.Sub(list[i-1].TS) < later) {
		i--
	}
	if n := len(list) - i; i < leastBefore || n > mostAdded || list[i-1].TS == 0 || list[i].TS.Sub(list[i-1].TS) < later {
		return
	}
	for _, c := range list[i:] {
		f := about(c, finding.Medium, 60, finding.Because("%q (DLL %q) was put into %q at %v, after the other %d pages of a site that came compiled, the last of %v: it runs without any source", c.VirtualPath, c.Assembly, dir, c.TS, i, list[i-1].TS))
		f.Title, f.Dossier = "Page put into a site that came compiled", []string{"OP-31"}
		out.Report(f)
	}
}

func (d *detector) sorted() []*web.Compiled {
	var out []*web.Compiled
	for _, c := range d.pages {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *web.Compiled) int {
		return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.Path, b.Path))
	})
	return out
}

// about is a finding about a compiled page.
func about(c *web.Compiled, s finding.Severity, confidence uint8, why ...string) finding.Finding {
	var t detect.Trail
	t.Add(c)
	return t.Finding(s, confidence, why...)
}

// orphan reports a page whose source is gone, while others of the application
// have theirs.
func (d *detector) orphan(c *web.Compiled, others int) finding.Finding {
	f := about(c, finding.Medium, 65, finding.Because("%q was compiled at %v into %q, and its source is not in its folder, which the evidence holds; %d other pages of the application have theirs", c.VirtualPath, c.TS, c.Assembly, others))
	if last := d.compiled.Lone(c, later); last != 0 {
		f.Confidence += 15
		f.Why = append(f.Why, finding.Because("it was compiled by itself; the other pages of its folder were compiled by %v", last))
	}
	if dir := winpath.Base(winpath.Dir(c.VirtualPath)); uploads(dir) {
		f.Severity, f.Confidence = finding.High, f.Confidence+10
		f.Why = append(f.Why, finding.Because("its folder %q is one for uploads", dir))
	}
	f.Why = append(f.Why, d.dll(c))
	return f
}

// dll says where the code of the page is.
func (d *detector) dll(c *web.Compiled) string {
	f := d.folders[winpath.Dir(c.Path)]
	if f != nil {
		if r := f.dlls[strings.ToLower(c.Assembly)]; r != nil {
			return finding.Because("its code is still there, in %q (SHA-256 %s)", r.Path, cmp.Or(r.SHA256, "unknown"))
		}
		if len(f.dlls) > 0 {
			return finding.Because("its DLL %q is not there either, though others are: it was deleted or quarantined", c.Assembly)
		}
	}
	return "the evidence does not hold its DLL"
}

// old is the finding about many pages without source.
func (d *detector) old(k app, list []*web.Compiled, total int) finding.Finding {
	var names []string
	var t detect.Trail
	for _, c := range list {
		t.Add(c)
		if len(names) < shown {
			names = append(names, c.VirtualPath)
		}
	}
	f := t.Finding(finding.Low, 30, finding.Because("%d of %d compiled pages of application %q have no source, such as %s: an older version was taken away, or pages come from elsewhere than the disk", len(list), total, cmp.Or(k.name, "?"), strings.Join(names, ", ")))
	f.Entities = t.Entities[:min(len(t.Entities), 2*shown)]
	return f
}

// present judges a page whose source is there: in a folder for uploads, or
// claiming to be older than a compilation that left it out.
func (d *detector) present(c *web.Compiled, at string, s *web.Script, out detect.Reporter) {
	bad := s != nil && s.Score >= 4
	if dir := winpath.Dir(at); uploads(winpath.Base(dir)) && (bad || d.sent[dir] >= leastSent) {
		f := about(c, finding.Medium, 55, finding.Because("%q lies in a folder for uploads and was compiled at %v: it ran", c.VirtualPath, c.TS))
		if bad {
			f.Severity, f.Confidence = finding.High, 85
			f.Why = append(f.Why, finding.Because("its structure scores %d: %s", s.Score, strings.Join(s.Why, "; ")))
		}
		f.Title = "Page in a folder for uploads that ran"
		out.Report(f)
	}
	if s == nil || s.Modified == 0 {
		return
	}
	if last := d.compiled.Lone(c, later); last != 0 && max(s.Modified, s.Created) < last {
		f := about(c, finding.Medium, 55, finding.Because("%q claims to be from %v, but when ASP.NET compiled its folder by %v it was left out, and compiled by itself at %v: it came later than it claims", s.Path, max(s.Modified, s.Created), last, c.TS))
		f.Title, f.Techniques, f.Dossier = "Page compiled long after the others of its folder", []attack.ID{"T1070.006", "T1505.003"}, []string{"OP-20"}
		f.Refs = append(f.Refs, s.Ref)
		for _, e := range s.RecordType().Entities(s) {
			if e.Kind != "hash" {
				f.Entities = append(f.Entities, e)
			}
		}
		out.Report(f)
	}
}

// uploads tells whether a folder is called one for what visitors send.
func uploads(dir string) bool {
	return strings.Contains(dir, "upload") || strings.Contains(dir, "attachment") || dir == "files" || dir == "userfiles"
}

// unnamed reports DLLs of pages that no .compiled file names, where others are
// named: the page's own file was deleted with its source.
func (d *detector) unnamed(out detect.Reporter) {
	named := map[string]bool{}
	for _, c := range d.pages {
		named[winpath.Dir(c.Path)+`\`+strings.ToLower(c.Assembly)] = true
	}
	for dir, f := range d.folders {
		if f.pages == 0 {
			continue
		}
		var t detect.Trail
		var names []string
		var newest record.Time
		for name, r := range f.dlls {
			if named[dir+`\`+name] {
				newest = max(newest, r.Modified)
			}
		}
		fresh := false
		list := make([]string, 0, len(f.dlls))
		for name := range f.dlls {
			list = append(list, name)
		}
		slices.Sort(list)
		for _, name := range list {
			if named[dir+`\`+name] || f.stale[name] {
				continue
			}
			t.Add(f.dlls[name])
			names = append(names, name+".dll")
			fresh = fresh || newest != 0 && f.dlls[name].Modified.Sub(newest) >= later
		}
		if len(names) == 0 {
			continue
		}
		r := t.Finding(finding.Low, 35, finding.Because("%s in %q: no .compiled file names the page that it was made of, while %d pages are named", strings.Join(names[:min(len(names), shown)], ", "), dir, f.pages))
		if fresh && len(names) <= 3 {
			r.Severity, r.Confidence = finding.Medium, 55
			r.Why = append(r.Why, finding.Because("it is newer than all that are named, the last of which is of %v", newest))
		}
		r.Title = "Compiled page's DLL that nothing accounts for"
		out.Report(r)
	}
}
