package iis

import (
	"strings"

	"longwatch/internal/winpath"
)

// nativeModules are the modules of Windows and of Microsoft's own additions,
// with the DLL each loads.
var nativeModules = map[string]string{ //nolint:gosec // names with "authentication" in them are no credentials
	"httploggingmodule": "loghttp.dll", "uricachemodule": "cachuri.dll", "filecachemodule": "cachfile.dll", "tokencachemodule": "cachtokn.dll",
	"httpcachemodule": "cachhttp.dll", "dynamiccompressionmodule": "compdyn.dll", "staticcompressionmodule": "compstat.dll",
	"defaultdocumentmodule": "defdoc.dll", "directorylistingmodule": "dirlist.dll", "protocolsupportmodule": "protsup.dll",
	"httpredirectionmodule": "redirect.dll", "serversideincludemodule": "iis_ssi.dll", "staticfilemodule": "static.dll",
	"anonymousauthenticationmodule": "authanon.dll", "certificatemappingauthenticationmodule": "authcert.dll", "urlauthorizationmodule": "urlauthz.dll",
	"basicauthenticationmodule": "authbas.dll", "windowsauthenticationmodule": "authsspi.dll", "digestauthenticationmodule": "authmd5.dll",
	"iiscertificatemappingauthenticationmodule": "authmap.dll", "iprestrictionmodule": "iprestr.dll", "dynamiciprestrictionmodule": "diprestr.dll",
	"requestfilteringmodule": "modrqflt.dll", "customloggingmodule": "logcust.dll", "customerrormodule": "custerr.dll", "tracingmodule": "iisetw.dll",
	"failedrequeststracingmodule": "iisfreb.dll", "requestmonitormodule": "iisreqs.dll", "isapimodule": "isapi.dll", "isapifiltermodule": "filter.dll",
	"cgimodule": "cgi.dll", "fastcgimodule": "iisfcgi.dll", "configurationvalidationmodule": "validcfg.dll", "managedengine": "webengine.dll",
	"managedengine64": "webengine.dll", "managedenginev4.0_32bit": "webengine4.dll", "managedenginev4.0_64bit": "webengine4.dll",
	"applicationinitializationmodule": "warmup.dll", "websocketmodule": "iiswsock.dll", "webdavmodule": "webdav.dll", "rewritemodule": "rewrite.dll",
	"applicationrequestrouting": "requestrouter.dll", "aspnetcoremodule": "aspnetcore.dll", "aspnetcoremodulev2": "aspnetcorev2.dll",
	"corsmodule": "iiscors.dll", "httpplatformhandler": "httpplatformhandler.dll", "wsman": "wsmsvc.dll", "webmatrixsupportmodule": "webmatrixsup.dll", "bitsupload": "bitssrv.dll",
}

// systemFolders hold the DLLs of nativeModules.
var systemFolders = []string{
	`c:\windows\system32\inetsrv`, `c:\windows\syswow64\inetsrv`, `c:\windows\system32`, `c:\windows\microsoft.net\framework`, `c:\windows\microsoft.net\framework64`,
	`c:\program files\iis`, `c:\program files (x86)\iis`,
}

// productFolders hold the modules of products that come with their own.
var productFolders = []string{
	`c:\program files\microsoft`, `c:\program files (x86)\microsoft`, `c:\program files\common files\microsoft shared`,
	`c:\program files\iisnode`, `c:\program files`, `c:\program files (x86)`,
}

