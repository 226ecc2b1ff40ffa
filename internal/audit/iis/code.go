package iis

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/winpath"
)

// code judges what is loaded into the worker: modules, handlers, filters.
func (a *audit) code(s *scope) {
	native := s.file.native
	for _, n := range s.node.all("system.webServer", "globalModules", "add") {
		a.native(s, n)
	}
	for _, path := range [][]string{{"system.webServer", "modules", "add"}, {"system.web", "httpModules", "add"}} {
		for _, n := range s.node.all(path...) {
			a.module(s, n, native)
		}
	}
	for _, path := range [][]string{{"system.webServer", "handlers", "add"}, {"system.web", "httpHandlers", "add"}} {
		for _, n := range s.node.all(path...) {
			a.handler(s, n)
		}
	}
	for _, n := range s.node.all("system.webServer", "isapiFilters", "filter") {
		a.filter(s, n)
	}
	for _, n := range s.node.all("system.webServer", "security", "isapiCgiRestriction") {
		for _, name := range []string{"notListedIsapisAllowed", "notListedCgisAllowed"} {
			if n.is(name, "true") {
				a.add(s, n, "cgi-unlisted", finding.High, name+" is true")
			}
		}
		for _, x := range n.all("add") {
			p := x.attr("path")
			if x.is("allowed", "true") && placeOf(p) != ofSystem {
				a.add(s, x, "handler-cgi", placed(p, finding.Low, finding.Medium), fmt.Sprintf("%s may run as CGI or ISAPI, from %s", quoted(p), placeOf(p)))
			}
		}
	}
	for _, n := range s.node.all("system.webServer", "fastCgi", "application") {
		p := n.attr("fullPath")
		a.process(s, n, p+" "+n.attr("arguments"))
		a.add(s, n, "handler-cgi", placed(p, finding.Low, finding.Medium), fmt.Sprintf("FastCGI starts %s, from %s", quoted(p), placeOf(p)))
	}
	for _, path := range [][]string{{"system.webServer", "aspNetCore"}, {"system.webServer", "httpPlatform"}} {
		for _, n := range s.node.all(path...) {
			a.process(s, n, n.attr("processPath")+" "+n.attr("arguments"))
			a.environment(s, append(n.all("environmentVariables", "environmentVariable"), n.all("environmentVariables", "add")...))
		}
	}
}

// placed is how bad a file at p is: as given for products and other folders,
// worse where users may write.
func placed(p string, product, other finding.Severity) finding.Severity {
	switch placeOf(p) {
	case ofSystem, ofProduct:
		return product
	case openToUsers, remote:
		return finding.High
	case elsewhere:
	}
	return other
}

// native judges a DLL that is loaded into every worker.
func (a *audit) native(s *scope, n *node) {
	name, image := n.attr("name"), n.attr("image")
	where := placeOf(image)
	want, known := nativeModules[strings.ToLower(name)]
	switch {
	case known && winpath.Base(expand(image)) == want && where == ofSystem:
		return
	case known:
		a.add(s, n, "native-masquerade", finding.Critical, fmt.Sprintf("module %s loads %s and not %s of Windows", quoted(name), quoted(image), want))
		return
	}
	sev := finding.High // a DLL nobody knows among those of IIS is how backdoors hide
	switch where {
	case ofProduct:
		sev = finding.Low
	case openToUsers, remote:
		sev = finding.Critical
	case ofSystem, elsewhere:
	}
	a.add(s, n, "native-module", sev, fmt.Sprintf("module %s loads %s, from %s, into every worker", quoted(name), quoted(image), where))
}

func (a *audit) module(s *scope, n *node, native map[string]bool) {
	name, t := n.attr("name"), n.attr("type")
	low := strings.ToLower(name)
	switch {
	case t == "" && (native[low] || nativeModules[low] != ""):
		return
	case t == "" && (len(native) > 0 || s.file.kind == applicationHost):
		a.add(s, n, "native-module", finding.Low, fmt.Sprintf("module %s is enabled and not among the global modules of the file", quoted(name)))
		return
	case t == "":
		a.add(s, n, "native-module", finding.Low, fmt.Sprintf("module %s, which is none of the defaults, is enabled", quoted(name)))
		return
	case systemType(t):
		return
	}
	sev := finding.Low // applications bring their own
	if s.file.kind != webConfig {
		sev = finding.High // nobody's application: all of them
	}
	a.add(s, n, "managed-module", sev, fmt.Sprintf("module %s runs %s in every request%s", quoted(name), quoted(t), a.assembly(s, t)))
}

// assembly says whether the DLL of a type lies in the bin folder beside s.
func (a *audit) assembly(s *scope, t string) string {
	parts := strings.Split(t, ",")
	if len(parts) < 2 || s.file.kind != webConfig {
		return ""
	}
	bin := a.folders[strings.TrimPrefix(s.file.dir+"/bin", "/")]
	if bin == nil {
		return ""
	}
	dll := strings.ToLower(strings.TrimSpace(parts[1])) + ".dll"
	if slices.Contains(bin.dlls, dll) {
		return "; the evidence holds bin/" + dll
	}
	return fmt.Sprintf("; bin has no %s: it comes from the global assembly cache or App_Code", quoted(dll))
}

