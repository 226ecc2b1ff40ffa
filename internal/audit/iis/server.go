package iis

import (
	"fmt"
	"net/url"
	"strings"

	"longwatch/internal/finding"
)

// server judges system.webServer but for what it loads.
func (a *audit) server(s *scope) {
	ws := func(path ...string) []*node { return s.node.all(append([]string{"system.webServer"}, path...)...) }
	for _, n := range ws("directoryBrowse") {
		if n.is("enabled", "true") {
			a.inherit(s, n, "directory-browsing", finding.Medium, "enabled", "directoryBrowse is on", "system.webServer", "directoryBrowse")
		}
	}
	for _, n := range ws("httpLogging") {
		if n.is("dontLog", "true") {
			a.inherit(s, n, "log-off", finding.High, "dontLog", "httpLogging dontLog is true: no request below is logged", "system.webServer", "httpLogging")
		}
		if v := n.attr("selectiveLogging"); v != "" && !strings.EqualFold(v, "LogAll") {
			a.add(s, n, "log-partly", finding.Medium, "selectiveLogging is "+quoted(v))
		}
	}
	for _, n := range ws("webdav", "authoring") {
		if !n.is("enabled", "true") {
			continue
		}
		sev, why := finding.Medium, "WebDAV takes files from clients"
		for _, r := range append(ws("webdav", "authoringRules"), ws("webdav", "authoringRules", "add")...) {
			acc := strings.ToLower(r.attr("access") + "," + r.attr("defaultAccess"))
			if strings.Contains(acc, "write") && (r.is("users", "*") || r.is("users", "?") || r.attr("defaultAccess") != "") {
				sev, why = finding.High, fmt.Sprintf("WebDAV takes files from every user (line %d)", r.line)
			}
		}
		a.add(s, n, "webdav", sev, why)
	}
	for _, n := range ws("httpErrors") {
		if n.is("errorMode", "Detailed") {
			a.add(s, n, "errors-shown", finding.Medium, "httpErrors errorMode is Detailed: paths and modules go to every visitor")
		}
	}
	for _, n := range ws("asp") {
		for _, name := range []string{"scriptErrorSentToBrowser", "appAllowDebugging", "appAllowClientDebug"} {
			if n.is(name, "true") {
				a.add(s, n, "errors-shown", finding.Low, "asp "+name+" is true")
			}
		}
	}
	for _, n := range ws("serverSideInclude") {
		if n.is("ssiExecDisable", "false") {
			a.add(s, n, "ssi", finding.Medium, "ssiExecDisable is false")
		}
	}
	for _, n := range ws("cgi") {
		if n.is("createProcessAsUser", "false") {
			a.add(s, n, "cgi-identity", finding.Medium, "cgi createProcessAsUser is false")
		}
	}
	for _, n := range ws("security", "authentication", "anonymousAuthentication") {
		a.secret(s, n, "anonymousAuthentication")
	}
	a.filtering(s, ws("security", "requestFiltering"))
	for _, n := range ws("handlers") {
		a.policy(s, n)
	}
	for _, group := range []string{"rules", "globalRules", "outboundRules"} {
		for _, r := range ws("rewrite", group, "rule") {
			for _, act := range r.all("action") {
				if to := act.attr("url"); act.is("type", "Rewrite") && outside(to) {
					a.add(s, act, "proxy", finding.Low, fmt.Sprintf("rule %s passes requests on to %s", quoted(r.attr("name")), quoted(to)))
				}
			}
		}
	}
	for _, n := range ws("httpRedirect") {
		if to := n.attr("destination"); n.is("enabled", "true") && outside(to) {
			a.add(s, n, "proxy", finding.Low, "every visitor is sent to "+quoted(to))
		}
	}
}

// outside tells whether a URL names another machine.
func outside(to string) bool {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(to))
	if err != nil {
		return strings.HasPrefix(strings.ToLower(to), "http")
	}
	h := strings.ToLower(u.Hostname())
	return h != "" && !strings.Contains(to, "{HTTP_HOST}") && h != "localhost" && h != "127.0.0.1" && h != "::1"
}

