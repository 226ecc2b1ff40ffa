package share

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"longwatch/internal/casefolder"
	"longwatch/internal/record"
	"longwatch/internal/winpath"
)

// own knows what belongs to the organisation whose case it is, and so must not
// leave it: its networks, machines, accounts and domains.
type own struct {
	nets    []netip.Prefix
	domains []string // with everything below them
	words   map[string]bool
	hosts   map[string]bool // addresses that belong to a named machine of ours
}

// shortest is how many letters a name must have to be looked for inside of
// other words; shorter ones are looked for as words.
const shortest = 5

// notNames are accounts and machines whose names say nothing about anybody.
var notNames = []string{
	"system", "administrator", "admin", "root", "guest", "anonymous", "anonymous logon", "local service", "network service", "localhost", "workstation",
	"user", "test", "www-data", "nobody", "daemon", "server", "client", "host", "none", "null", "unknown", "everyone", "nt authority", "iis apppool", "windows", "workgroup", "builtin",
	"apache", "nginx", "tomcat", "mysql", "postgres", "service", "mail", "ftp", "http", "https", "www", "web", "dns", "com", "net", "org", "local", "lan", "corp", "internal", "defaultapppool",
}

func ownOf(c *casefolder.Case, domains []string) *own {
	o := &own{words: map[string]bool{}, hosts: map[string]bool{}, nets: c.OwnNets()}
	for _, d := range domains {
		o.domains = append(o.domains, strings.ToLower(strings.Trim(d, ".@")))
		o.name(d)
	}
	for _, h := range c.Hosts {
		o.machine(h.Name)
		for _, a := range h.Addresses {
			o.hosts[a] = true
		}
	}
	entity := func(e record.Entity) {
		switch e.Kind {
		case "host":
			o.machine(e.Value)
		case "user":
			o.account(e.Value)
		case "email":
			if e.Role == "recipient" {
				o.account(e.Value)
			}
		}
	}
	for _, f := range c.Findings {
		for _, e := range f.Entities {
			entity(e)
		}
	}
	for _, i := range c.Incidents {
		for _, e := range i.Entities {
			entity(e)
		}
		for _, e := range i.Edges {
			entity(e.From)
			entity(e.To)
		}
	}
	slices.Sort(o.domains)
	o.domains = slices.Compact(o.domains)
	return o
}

// machine learns the name of a machine, and the domain that it is in.
func (o *own) machine(name string) {
	name = strings.ToLower(strings.Trim(name, `.\ `))
	if _, err := netip.ParseAddr(name); err == nil {
		o.hosts[name] = true
		return
	}
	first, domain, ok := strings.Cut(name, ".")
	o.name(first)
	if ok && !publicSuffix(domain) {
		o.domains = append(o.domains, domain)
		o.name(domain)
	}
}

