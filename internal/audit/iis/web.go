package iis

import (
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/finding"
)

// web judges system.web.
func (a *audit) web(s *scope) {
	for _, n := range s.node.all("system.web", "machineKey") {
		a.machineKey(s, n)
	}
	for _, n := range s.node.all("system.web", "pages") {
		if n.is("enableViewStateMac", "false") {
			a.inherit(s, n, "viewstate-mac", finding.Critical, "enableViewStateMac", "enableViewStateMac is false: who sends a request chooses what is deserialised", "system.web", "pages")
		}
		if n.is("viewStateEncryptionMode", "Never") {
			a.inherit(s, n, "viewstate-plain", finding.Low, "viewStateEncryptionMode", "viewStateEncryptionMode is Never", "system.web", "pages")
		}
		if n.is("enableEventValidation", "false") {
			a.inherit(s, n, "viewstate-plain", finding.Low, "enableEventValidation", "enableEventValidation is false", "system.web", "pages")
		}
		if n.is("validateRequest", "false") {
			a.inherit(s, n, "request-validation", finding.Medium, "validateRequest", "validateRequest is false", "system.web", "pages")
		}
	}
	for _, n := range s.node.all("system.web", "httpRuntime") {
		if v, ok := n.lookup("requestValidationMode"); ok && before(v, 4, 0, 0) {
			a.add(s, n, "request-validation", finding.Low, "requestValidationMode is "+quoted(v)+": only pages are validated, not handlers, and pages may turn it off")
		}
		a.target(s, n, "httpRuntime")
	}
	for _, n := range s.node.all("system.web", "compilation") {
		a.compilation(s, n)
	}
	for _, n := range s.node.all("system.web", "customErrors") {
		if n.is("mode", "Off") {
			a.retail(s, n, "errors-shown", finding.Medium, "mode", "customErrors is Off: stack traces, paths and versions go to every visitor", "system.web", "customErrors")
		}
	}
	for _, n := range s.node.all("system.web", "trace") {
		if n.is("enabled", "true") {
			sev, who := finding.Low, "from the server itself"
			if n.is("localOnly", "false") {
				sev, who = finding.High, "from anywhere"
			}
			a.retail(s, n, "trace", sev, "enabled", "trace.axd shows requests with cookies and form fields "+who, "system.web", "trace")
		}
	}
	for _, n := range s.node.all("system.web", "trust") {
		if v := n.attr("level"); v != "" && (!strings.EqualFold(v, "Full") || s.file.kind == webConfig) {
			a.add(s, n, "trust", finding.Info, "trust level is "+quoted(v))
		}
	}
	for _, n := range s.node.all("system.web", "identity") {
		if n.is("impersonate", "true") {
			why := "requests run with the rights of the visitor, whose token the worker then holds"
			if u := n.attr("userName"); u != "" {
				why = "requests run as " + quoted(u)
			}
			a.add(s, n, "impersonation", finding.Medium, why)
		}
		a.secret(s, n, "identity")
	}
	for _, n := range s.node.all("system.web", "processModel") {
		if n.is("userName", "SYSTEM") {
			a.add(s, n, "pool-identity", finding.High, "processModel runs ASP.NET as SYSTEM")
		}
		a.secret(s, n, "processModel")
	}
	a.connections(s)
}

// inherit reports a setting with what the configuration below makes of it.
func (a *audit) inherit(s *scope, n *node, check string, sev finding.Severity, name, why string, path ...string) {
	back := 0
	first := ""
	bad := n.attr(name)
	for _, f := range a.files {
		if !a.work(len(f.scopes)) {
			break
		}
		for _, in := range f.scopes {
			if in == s || in.dirs == "" || in.file.kind != webConfig || !s.covers(in.dirs) {
				continue
			}
			for _, x := range in.node.all(path...) {
				if v, ok := x.lookup(name); ok && !strings.EqualFold(v, bad) {
					if back++; first == "" {
						first = fmt.Sprintf("%s line %d", in.file.path, x.line)
					}
				}
			}
		}
	}
	if back > 0 {
		why += fmt.Sprintf("; set otherwise in %s below, as in %s", several(back, "place"), first)
	}
	a.add(s, n, check, sev, why)
}

