package incident

import (
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/winpath"
)

// view is a finding as correlation sees it: who acted, who was acted on, and
// which values it can share with other findings.
type view struct {
	f        *finding.Finding
	span     record.Span      // of f, after the clock of its source was corrected
	kind     finding.EdgeKind // what was done
	rest     bool             // about a file as it was found, not about an event
	system   bool             // all its programs and files are the system's own
	subjects []node           // who it is about: own hosts, or addresses when no host is known
	peers    []node           // who was at the other end
	actors   []node           // who acted, own or not
	things   []node           // domains, files, hashes, mail addresses, users
}

// node is an entity under the name that correlation uses.
type node struct {
	kind  string // host, address, domain, file, hash, email, account, session
	value string
}

// roles in which a host or address is at the other end of what a finding says.
var peerRoles = []string{"responder", "target"}

// see sorts the entities of f into a view.
func (c *builder) see(f *finding.Finding) *view {
	v := &view{f: f, span: record.Span{Start: f.Start, End: f.End}, kind: relationOf(f), rest: atRest(f), system: aboutSystem(f)}
	if d := c.shift(f); d != 0 && !v.rest && f.Start != 0 {
		v.span = record.Span{Start: f.Start.Add(d), End: f.End.Add(d)}
	}
	var actors, recorders []node
	for _, e := range f.Entities {
		n, ok := c.canonical(e, f.Start)
		if !ok {
			continue
		}
		switch n.kind {
		case "host", "address":
			switch {
			case slices.Contains(peerRoles, e.Role):
				v.peers = add(v.peers, n)
			case e.Role == "originator":
				actors = add(actors, n)
			default:
				recorders = add(recorders, n)
			}
		default:
			v.things = add(v.things, n)
		}
		if name := c.mailbox(e.Value); e.Kind == "email" && e.Role == "recipient" && name != "" {
			v.things = add(v.things, node{"account", name}) // mailbox and account are one person's
		}
	}
	v.assign(c, actors, recorders)
	for _, s := range c.opt.Witness.sessions(f.Refs) {
		v.things = add(v.things, s)
	}
	return v
}

// shift is what to add to the times of f so that all clocks agree.
func (c *builder) shift(f *finding.Finding) time.Duration {
	if c.opt.Clock == nil {
		return 0
	}
	if k := c.opt.Clock(f); k != nil {
		return -k.Offset
	}
	return 0
}