// handler judges what answers requests for a path.
func (a *audit) handler(s *scope, n *node) {
	path, t, proc := n.attr("path"), n.attr("type"), n.attr("scriptProcessor")
	modules := strings.ToLower(n.attr("modules"))
	var what string
	switch {
	case proc != "":
		what = proc
	case t != "":
		what = t
	default:
		what = n.attr("modules")
	}
	runsFile := engine(t) || proc != "" || strings.Contains(modules, "cgimodule")
	if !refuses(t) && (runsFile || t != "") {
		for p := range strings.SplitSeq(path, ",") {
			ext := winpath.Ext(p)
			if !media[ext] && !documents[ext] && !static[ext] {
				continue
			}
			switch {
			case runsFile:
				a.add(s, n, "handler-static", finding.Critical, fmt.Sprintf("requests for %s are run by %s", quoted(p), quoted(what)))
			case !systemType(t):
				a.add(s, n, "handler-static", finding.Medium, fmt.Sprintf("requests for %s are answered by %s", quoted(p), quoted(what)))
			}
			return
		}
	}
	switch {
	case proc != "":
		dll, args, _ := strings.Cut(proc, "|")
		a.process(s, n, dll+" "+args)
		if placeOf(dll) == ofSystem && set("aspnet_isapi.dll", "asp.dll", "webengine4.dll", "httpodbc.dll", "ssinc.dll")[winpath.Base(expand(dll))] {
			return
		}
		a.add(s, n, "handler-cgi", placed(dll, finding.Low, finding.Medium), fmt.Sprintf("requests for %s are run by %s, from %s", quoted(path), quoted(proc), placeOf(dll)))
	case t != "" && !systemType(t):
		for name, why := range exploited {
			if strings.HasPrefix(strings.ToLower(t), name) {
				a.add(s, n, "handler-known", finding.Medium, fmt.Sprintf("requests for %s are answered by %s: %s", quoted(path), quoted(t), why))
				return
			}
		}
		sev := finding.Low
		switch {
		case s.file.kind != webConfig:
			sev = finding.High
		case path == "*":
			sev = finding.Medium
		}
		a.add(s, n, "handler", sev, fmt.Sprintf("requests for %s are answered by %s%s", quoted(path), quoted(t), a.assembly(s, t)))
	case t == "":
		for m := range strings.SplitSeq(modules, ",") {
			m = strings.TrimSpace(m)
			if m != "" && m != "managedpipelinehandler" && nativeModules[m] == "" {
				a.add(s, n, "handler", finding.Low, fmt.Sprintf("requests for %s are answered by native module %s", quoted(path), quoted(m)))
				return
			}
		}
	}
}

func (a *audit) filter(s *scope, n *node) {
	p := n.attr("path")
	if placeOf(p) == ofSystem && winpath.Base(expand(p)) == "aspnet_filter.dll" {
		return
	}
	sev := finding.High
	if w := placeOf(p); w == ofProduct {
		sev = finding.Medium
	}
	a.add(s, n, "isapi-filter", sev, fmt.Sprintf("filter %s loads %s, from %s, and sees every request", quoted(n.attr("name")), quoted(p), placeOf(p)))
}

// process reports a shell as the program of the web server.
func (a *audit) process(s *scope, n *node, command string) {
	if p := program(command); shells[p] {
		a.add(s, n, "shell-process", finding.Critical, "it starts "+quoted(strings.TrimSpace(command)))
	}
}

// injecting are variables that load code into a .NET process.
var injecting = set("cor_profiler", "cor_profiler_path", "cor_profiler_path_32", "cor_profiler_path_64", "coreclr_profiler", "coreclr_profiler_path", "coreclr_profiler_path_32", "coreclr_profiler_path_64",
	"dotnet_startup_hooks", "aspnetcore_hostingstartupassemblies", "dotnet_additional_deps", "appdomain_manager_asm", "appdomain_manager_type", "complus_version")

func (a *audit) environment(s *scope, vars []*node) {
	for _, v := range vars {
		name, value := strings.ToLower(v.attr("name")), v.attr("value")
		switch {
		case injecting[name]:
			a.add(s, v, "pool-injection", finding.High, fmt.Sprintf("%s is %s; profilers of monitoring products do the same", v.attr("name"), quoted(value)))
		case (name == "aspnetcore_environment" || name == "dotnet_environment") && strings.EqualFold(value, "Development"):
			a.add(s, v, "debug", finding.Medium, v.attr("name")+" is Development: error pages show code")
		case name == "complus_etwenabled" && value == "0":
			a.add(s, v, "runtime", finding.High, "COMPlus_ETWEnabled is 0: the runtime tells nobody what it loads")
		}
	}
}

// runtime judges the settings of the CLR.
func (a *audit) runtime(s *scope) {
	for _, n := range s.node.all("runtime") {
		for _, k := range n.kids {
			switch strings.ToLower(k.name) {
			case "appdomainmanagertype", "appdomainmanagerassembly":
				a.add(s, k, "runtime", finding.Critical, fmt.Sprintf("%s is %s: its code runs first in every process that reads the file", k.name, quoted(k.attr("value"))))
			case "etwenable":
				if k.is("enabled", "false") {
					a.add(s, k, "runtime", finding.High, "etwEnable is false: the runtime tells nobody what it loads")
				}
			case "loadfromremotesources":
				if k.is("enabled", "true") {
					a.add(s, k, "runtime", finding.Low, "loadFromRemoteSources is true")
				}
			}
		}
		for _, c := range n.all("assemblyBinding", "dependentAssembly", "codeBase") {
			href := c.attr("href")
			low := strings.ToLower(href)
			if strings.HasPrefix(low, "http") || strings.HasPrefix(low, "ftp") || strings.HasPrefix(low, `\\`) || strings.HasPrefix(low, "file://") {
				a.add(s, c, "runtime", finding.High, "an assembly is loaded from "+quoted(href))
			}
		}
	}
}