// retail is inherit for what deployment retail in machine.config overrules.
func (a *audit) retail(s *scope, n *node, check string, sev finding.Severity, name, why string, path ...string) {
	for _, f := range a.files {
		if !a.work(1) {
			break
		}
		if f.kind != machineConfig || !within(s.file.dir, f.host) {
			continue
		}
		for _, d := range f.root.all("system.web", "deployment") {
			if d.is("retail", "true") {
				sev = finding.Info
				why += fmt.Sprintf("; deployment retail overrules it (%s line %d)", f.path, d.line)
			}
		}
	}
	a.inherit(s, n, check, sev, name, why, path...)
}

func (a *audit) compilation(s *scope, n *node) {
	if n.is("debug", "true") {
		a.retail(s, n, "debug", finding.Medium, "debug", "compilation debug is true: no request times out, and errors show source", "system.web", "compilation")
	}
	a.target(s, n, "compilation")
	if t := n.attr("tempDirectory"); t != "" {
		a.add(s, n, "temporary-files", finding.Low, "tempDirectory is "+quoted(t))
	}
	for _, p := range n.all("buildProviders", "add") {
		ext := strings.ToLower(p.attr("extension"))
		t := p.attr("type")
		switch {
		case s.file.kind == machineConfig || s.file.kind == rootWebConfig && systemType(t):
		case ext == ".config" || media[ext] || documents[ext] || static[ext]:
			a.add(s, p, "build-provider", finding.Critical, fmt.Sprintf("files that end in %s are compiled by %s", quoted(ext), quoted(t)))
		case !systemType(t):
			a.add(s, p, "build-provider", finding.Low, fmt.Sprintf("files that end in %s are compiled by %s", quoted(ext), quoted(t)))
		}
	}
}

// target reports versions of the framework that get no updates: all before
// 4.6.2 (https://learn.microsoft.com/lifecycle/products/microsoft-net-framework).
func (a *audit) target(s *scope, n *node, section string) {
	v := n.attr("targetFramework")
	if v == "" || !before(v, 4, 6, 2) {
		return
	}
	sev := finding.Low
	if before(v, 4, 5, 0) {
		sev = finding.Medium
	}
	why := fmt.Sprintf("%s targets .NET Framework %s", section, quoted(v))
	if before(v, 4, 5, 0) {
		why += ": keys and ViewState are protected the old way, as before 4.5"
	} else {
		why += ", which gets no updates; it runs as such on newer ones"
	}
	a.add(s, n, "net-outdated", sev, why)
}

// before compares a version such as v4.0 or 4.6.1.
func before(v string, want ...int) bool {
	parts := strings.Split(strings.TrimLeft(v, "vV"), ".")
	for i, w := range want {
		have := 0
		if i < len(parts) {
			n, err := strconv.Atoi(parts[i])
			if err != nil {
				return false
			}
			have = n
		}
		if have != w {
			return have < w
		}
	}
	return false
}

// secret reports a password beside a user's name; the password is not shown.
func (a *audit) secret(s *scope, n *node, what string) {
	p := n.attr("password")
	low := strings.ToLower(p)
	if p == "" || low == "autogenerate" || strings.HasPrefix(low, "[enc:") || strings.HasPrefix(low, "registry:") {
		return
	}
	a.add(s, n, "clear-secret", finding.High, fmt.Sprintf("the password of %s in %s is in clear", quoted(n.attr("userName")), what))
}

// connections reports passwords of databases.
func (a *audit) connections(s *scope) {
	for _, n := range s.node.all("connectionStrings", "add") {
		for part := range strings.SplitSeq(n.attr("connectionString"), ";") {
			k, v, _ := strings.Cut(part, "=")
			k = strings.ToLower(strings.TrimSpace(k))
			if (k == "password" || k == "pwd") && strings.TrimSpace(v) != "" {
				a.add(s, n, "clear-secret", finding.Medium, "connection string "+quoted(n.attr("name"))+" holds a password in clear")
				break
			}
		}
	}
}