// aboutSystem tells whether all programs and files of a finding are the
// system's own: then so are its digests.
func aboutSystem(f *finding.Finding) bool {
	some := false
	for _, e := range f.Entities {
		if e.Kind != "process" && e.Kind != "file" {
			continue
		}
		p := winpath.Clean(e.Value)
		if !strings.Contains(p, `:\windows\`) && !strings.HasPrefix(p, `\usr\bin\`) && !strings.HasPrefix(p, `\usr\sbin\`) && !strings.HasPrefix(p, `\bin\`) {
			return false
		}
		some = true
	}
	return some
}

// assign decides who the finding is about. A finding is about the own hosts
// that acted; where nobody acted, or only an outsider did, it is about the
// host that was acted on or recorded it.
func (v *view) assign(c *builder, actors, recorders []node) {
	v.actors = actors
	own := slices.DeleteFunc(slices.Clone(actors), func(n node) bool { return !c.own(n) })
	switch {
	case len(own) > 0:
		v.subjects = own
		v.peers = addAll(v.peers, recorders)
	case len(recorders) > 0:
		v.subjects = recorders
	default:
		v.subjects = slices.DeleteFunc(slices.Clone(v.peers), func(n node) bool { return !c.own(n) })
		v.peers = slices.DeleteFunc(v.peers, c.own)
	}
	for _, n := range actors {
		if !slices.Contains(v.subjects, n) {
			v.peers = add(v.peers, n)
		}
	}
	v.peers = slices.DeleteFunc(v.peers, func(n node) bool { return slices.Contains(v.subjects, n) })
}

// canonical names an entity; entities that say nothing about identity (process
// paths, user agents, fingerprints shared by every copy of a program) are left out.
func (c *builder) canonical(e record.Entity, ts record.Time) (node, bool) {
	switch e.Kind {
	case "host":
		if ip, err := netip.ParseAddr(e.Value); err == nil {
			return c.addressNode(ip, ts)
		}
		name := HostName(e.Value)
		return node{"host", name}, name != ""
	case "address":
		ip, err := netip.ParseAddr(e.Value)
		if err != nil {
			return node{}, false
		}
		return c.addressNode(ip, ts)
	case "user":
		name := c.account(e.Value)
		return node{"account", name}, name != ""
	case "email":
		return node{"email", strings.ToLower(e.Value)}, e.Value != ""
	case "domain":
		d := strings.ToLower(strings.TrimSuffix(e.Value, "."))
		return node{"domain", d}, strings.Contains(d, ".")
	case "file", "url":
		name := scriptName(e.Value)
		return node{"file", name}, name != ""
	case "hash", "certificate":
		return node{"hash", strings.ToLower(e.Value)}, len(e.Value) >= 32
	}
	return node{}, false
}

func (c *builder) addressNode(ip netip.Addr, ts record.Time) (node, bool) {
	ip = ip.Unmap()
	if ip.IsLoopback() || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalMulticast() || ip.IsLinkLocalUnicast() {
		return node{}, false
	}
	if c.home(ip) {
		if name := c.aliases.Host(ip, ts); name != "" {
			return node{"host", name}, true
		}
	}
	return node{"address", ip.String()}, true
}

// own tells whether n is a host of the own networks.
func (c *builder) own(n node) bool {
	if n.kind == "host" {
		return true
	}
	ip, err := netip.ParseAddr(n.value)
	return err == nil && c.home(ip)
}

func (c *builder) home(ip netip.Addr) bool { return home(c.opt.HomeNet, ip) }

// nobody are accounts that exist on every host, or are what everybody calls
// their administrator: they never tell one intrusion from another.
var nobody = []string{
	"system", "local service", "network service", "anonymous logon", "anonymous", "administrator", "admin", "guest", "root", "daemon",
	"nobody", "www-data", "apache", "nginx", "iusr", "local system", "localsystem", "defaultapppool", "postmaster", "info", "office", "support", "webmaster", "-",
}

// account is the name of a user without domain or realm, or empty for machine
// and service accounts that exist everywhere.
func account(s string) string {
	s = strings.ToLower(s)
	if i := strings.LastIndexByte(s, '\\'); i >= 0 {
		if domain := s[:i]; domain == "nt authority" || domain == "iis apppool" || domain == "font driver host" || domain == "window manager" {
			return ""
		}
		s = s[i+1:]
	}
	s, _, _ = strings.Cut(s, "@")
	s, _, _ = strings.Cut(s, "/")
	if s == "" || strings.HasSuffix(s, "$") || slices.Contains(nobody, s) || strings.HasPrefix(s, "s-1-5-") {
		return ""
	}
	return s
}

// domainOf is the domain before an account's backslash, or empty.
func domainOf(s string) string {
	domain, _, ok := strings.Cut(strings.ToLower(s), `\`)
	if !ok {
		return ""
	}
	return domain
}

// domainsOf are the domains in which the findings know an account of a name.
func domainsOf(findings []finding.Finding) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for i := range findings {
		for _, e := range findings[i].Entities {
			name, domain := account(e.Value), domainOf(e.Value)
			if e.Kind != "user" || name == "" || domain == "" {
				continue
			}
			if out[name] == nil {
				out[name] = map[string]bool{}
			}
			out[name][domain] = true
		}
	}
	return out
}

// account is the name by which an account is the same one: without its domain
// where only one domain has such a name, with it where several do. Without a
// domain such a name then says nothing.
func (c *builder) account(s string) string {
	name := account(s)
	if len(c.domains[name]) <= 1 {
		return name
	}
	if domain := domainOf(s); domain != "" {
		return domain + `\` + name
	}
	return ""
}

// mailbox is the account that a mail address belongs to, by the conventions in
// which addresses are made of names: the same name, or first.last for one name
// and up to three letters of the other. Only accounts that findings name are
// taken, and only when one fits.
func (c *builder) mailbox(address string) string {
	local := account(address)
	first, last, dotted := strings.Cut(local, ".")
	if _, known := c.domains[local]; known || !dotted || first == "" || last == "" {
		return c.only(local)
	}
	found := ""
	var names []string
	for n := 1; n <= 3; n++ {
		names = append(names, first[:min(n, len(first))]+last, last+first[:min(n, len(first))], first+last[:min(n, len(last))], last[:min(n, len(last))]+first)
	}
	names = append(names, first+last, last+first, last)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if _, known := c.domains[name]; known {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	if found == "" {
		return local
	}
	return c.only(found)
}

// only is the account of a name if there is but one of it.
func (c *builder) only(name string) string {
	if len(c.domains[name]) != 1 {
		return c.account(name)
	}
	return name
}

// stock are pages that every site has.
var stock = []string{"default.aspx", "index.aspx", "index.php", "index.jsp", "global.asax", "login.aspx", "login.php", "home.aspx", "web.config", "error.aspx"}

var scriptExtensions = []string{".aspx", ".ashx", ".asmx", ".asp", ".cshtml", ".php", ".jsp", ".jspx", ".soap"}

// scriptName is the base name of a server-side page, by which its file on
// disk, its creation on the host and the requests to it are the same thing.
// Other files are only joined by their hashes.
func scriptName(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, `\`, "/"))
	s, _, _ = strings.Cut(s, "?")
	base := path.Base(s)
	if !slices.Contains(scriptExtensions, path.Ext(base)) || slices.Contains(stock, base) {
		return ""
	}
	return base
}

func add(list []node, n node) []node {
	if slices.Contains(list, n) {
		return list
	}
	return append(list, n)
}

func addAll(list, more []node) []node {
	for _, n := range more {
		list = add(list, n)
	}
	return list
}
