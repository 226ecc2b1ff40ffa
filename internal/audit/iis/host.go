package iis

import (
	"fmt"
	"strings"

	"longwatch/internal/finding"
)

// host judges system.applicationHost: pools, sites and their logs.
func (a *audit) host(f *config) {
	s := f.scopes[0]
	for _, n := range f.root.all("system.applicationHost", "applicationPools", "applicationPoolDefaults") {
		a.pool(s, n, "all pools that do not say otherwise")
	}
	for _, n := range f.root.all("system.applicationHost", "applicationPools", "add") {
		a.pool(s, n, "pool "+quoted(n.attr("name")))
	}
	for _, n := range f.root.all("system.applicationHost", "serviceAutoStartProviders", "add") {
		a.add(s, n, "auto-start", finding.High, fmt.Sprintf("provider %s runs %s when the pool starts, before any request", quoted(n.attr("name")), quoted(n.attr("type"))))
	}
	for _, n := range f.root.all("system.applicationHost", "log") {
		if v := n.attr("centralLogFileMode"); strings.EqualFold(v, "CentralBinary") {
			a.add(s, n, "log-partly", finding.Medium, "centralLogFileMode is "+quoted(v)+": user agents, referrers and cookies are not logged")
		}
	}
	a.sites(s)
}

func (a *audit) pool(s *scope, n *node, name string) {
	for _, p := range n.all("processModel") {
		switch strings.ToLower(p.attr("identityType")) {
		case "localsystem":
			a.add(s, p, "pool-identity", finding.High, name+" runs as LocalSystem")
		case "specificuser":
			a.add(s, p, "pool-identity", finding.Info, fmt.Sprintf("%s runs as %s", name, quoted(p.attr("userName"))))
		}
		a.secret(s, p, name)
	}
	if v := n.attr("managedRuntimeVersion"); v != "" && before(v, 4, 0) {
		a.add(s, n, "net-outdated", finding.Medium, fmt.Sprintf("%s runs the .NET runtime %s", name, quoted(v)))
	}
	if v := n.attr("CLRConfigFile"); v != "" && placeOf(v) != ofSystem && !s.file.express {
		a.add(s, n, "pool-injection", finding.High, fmt.Sprintf("%s reads the runtime configuration %s", name, quoted(v)))
	}
	if n.is("startMode", "AlwaysRunning") {
		a.add(s, n, "auto-start", finding.Info, name+" starts with the server")
	}
	a.environment(s, n.all("environmentVariables", "add"))
	for _, x := range n.all("failure") {
		for _, k := range []string{"orphanActionExe", "autoShutdownExe"} {
			if v := x.attr(k); v != "" {
				a.add(s, x, "pool-action", finding.High, fmt.Sprintf("%s: %s is %s", name, k, quoted(v)))
			}
		}
	}
}

// defaultFields are what IIS logs when nothing is said.
const defaultFields = "Date, Time, ClientIP, UserName, ServerIP, Method, UriStem, UriQuery, TimeTaken, HttpStatus, Win32Status, ServerPort, UserAgent, HttpSubStatus, Referer"

// neededFields are what hunting in W3C logs reads; the rest of the names is for
// sizes of replies and names of sites, which IIS leaves out by default.
var (
	neededFields = []string{"Date", "Time", "ClientIP", "UserName", "Method", "UriStem", "UriQuery", "HttpStatus", "HttpSubStatus", "Win32Status", "TimeTaken", "UserAgent", "Referer"}
	usefulFields = []string{"BytesSent", "BytesRecv", "Host"}
)

func (a *audit) sites(s *scope) {
	root := s.node
	defaults := &node{}
	for _, d := range root.all("system.applicationHost", "sites", "siteDefaults", "logFile") {
		defaults = d
	}
	for _, st := range root.all("system.applicationHost", "sites", "site") {
		in := &scope{file: s.file, location: st.attr("name"), node: st}
		if web(st) {
			own := &node{line: st.line}
			for _, l := range st.all("logFile") {
				own = l
			}
			a.log(in, own, defaults)
		}
		for _, app := range st.all("application") {
			a.application(in, app)
		}
		for _, d := range st.all("applicationDefaults") {
			a.application(in, d)
		}
	}
	for _, d := range root.all("system.applicationHost", "sites", "applicationDefaults") {
		a.application(s, d)
	}
}