// account learns DOMAIN\user, user@domain and user.
func (o *own) account(name string) {
	name = strings.ToLower(name)
	if domain, user, ok := strings.Cut(name, `\`); ok {
		o.name(domain)
		name = user
	}
	user, domain, ok := strings.Cut(name, "@")
	o.name(strings.TrimSuffix(user, "$"))
	if ok && strings.Contains(domain, ".") && !publicSuffix(domain) {
		o.domains = append(o.domains, domain)
	}
}

func (o *own) name(s string) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) >= 2 && !slices.Contains(notNames, s) && !numeric(s) {
		o.words[s] = true
	}
}

func numeric(s string) bool { return strings.Trim(s, "0123456789.-_") == "" }

func publicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain && strings.Contains(domain, ".") || domain == ""
}

// address tells whether an address is ours, or one that anybody may use inside.
func (o *own) address(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() || a.IsInterfaceLocalMulticast() || o.hosts[a.String()] {
		return true
	}
	if a.Is4() {
		if b := a.As4(); b[0] == 100 && b[1]&0xc0 == 64 || b[0] >= 240 { // RFC 6598, reserved
			return true
		}
	}
	return slices.ContainsFunc(o.nets, func(p netip.Prefix) bool { return p.Contains(a) })
}

// domain tells whether a name is ours: one label, a domain of ours or below
// it, or a suffix that is only used inside.
func (o *own) domain(d string) bool {
	d = strings.ToLower(strings.Trim(d, "."))
	if !strings.Contains(d, ".") {
		return true
	}
	for _, inside := range []string{".local", ".lan", ".corp", ".internal", ".intranet", ".home", ".localdomain", ".home.arpa", ".in-addr.arpa", ".ip6.arpa", ".invalid"} {
		if strings.HasSuffix(d, inside) {
			return true
		}
	}
	return slices.ContainsFunc(o.domains, func(own string) bool { return d == own || strings.HasSuffix(d, "."+own) })
}

// says returns the name of ours that a text holds, or "".
func (o *own) says(text string) string {
	text = strings.ToLower(text)
	words := strings.FieldsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80 })
	for _, w := range words {
		if o.words[w] {
			return w
		}
		if a, err := netip.ParseAddr(w); err == nil && o.address(a) {
			return w
		}
	}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" /\\?&=;,\"'<>()[]{}|", r) }) {
		if a, err := netip.ParseAddr(strings.Trim(w, ".:")); err == nil && o.address(a) {
			return w
		}
	}
	found := ""
	for w := range o.words {
		long := len(w) >= shortest || strings.ContainsAny(w, ".-_ ")
		if long && strings.Contains(text, w) && (found == "" || w < found) {
			found = w
		}
	}
	return found
}

// commonFiles are names that thousands of innocent files have.
var commonFiles = []string{
	"default.aspx", "index.aspx", "index.html", "upload.aspx", "upload.ashx", "upload.php", "upload.jsp", "handler.ashx", "service.asmx", "api.php", "ajax.php", "admin.php", "index.htm", "index.php", "index.jsp", "login.aspx", "login.php", "web.config", "global.asax", "error.aspx", "main.aspx", "home.aspx",
	"security.evtx", "system.evtx", "application.evtx", "ntds.dit", "sam", "security", "system", "readme.txt", "setup.exe", "install.exe", "update.exe", "config.xml",
}

// commonAgents are how browsers and libraries that everybody uses begin.
var commonAgents = []string{
	"mozilla/", "opera/", "python-requests/", "python-urllib/", "curl/", "wget/", "go-http-client/", "java/", "okhttp/", "libwww-perl/", "axios/", "node-fetch/", "apache-httpclient/", "microsoft ", "winhttp", "powershell/", "postmanruntime/", "dalvik/", "aiohttp/",
}

// runs are the endings of files that run, or that make a server run them. The
// name of any other file is that of a document of ours.
var runs = []string{
	".exe", ".dll", ".sys", ".scr", ".com", ".cpl", ".ocx", ".msi", ".bat", ".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".hta", ".lnk", ".jar", ".py", ".pl", ".sh", ".elf", ".so", ".ko", ".bin",
	".asp", ".aspx", ".ashx", ".asmx", ".asax", ".cshtml", ".php", ".phtml", ".jsp", ".jspx", ".cfm", ".cgi", ".war", ".service", ".timer",
}

// ordinary tells why a file name says nothing: the path is of the system's own
// programs, or the name is everybody's.
func ordinary(file string) string {
	p := winpath.Clean(file)
	if i := strings.IndexByte(p, ':'); i >= 0 {
		p = p[i+1:]
	}
	for _, dir := range []string{`\windows\system32\`, `\windows\syswow64\`, `\windows\winsxs\`, `\program files\`, `\program files (x86)\`, `\usr\bin\`, `\usr\sbin\`, `\bin\`, `\sbin\`, `\usr\lib\`, `\lib\`} {
		if strings.HasPrefix(p, dir) && strings.Count(strings.TrimPrefix(p, dir), `\`) <= 2 {
			return "it lies where the system's own programs lie"
		}
	}
	base := winpath.Base(p)
	switch {
	case path.Ext(base) != "" && !slices.Contains(runs, path.Ext(base)):
		return "it is no program: the name of a document may say something about us"
	case slices.Contains(commonFiles, base):
		return "innocent files have this name"
	case !strings.Contains(p, `\`) && (path.Ext(base) == ".exe" || path.Ext(base) == ""):
		return "a program's name without its place says too little"
	}
	return ""
}
