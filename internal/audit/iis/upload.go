package iis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"longwatch/internal/finding"
)

// uploadNames are folders that take files from visitors; mediaNames hold what
// pages show, and are where shells hide for that reason.
var (
	uploadNames = set("upload", "uploads", "uploadfile", "uploadfiles", "uploaded", "userfiles", "userupload", "useruploads", "attachment", "attachments", "fileupload", "filemanager", "userdata", "avatars", "tempuploads", "files")
	mediaNames  = set("images", "img", "image", "pics", "photos", "pictures", "media", "static", "assets", "documents", "docs", "downloads", "fonts", "css")
)

// purpose is what a folder is for.
type purpose uint8

const (
	pages purpose = iota
	uploads
	mediaOnly
)

func purposeOf(dir string, f *folder) purpose {
	name := dir[strings.LastIndexByte(dir, '/')+1:]
	const few = 3 // fewer files tell nothing
	switch {
	case uploadNames[name]:
		return uploads
	case mediaNames[name], f.media+f.documents >= few && f.other == 0 && f.scripts <= 1 && f.media+f.documents >= few*f.scripts:
		return mediaOnly
	}
	return pages
}

// uploads reports folders for uploads and media in which scripts may run.
func (a *audit) uploads() {
	var scopes []*scope
	places := 0               // sites, which every folder is compared with
	tops := map[string]bool{} // folders that have a web.config of their own
	for _, f := range a.files {
		for _, s := range f.scopes {
			if f.kind == webConfig || f.kind == applicationHost {
				scopes = append(scopes, s)
			}
		}
		places += len(f.sites)
		if f.kind == webConfig {
			tops[f.dir] = true
		}
	}
	slices.SortStableFunc(scopes, func(x, y *scope) int { return cmp.Compare(x.depth(), y.depth()) })
	dirs := a.candidates(scopes)
	// held are media folders by the web root that they lie in.
	held := map[string][]string{}
	for _, dir := range dirs {
		f := a.folders[dir]
		if f == nil {
			f = &folder{}
		}
		p := purposeOf(dir, f)
		if p == pages {
			continue
		}
		if !a.work(len(scopes) + places) {
			break
		}
		root := rootOf(dir, tops, scopes)
		if root == "" {
			continue
		}
		r := effective(scopes, dir)
		if !r.script && !r.execute {
			continue
		}
		out := Finding{Path: dir, Severity: finding.Medium, Check: "upload-runs", Why: r.why}
		switch {
		case f.scripts > 0 && (p == uploads || f.media+f.documents > 0):
			out.Check = "upload-holds-script"
			if p == uploads || f.media+f.documents >= 3 {
				out.Severity = finding.High
			}
			out.Why = fmt.Sprintf("%s, such as %s, beside %s, may run: %s", several(f.scripts, "script"), quoted(f.script), several(f.media+f.documents, "other file"), r.why)
		case p == uploads && (r.execute || r.write):
			out.Severity = finding.High
		case p == mediaOnly:
			held[root] = append(held[root], dir)
			continue
		}
		out.Path, out.Line, out.Scope = r.path(dir), r.line(), dir
		if r.s != nil {
			out.Modified = r.s.file.modified
		}
		a.put(out)
	}
	for _, root := range slices.Sorted(maps.Keys(held)) {
		list := held[root]
		const show = 5
		names := make([]string, 0, show)
		for _, d := range list[:min(show, len(list))] {
			names = append(names, quoted(strings.TrimPrefix(strings.TrimPrefix(d, root), "/")))
		}
		more := ""
		if len(list) > show {
			more = fmt.Sprintf(" and %d more", len(list)-show)
		}
		a.put(Finding{Check: "media-runs", Severity: finding.Low, Path: root, Scope: root, Why: fmt.Sprintf("script rights reach %s: %s%s", several(len(list), "folder"), strings.Join(names, ", "), more)})
	}
}

// candidates are all folders of the evidence, and those that configuration
// names though the evidence does not hold their files.
func (a *audit) candidates(scopes []*scope) []string {
	all := map[string]bool{}
	for d := range a.folders {
		all[d] = true
	}
	for _, s := range scopes {
		if s.location != "" && s.dirs != "" && s.file.kind == webConfig {
			all[s.dirs] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// rootOf is the outermost folder with a web.config that dir lies in, or the
// site's folder; "" when dir is not known to be served.
func rootOf(dir string, tops map[string]bool, scopes []*scope) string {
	if strings.Contains(dir+"/", "/bin/") || strings.Contains(dir+"/", "/app_data/") || strings.Contains(dir, "/obj/") || strings.Contains(dir, "temporary asp.net files") {
		return ""
	}
	for i := 1; i <= len(dir); i++ {
		if (i == len(dir) || dir[i] == '/') && tops[dir[:i]] {
			return dir[:i]
		}
	}
	for _, s := range scopes {
		if s.file.kind != applicationHost || s.location != "" {
			continue
		}
		for _, st := range s.file.sites {
			if st.physical != "" {
				if i := strings.Index("/"+dir+"/", "/"+st.physical+"/"); i >= 0 && within(dir, s.file.host) {
					return dir[:min(len(dir), i+len(st.physical))]
				}
			}
		}
	}
	return ""
}

// inherited are the rights of a folder and what gives them.
type inherited struct {
	rights
	why string
	s   *scope
	n   *node
}

func (r *inherited) path(dir string) string {
	if r.s == nil {
		return dir
	}
	return r.s.file.path
}

func (r *inherited) line() int {
	if r.n == nil {
		return 0
	}
	return r.n.line
}

// effective follows the scopes from the outermost to dir. Handlers that were
// cleared and not added again cannot run, whatever the rights say.
func effective(scopes []*scope, dir string) inherited {
	r := inherited{rights: rights{read: true, script: true}, why: "nothing takes away the rights Read and Script that IIS gives by default"}
	for _, s := range scopes {
		if !s.covers(dir) || s.file.kind == applicationHost && len(s.file.host) > 0 && !within(dir, s.file.host) {
			continue
		}
		g := s.gives()
		if g.policy != nil {
			p := g.policy.attr("accessPolicy")
			r.rights, r.s, r.n = rightsOf(p), s, g.policy
			r.why = fmt.Sprintf("accessPolicy %s holds for it (%s line %d)", quoted(p), s.file.path, g.policy.line)
		}
		if g.cleared && s.location+s.dirs != "" {
			r.script, r.execute = false, false
			if g.again != nil {
				r.script, r.s, r.n = true, s, g.again
				r.why = fmt.Sprintf("handlers are cleared and %s added again (%s line %d)", quoted(g.again.attr("path")), s.file.path, g.again.line)
			}
		}
	}
	return r
}

// given is what a scope says about rights.
type given struct {
	policy  *node // the last element with accessPolicy
	cleared bool  // inherited handlers are gone
	again   *node // the last engine that was added after all
}

func (s *scope) gives() *given {
	if s.given != nil {
		return s.given
	}
	g := &given{}
	for _, h := range s.node.all("system.webServer", "handlers") {
		if _, ok := h.lookup("accessPolicy"); ok {
			g.policy = h
		}
		g.cleared = g.cleared || len(h.all("clear")) > 0
		for _, x := range h.all("add") {
			if engine(x.attr("type")) || x.attr("scriptProcessor") != "" {
				g.again = x
			}
		}
	}
	s.given = g
	return g
}
