package iis

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/winpath"
)

// kind is which file of the configuration system it is.
type kind uint8

const (
	webConfig kind = iota
	rootWebConfig
	machineConfig
	applicationHost
	administration
	redirection
)

// config is one file.
type config struct {
	path   string // as cited
	dir    string // folder, lower case, with slashes
	host   string // start of dir that stands for the drive of the server
	kind   kind
	root   *node
	scopes []*scope
	sites  []site            // of applicationHost.config
	places map[string]string // folders of sites by their URL
	native map[string]bool   // names of the file's global modules, lower case
	// express tells that the file is one of IIS Express, which developers run.
	express  bool
	modified record.Time // when it was last written; 0 unknown
}

// scope is the part of a file that holds for one location; the file itself is
// the first, with location "".
type scope struct {
	file     *config
	location string
	dirs     string // folder it holds for, as far as the evidence tells; "" when it does not
	node     *node
	given    *given // lazily, by scope.gives
}

// site is a virtual directory of applicationHost.config.
type site struct {
	url      string // Site/app/path
	physical string // folder without the drive, lower case, with slashes
}

// kindOf tells what a file is by name and place, and whether it is configuration at all.
func kindOf(name, dir string) (kind, bool) {
	switch strings.ToLower(name) {
	case "applicationhost.config":
		return applicationHost, true
	case "administration.config":
		return administration, true
	case "redirection.config":
		return redirection, true
	case "machine.config":
		return machineConfig, true
	case "web.config":
		if strings.Contains(dir, "microsoft.net/framework") {
			return rootWebConfig, true
		}
		return webConfig, true
	}
	return 0, false
}

// slashes is p in lower case with slashes only, without the one at the end.
func slashes(p string) string {
	return strings.TrimSuffix(strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(p, "!", "/")), `\`, "/"), "/")
}

func dirOf(p string) string { return p[:max(0, strings.LastIndexByte(p, '/'))] }

// newConfig takes a file apart into its scopes.
func newConfig(path string, k kind, root *node) *config {
	f := &config{path: path, dir: dirOf(slashes(path)), kind: k, root: root}
	if i := strings.LastIndex("/"+f.dir, "/windows/"); i >= 0 {
		f.host = strings.TrimSuffix(f.dir[:i], "/")
	} else {
		f.host = f.dir
	}
	if k == applicationHost {
		f.sites = sites(root)
		f.places = map[string]string{}
		for _, s := range f.sites {
			f.places[s.url] = s.physical
		}
		for _, m := range root.all("system.webServer", "globalModules", "add") {
			f.express = f.express || strings.HasPrefix(strings.ToLower(m.attr("image")), "%iis_bin%")
		}
	}
	f.native = map[string]bool{}
	for _, n := range root.all("system.webServer", "globalModules", "add") {
		f.native[strings.ToLower(n.attr("name"))] = true
	}
	whole := &scope{file: f, node: root}
	if k == webConfig {
		whole.dirs = f.dir
	}
	f.scopes = append(f.scopes, whole)
	for _, l := range root.all("location") {
		s := &scope{file: f, location: l.attr("path"), node: l}
		rel := strings.Trim(slashes(s.location), "/.")
		switch k {
		case webConfig:
			s.dirs = strings.TrimSuffix(f.dir+"/"+rel, "/")
		case applicationHost:
			s.dirs = f.place(rel)
		}
		f.scopes = append(f.scopes, s)
	}
	return f
}

// sites lists the virtual directories.
func sites(root *node) []site {
	var out []site
	for _, s := range root.all("system.applicationHost", "sites", "site") {
		for _, app := range s.all("application") {
			for _, v := range app.all("virtualDirectory") {
				url := strings.ToLower(s.attr("name") + "/" + strings.Trim(app.attr("path"), "/") + "/" + strings.Trim(v.attr("path"), "/"))
				for strings.Contains(url, "//") {
					url = strings.ReplaceAll(url, "//", "/")
				}
				out = append(out, site{strings.TrimSuffix(url, "/"), withoutDrive(v.attr("physicalPath"))})
			}
		}
	}
	return out
}

// place is the folder of a location such as Default Web Site/app/uploads,
// without the drive; "" when no site has it.
func (f *config) place(location string) string {
	for at := location; at != ""; at = dirOf(at) {
		if top := f.places[at]; top != "" {
			return strings.TrimSuffix(top+location[len(at):], "/")
		}
	}
	return ""
}

// withoutDrive is a Windows path below its drive, with slashes: c:\inetpub and
// %SystemDrive%\inetpub give inetpub.
func withoutDrive(p string) string {
	p = slashes(expand(p))
	if len(p) > 1 && p[1] == ':' {
		p = p[2:]
	}
	return strings.Trim(p, "/")
}

// expand puts the usual values in for environment variables.
func expand(p string) string {
	p = winpath.Clean(p)
	for _, v := range [][2]string{
		{"%systemroot%", `c:\windows`}, {"%windir%", `c:\windows`}, {"%systemdrive%", "c:"},
		{"%programfiles%", `c:\program files`}, {"%programfiles(x86)%", `c:\program files (x86)`}, {"%programw6432%", `c:\program files`},
		{"%programdata%", `c:\programdata`}, {"%iis_bin%", `c:\windows\system32\inetsrv`},
	} {
		p = strings.ReplaceAll(p, v[0], v[1])
	}
	return p
}

// covers tells whether the settings of s hold for folder dir, unless an inner
// scope changes them.
func (s *scope) covers(dir string) bool {
	switch s.file.kind {
	case webConfig:
		return within(dir, s.dirs)
	case applicationHost:
		if s.location == "" {
			return true
		}
		// The drive of the server may be mounted anywhere.
		return s.dirs != "" && strings.Contains("/"+dir+"/", "/"+s.dirs+"/")
	}
	return false
}

func within(dir, top string) bool {
	return top == "" || dir == top || strings.HasPrefix(dir, top+"/")
}

// depth orders scopes of one folder from the outermost to the innermost.
func (s *scope) depth() int {
	d := 0
	if s.file.kind == webConfig {
		d = 1 << 20
	}
	d += 2 * strings.Count(s.dirs, "/")
	if s.location != "" {
		d++
	}
	return d
}