// web tells whether a site speaks HTTP; FTP sites log elsewhere.
func web(site *node) bool {
	bindings := site.all("bindings", "binding")
	for _, b := range bindings {
		if strings.HasPrefix(strings.ToLower(b.attr("protocol")), "http") {
			return true
		}
	}
	return len(bindings) == 0
}

func (a *audit) log(s *scope, own, defaults *node) {
	// get finds a setting and where it is made.
	get := func(name, otherwise string) (string, *node) {
		for _, n := range []*node{own, defaults} {
			if v, ok := n.lookup(name); ok && n.line > 0 {
				return v, n
			}
		}
		return otherwise, own
	}
	if v, n := get("enabled", "true"); strings.EqualFold(v, "false") {
		a.add(s, n, "log-off", finding.High, "logFile enabled is false")
		return
	}
	if v, n := get("logTargetW3C", "File"); v != "" && !strings.Contains(strings.ToLower(v), "file") {
		a.add(s, n, "log-off", finding.High, "logTargetW3C is "+quoted(v)+": no file is written")
	}
	if v, n := get("logFormat", "W3C"); !strings.EqualFold(v, "W3C") {
		a.add(s, n, "log-partly", finding.Medium, "logFormat is "+quoted(v)+", which has fewer fields than W3C")
	} else {
		flags, n := get("logExtFileFlags", defaultFields)
		have := map[string]bool{}
		for w := range strings.SplitSeq(flags, ",") {
			have[strings.ToLower(strings.TrimSpace(w))] = true
		}
		if lack := lacking(have, neededFields); lack != "" {
			a.add(s, n, "log-partly", finding.Medium, "the log lacks "+lack)
		}
		if lack := lacking(have, usefulFields); lack != "" {
			a.add(s, n, "log-partly", finding.Low, "the log lacks "+lack+": odd sizes of replies and names of sites cannot be seen")
		}
		forwarded := false
		for _, x := range append(own.all("customFields", "add"), defaults.all("customFields", "add")...) {
			forwarded = forwarded || strings.Contains(strings.ToLower(x.attr("sourceName")), "forwarded") || strings.Contains(strings.ToLower(x.attr("sourceName")), "client")
		}
		if !forwarded {
			a.add(s, n, "log-custom", finding.Info, "no custom field holds X-Forwarded-For")
		}
	}
	if v, n := get("directory", ""); v != "" {
		if w := placeOf(v); w == remote || strings.Contains(expand(v), `\temp\`) {
			a.add(s, n, "log-place", finding.Low, "logs go to "+quoted(v))
		}
	}
}

func lacking(have map[string]bool, names []string) string {
	var out []string
	for _, n := range names {
		if !have[strings.ToLower(n)] {
			out = append(out, n)
		}
	}
	return strings.Join(out, ", ")
}

func (a *audit) application(s *scope, app *node) {
	name := "application " + quoted(app.attr("path"))
	if app.is("serviceAutoStartEnabled", "true") {
		why := name + " starts with the pool"
		if p := app.attr("serviceAutoStartProvider"); p != "" {
			why += " and runs provider " + quoted(p)
		}
		a.add(s, app, "auto-start", finding.Medium, why)
	}
	for _, v := range app.all("virtualDirectory") {
		a.secret(s, v, "virtualDirectory "+quoted(v.attr("path")))
		p := v.attr("physicalPath")
		low := expand(p)
		sev, where := finding.Info, ""
		switch {
		case p == "":
			continue
		case placeOf(p) == remote:
			sev, where = finding.Medium, "another machine"
		case strings.Contains(low+`\`, `\inetpub\`):
			continue
		case placeOf(low+`\`) == openToUsers:
			sev, where = finding.High, "a folder where users may write"
		case strings.HasPrefix(low, `c:\windows\`):
			sev, where = finding.High, "a folder of Windows"
		case placeOf(low+`\`) == ofProduct:
			where = "a folder of an installed product"
		default:
			where = "outside inetpub"
		}
		if len(low) == 2 || len(low) == 3 && low[1] == ':' {
			sev, where = finding.High, "a whole drive"
		}
		a.add(s, v, "virtual-directory", sev, fmt.Sprintf("%s of %s is %s: %s", quoted(v.attr("path")), name, quoted(p), where))
	}
}