// filtering reports protections of request filtering that were taken away.
func (a *audit) filtering(s *scope, sections []*node) {
	hidden := set("web.config", "bin", "app_code", "app_globalresources", "app_localresources", "app_webreferences", "app_data", "app_browsers")
	denied := set(".config", ".cs", ".vb", ".csproj", ".vbproj", ".asax", ".ascx", ".master", ".dll", ".mdb", ".mdf", ".ldf", ".resx", ".resources", ".config.bak")
	for _, n := range sections {
		for _, r := range n.all("hiddenSegments", "remove") {
			if seg := strings.ToLower(r.attr("segment")); hidden[seg] {
				a.add(s, r, "config-served", finding.High, "the hidden segment "+quoted(seg)+" is removed")
			}
		}
		for _, r := range n.all("hiddenSegments", "clear") {
			if s.file.kind == webConfig && len(n.all("hiddenSegments", "add")) == 0 {
				a.add(s, r, "config-served", finding.High, "all hidden segments are removed")
			}
		}
		for _, r := range n.all("fileExtensions", "remove") {
			if ext := strings.ToLower(r.attr("fileExtension")); denied[ext] && !readded(n, ext) {
				a.add(s, r, "config-served", finding.High, "files that end in "+quoted(ext)+" are no longer refused")
			}
		}
		for _, r := range n.all("fileExtensions", "add") {
			if ext := strings.ToLower(r.attr("fileExtension")); denied[ext] && r.is("allowed", "true") {
				a.add(s, r, "config-served", finding.High, "files that end in "+quoted(ext)+" are allowed")
			}
		}
	}
}

func readded(n *node, ext string) bool {
	for _, x := range n.all("fileExtensions", "add") {
		if x.is("fileExtension", ext) && !x.is("allowed", "true") {
			return true
		}
	}
	return false
}

// policy judges rights that handlers are given.
func (a *audit) policy(s *scope, n *node) {
	p, ok := n.lookup("accessPolicy")
	if !ok {
		return
	}
	r := rightsOf(p)
	switch {
	case r.write && (r.script || r.execute):
		a.add(s, n, "access-policy", finding.High, "accessPolicy is "+quoted(p)+": what is written can be run")
	case r.execute:
		a.add(s, n, "access-policy", finding.Medium, "accessPolicy is "+quoted(p)+": programs and DLLs can be run")
	case r.write:
		a.add(s, n, "access-policy", finding.Medium, "accessPolicy is "+quoted(p))
	}
}

// rights are those of accessPolicy.
type rights struct{ read, write, script, execute bool }

func rightsOf(policy string) rights {
	var r rights
	for w := range strings.SplitSeq(strings.ToLower(policy), ",") {
		switch strings.TrimSpace(w) {
		case "read":
			r.read = true
		case "write":
			r.write = true
		case "script":
			r.script = true
		case "execute":
			r.execute = true
		}
	}
	return r
}

// encrypted reports sections whose content is elsewhere or behind a key.
func (a *audit) encrypted(s *scope) {
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		for _, k := range n.kids {
			if p := k.attr("configProtectionProvider"); p != "" || strings.EqualFold(k.name, "EncryptedData") {
				if p != "" {
					a.add(s, k, "unreadable", finding.Info, fmt.Sprintf("%s is encrypted by %s", k.name, quoted(p)))
				}
				continue
			}
			if src := k.attr("configSource"); src != "" && k.from == "" {
				a.add(s, k, "unreadable", finding.Info, fmt.Sprintf("%s is in the file %s", k.name, quoted(src)))
			}
			if depth > 0 && k.name != "location" {
				walk(k, depth-1)
			}
		}
	}
	walk(s.node, 3)
}

// file judges what concerns a file as a whole.
func (a *audit) file(f *config) {
	s := f.scopes[0]
	for _, n := range f.root.all(codeComment) {
		a.add(s, n, "config-code", finding.Critical, "text of the file would run, were it served as a page")
	}
	if f.kind == redirection {
		for _, n := range f.root.all("configurationRedirection") {
			if n.is("enabled", "true") {
				sev := finding.Medium
				if w := placeOf(n.attr("path")); w == remote || w == openToUsers {
					sev = finding.High
				}
				a.add(s, n, "redirected", sev, "applicationHost.config is read from "+quoted(n.attr("path")))
				a.secret(s, n, "configurationRedirection")
			}
		}
	}
	if f.kind == administration {
		for _, n := range append(f.root.all("moduleProviders", "add"), f.root.all("system.webServer", "management", "authentication", "providers", "add")...) {
			if t := n.attr("type"); t != "" && !systemType(t) {
				a.add(s, n, "administration", finding.Medium, fmt.Sprintf("%s runs %s", quoted(n.attr("name")), quoted(t)))
			}
		}
	}
}
