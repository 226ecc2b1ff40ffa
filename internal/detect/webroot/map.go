package webroot

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

// Bounds of a Map; what comes later is not found.
const (
	maxFiles    = 1 << 18
	maxSites    = 1 << 14
	maxSameName = 1 << 12 // files of one name: index.php lies in every folder
)

// Map holds the files and sites of the evidence. The zero value is ready.
type Map struct {
	byName map[string][]file
	// folders are those with files, by the last part of their names.
	folders map[string][]file
	hosts   map[string]bool
	sites   []*web.Site
	files   int
}

type file struct {
	host string // short, lower case; may be empty
	at   string // as given
	low  string // lower case, slashes only, no drive, no slash in front
}

// Asked is what a request says about where it went.
type Asked struct {
	Server string // as the log names the machine or virtual host; may be empty
	Site   string // w3svc1; may be empty
	Host   string // Host header; may be empty
	Port   uint16 // 0 when unknown
	Path   string // Page.Path
}

// File adds a file: of the evidence by its path there, or as an event names it.
func (m *Map) File(host, name string) {
	low := clean(name)
	base := path.Base(low)
	if m.files >= maxFiles || len(m.byName[base]) >= maxSameName {
		return
	}
	host = short(host)
	if slices.ContainsFunc(m.byName[base], func(f file) bool { return f.at == name && f.host == host }) {
		return
	}
	if m.byName == nil {
		m.byName, m.folders, m.hosts = map[string][]file{}, map[string][]file{}, map[string]bool{}
	}
	m.files++
	m.byName[base] = append(m.byName[base], file{host, name, low})
	if host != "" {
		m.hosts[host] = true
	}
	dir := path.Dir(low)
	if list := m.folders[path.Base(dir)]; len(list) < maxSameName && !slices.ContainsFunc(list, func(f file) bool { return f.low == dir && f.host == host }) {
		m.folders[path.Base(dir)] = append(list, file{host: host, low: dir})
	}
}

// Site adds a virtual directory.
func (m *Map) Site(s *web.Site) {
	if len(m.sites) < maxSites && !slices.ContainsFunc(m.sites, func(o *web.Site) bool { return o.Ref == s.Ref }) {
		m.sites = append(m.sites, s)
	}
}

// Find returns the file that answered a request, "" when the evidence does not
// hold it. A path that ends in a slash stands for its default document.
func (m *Map) Find(a Asked) string {
	if m.files == 0 {
		return ""
	}
	if !strings.HasSuffix(a.Path, "/") {
		return m.find(a)
	}
	dir := a.Path
	for _, name := range defaults {
		a.Path = dir + name
		if f := m.find(a); f != "" {
			return f
		}
	}
	return ""
}

// defaults are default documents in the order of IIS, then those of others.
var defaults = []string{"default.htm", "default.asp", "index.htm", "index.html", "iisstart.htm", "default.aspx", "index.php", "index.jsp", "index.cfm"}

// HasFolder tells whether the evidence holds any file of the folder that the
// page would lie in, so that its absence says something.
func (m *Map) HasFolder(a Asked) bool {
	dir, _ := path.Split(a.Path)
	host := m.Machine(a.Server)
	tops := m.configured(a, host)
	if len(tops) == 0 && dir == "/" {
		for _, name := range roots {
			if slices.ContainsFunc(m.folders[name], func(f file) bool { return agree(f.host, host) }) {
				return true
			}
		}
		return false
	}
	wants := []string{dir}
	for _, t := range tops {
		wants = append(wants, "/"+t.physical+strings.TrimPrefix(dir, t.url))
	}
	if len(tops) > 0 {
		wants = wants[1:]
	}
	for _, want := range wants {
		for _, f := range m.folders[path.Base(want)] {
			if agree(f.host, host) && strings.HasSuffix("/"+f.low+"/", want) {
				return true
			}
		}
	}
	return false
}

func (m *Map) find(a Asked) string {
	list := m.byName[path.Base(a.Path)]
	if len(list) == 0 {
		return ""
	}
	host := m.Machine(a.Server)
	for _, t := range m.configured(a, host) {
		want := "/" + t.physical + strings.TrimPrefix(a.Path, t.url)
		for _, f := range list {
			if agree(f.host, host) && strings.HasSuffix("/"+f.low, want) {
				return f.at
			}
		}
	}
	return best(list, host, a.Path)
}

// EndOf returns the file whose whole path, without its drive, ends that of name:
// files that events name among those of the evidence.
func (m *Map) EndOf(name string) string {
	low := "/" + clean(name)
	for _, f := range m.byName[path.Base(low)] {
		if strings.HasSuffix(low, "/"+f.low) {
			return f.at
		}
	}
	return ""
}