// openFolders are where a worker or any user may write.
var openFolders = []string{
	`\temp\`, `\tmp\`, `\users\`, `\programdata\`, `\perflogs\`, `\recycler\`, `\$recycle.bin\`, `\inetpub\`, `\wwwroot\`, `\windows\tasks\`, `\windows\debug\`, `\appdata\`, `\documents and settings\`,
}

// place of a file in the tree of Windows.
type place uint8

const (
	elsewhere place = iota
	ofSystem
	ofProduct
	openToUsers
	remote
)

func placeOf(p string) place {
	p = expand(p)
	if len(p) > 2 && p[1] == ':' {
		p = "c" + p[1:]
	}
	if strings.HasPrefix(p, `\\`) {
		return remote
	}
	if !strings.Contains(p, `\`) || strings.Contains(p, `\..\`) {
		return elsewhere
	}
	for _, f := range systemFolders {
		if strings.HasPrefix(p, f+`\`) && !strings.Contains(p, `\temporary asp.net files\`) && (f != `c:\windows\system32` || winpath.Dir(p) == f) {
			return ofSystem
		}
	}
	for _, f := range openFolders {
		if strings.Contains(p, f) {
			return openToUsers
		}
	}
	for _, f := range productFolders {
		if strings.HasPrefix(p, f+`\`) || strings.HasPrefix(p, f+` `) {
			return ofProduct
		}
	}
	return elsewhere
}

func (p place) String() string {
	switch p {
	case ofSystem:
		return "a folder of Windows"
	case ofProduct:
		return "a folder of an installed product"
	case openToUsers:
		return "a folder where users or the worker may write"
	case remote:
		return "another machine"
	case elsewhere:
	}
	return "no folder of Windows or of a product"
}

// microsoftTokens are public key tokens of the .NET Framework and of products.
var microsoftTokens = set("b03f5f7f11d50a3a", "b77a5c561934e089", "31bf3856ad364e35", "71e9bce111e9429c", "null", "neutral", "89845dcd8080cc91")

// systemType tells whether a .NET type is one of the framework's or of
// Microsoft's own products, by name, assembly and public key token. A name alone
// proves nothing where an application may bring its own DLL: then the assembly
// must be one of the framework's.
func systemType(t string) bool {
	parts := strings.Split(t, ",")
	name := strings.ToLower(strings.TrimSpace(parts[0]))
	if !framework(name) {
		return false
	}
	if len(parts) == 1 {
		return true
	}
	if !framework(strings.ToLower(strings.TrimSpace(parts[1])) + ".") {
		return false
	}
	for _, p := range parts[2:] {
		k, v, _ := strings.Cut(strings.ToLower(strings.TrimSpace(p)), "=")
		if k == "publickeytoken" && !microsoftTokens[v] {
			return false
		}
	}
	return true
}

func framework(name string) bool {
	return strings.HasPrefix(name, "system.") || strings.HasPrefix(name, "microsoft.")
}

// static are types that are sent, not run.
var static = set(".htm", ".html", ".css", ".js", ".json", ".xml", ".log", ".ini", ".config", ".woff", ".woff2", ".ttf", ".map", ".bak", ".dat")

// engines are .NET types that compile and run the file requested.
func engine(t string) bool {
	t = strings.ToLower(t)
	for _, e := range []string{"pagehandlerfactory", "simplehandlerfactory", "webservicehandlerfactory", "webpagehttphandler", "scripthandlerfactory", "servicehttphandlerfactory"} {
		if strings.Contains(t, e) {
			return true
		}
	}
	return false
}

// refuses are .NET types that answer with an error or the file as it is.
func refuses(t string) bool {
	t = strings.ToLower(t)
	for _, e := range []string{"httpforbiddenhandler", "httpnotfoundhandler", "httpmethodnotallowedhandler", "staticfilehandler", "transferrequesthandler", "defaulthttphandler"} {
		if strings.Contains(t, e) {
			return true
		}
	}
	return false
}

// exploited are handlers of components with flaws that were used widely.
var exploited = map[string]string{
	"telerik.web.ui.webresource":   "Telerik UI (CVE-2019-18935, CVE-2017-11317)",
	"telerik.web.ui.dialoghandler": "Telerik UI (CVE-2017-9248)",
	"telerik.web.ui.handlers":      "Telerik UI",
	"elmah.errorlogpagefactory":    "ELMAH, which shows requests with cookies when it is not protected",
	"ckfinder.connector":           "CKFinder, a file manager that takes uploads",
	"crystaldecisions.web":         "Crystal Reports",
}

// shells are programs that run what they are told.
var shells = set("cmd.exe", "powershell.exe", "pwsh.exe", "cscript.exe", "wscript.exe", "mshta.exe", "rundll32.exe", "regsvr32.exe", "bash.exe", "msbuild.exe", "installutil.exe", "certutil.exe", "bitsadmin.exe")

// program is the first word of a command, in quotes or not.
func program(command string) string {
	c := strings.TrimSpace(command)
	if rest, ok := strings.CutPrefix(c, `"`); ok {
		c, _, _ = strings.Cut(rest, `"`)
	} else if i := strings.Index(strings.ToLower(c), ".exe"); i >= 0 {
		c = c[:i+4]
	} else if f := strings.Fields(c); len(f) > 0 {
		c = f[0]
	}
	b := winpath.Base(c)
	if !strings.Contains(b, ".") {
		b += ".exe"
	}
	return b
}