// Clean is a file's path as that of a request: lower case, with slashes, without
// its drive.
func Clean(name string) string { return "/" + clean(name) }

// top is a folder that a request may have gone to.
type top struct {
	url      string // with a slash at the end
	physical string // no drive, no slash in front, one at the end
}

// configured are the folders that the configuration gives for a request, the
// longest URL first.
func (m *Map) configured(a Asked, host string) []top {
	var out []top
	for _, s := range m.sites {
		url := strings.TrimSuffix(strings.ToLower(s.URL), "/") + "/"
		if strings.HasPrefix(a.Path, url) && agree(short(s.Host), host) && serves(s, a) && s.Physical != "" {
			out = append(out, top{url, strings.Trim(clean(expand(s.Physical)), "/") + "/"})
		}
	}
	slices.SortStableFunc(out, func(x, y top) int { return len(y.url) - len(x.url) })
	return out
}

// serves tells whether a request can have gone to the site: by the number in
// the name of its logs, else by its bindings.
func serves(s *web.Site, a Asked) bool {
	if n, ok := strings.CutPrefix(a.Site, "w3svc"); ok {
		return n == strconv.FormatUint(uint64(s.ID), 10)
	}
	if len(s.Bindings) == 0 || a.Port == 0 && a.Host == "" {
		return true
	}
	name := strings.ToLower(a.Host)
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.Contains(name[i:], "]") {
		name = name[:i]
	}
	for _, b := range s.Bindings {
		_, info, _ := strings.Cut(b, "/")
		i := strings.LastIndexByte(info, ':')
		if i < 0 {
			continue
		}
		host := strings.ToLower(info[i+1:])
		port := info[:i]
		port = port[strings.LastIndexByte(port, ':')+1:]
		if (a.Port == 0 || port == strconv.Itoa(int(a.Port))) && (host == "" || name == "" || host == name) {
			return true
		}
	}
	return false
}

// roots are folders at the top of what servers serve.
var roots = []string{"wwwroot", "htdocs", "html", "www", "public_html", "webapps", "root", "public", "web", "site"}

// rooted tells whether a folder is one at the top of what a server serves.
func rooted(dir string) bool { return slices.Contains(roots, path.Base(dir)) }

// best is the file whose path agrees longest with that of the request. All of
// the request's path has to agree, or all but an application's name, and then
// with no other file. Among several the one just below a web root is taken,
// then the one with the shortest way to it.
func best(list []file, host, page string) string {
	var found file
	rank := func(f file) [2]int {
		lead := strings.TrimSuffix("/"+f.low, page)
		r := [2]int{1, strings.Count(lead, "/")}
		if rooted(lead) {
			r[0] = 0
		}
		return r
	}
	for _, f := range list {
		if !agree(f.host, host) || !strings.HasSuffix("/"+f.low, page) {
			continue
		}
		if found.at == "" {
			found = f
			continue
		}
		a, b := rank(f), rank(found)
		if a[0] < b[0] || a[0] == b[0] && (a[1] < b[1] || a[1] == b[1] && f.at < found.at) {
			found = f
		}
	}
	if found.at != "" {
		return found.at
	}
	_, rest, ok := strings.Cut(strings.TrimPrefix(page, "/"), "/")
	if !ok || !strings.Contains(rest, "/") {
		return "" // too little to go by
	}
	for _, f := range list {
		if agree(f.host, host) && strings.HasSuffix("/"+f.low, "/"+rest) {
			if found.at != "" {
				return ""
			}
			found = f
		}
	}
	return found.at
}

// Machine is the server's name when files are known to be of it, else "":
// logs name virtual hosts and sites too.
func (m *Map) Machine(server string) string {
	if s := short(server); m.hosts[s] {
		return s
	}
	return ""
}

func agree(a, b string) bool { return a == b || a == "" || b == "" }

// short is a machine's name without its domain.
func short(host string) string {
	s, _, _ := strings.Cut(strings.ToLower(host), ".")
	return s
}

// clean is a path in lower case with slashes only, without drive and without
// a slash in front.
func clean(name string) string {
	s := strings.NewReplacer(`\`, "/", "!", "/").Replace(strings.ToLower(name))
	if len(s) > 1 && s[1] == ':' {
		s = s[2:]
	}
	return strings.TrimPrefix(s, "/")
}

// expand puts the usual folders in for variables of the environment.
func expand(p string) string {
	p = winpath.Clean(p)
	for _, v := range [][2]string{{"%systemdrive%", "c:"}, {"%systemroot%", `c:\windows`}, {"%windir%", `c:\windows`}, {"%programfiles%", `c:\program files`}, {"%programdata%", `c:\programdata`}} {
		p = strings.ReplaceAll(p, v[0], v[1])
	}
	return p
}
