package block

import (
	"fmt"
	"slices"
	"strings"
)

// writeIOS writes extended access lists of Cisco IOS and IOS XE (Security
// Configuration Guide: Access Control Lists).
func writeIOS(s *set) (apply, undo string) {
	var b, u strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	line("! Longwatch: blocks of %s.", s.incident)
	_, _ = fmt.Fprintf(&u, "! Longwatch: takes the blocks of %s away. Unbind the lists first: no ip access-group NAME in\n", s.incident)
	some := false
	for _, v4 := range []bool{true, false} {
		list := s.of(v4, Address, Port, Isolate)
		if len(list) == 0 {
			continue
		}
		some = true
		name, head, ip := "LW-"+cut(s.tag, 50), "ip access-list extended ", "ip"
		if !v4 {
			name, head, ip = "LW6-"+cut(s.tag, 50), "ipv6 access-list ", "ipv6"
		}
		line("%s%s", head, name)
		_, _ = fmt.Fprintf(&u, "no %s%s\n", head, name)
		for _, k := range s.keep {
			if k.Client.Is4() == v4 {
				line(" remark kept")
				line(" permit %s host %s host %s eq %d", k.Proto, k.Client, k.Server, k.Port)
				line(" permit %s host %s eq %d host %s", k.Proto, k.Server, k.Port, k.Client)
			}
		}
		for _, e := range list {
			line(" remark %s %s", e.scope, e.id)
			if e.scope == Port {
				for _, p := range e.ports {
					line(" deny %s any host %s eq %d log", p.Proto, e.addr, p.Port)
				}
				continue
			}
			line(" deny %s any host %s log", ip, e.addr)
			line(" deny %s host %s any log", ip, e.addr)
		}
		line(" remark all else as before: take this line out where a list of yours follows")
		line(" permit %s any any", ip)
	}
	if !some {
		return "", ""
	}
	return b.String(), u.String()
}

// writeASA writes object groups and lines of an access list of Cisco ASA (CLI
// Book 2: Firewall CLI Configuration Guide). FQDN objects resolve one name; what
// is below it is the DNS server's to refuse.
func writeASA(s *set) (apply, undo string) {
	var b strings.Builder
	var gone []string
	const acl = "global_access"
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	line("! Longwatch: blocks of %s.", s.incident)
	tag := cut(s.tag, 40)
	var rules []string
	group := func(name string, list []entry) {
		if len(list) == 0 {
			return
		}
		for _, e := range list {
			if e.name != "" {
				line("object network lw-%s\n fqdn %s\n description Longwatch %s %s", e.id, e.name, e.scope, e.id)
			}
		}
		line("object-group network lw-%s-%s", tag, name)
		line(" description Longwatch incident %s", cut(s.incident, 150))
		for _, e := range list {
			if e.name != "" {
				line(" network-object object lw-%s", e.id)
			} else {
				line(" network-object host %s", e.addr)
			}
		}
		gone = append(gone, fmt.Sprintf("no object-group network lw-%s-%s", tag, name))
		for _, e := range list {
			if e.name != "" {
				gone = append(gone, "no object network lw-"+e.id)
			}
		}
		rules = append(rules, fmt.Sprintf("extended deny ip any object-group lw-%s-%s log", tag, name))
		if name != "names" {
			rules = append(rules, fmt.Sprintf("extended deny ip object-group lw-%s-%s any log", tag, name))
		}
	}
	for _, k := range s.keep {
		rules = append(rules, fmt.Sprintf("extended permit %s host %s host %s eq %d log", k.Proto, k.Client, k.Server, k.Port))
	}
	both := func(scopes ...Scope) []entry { return slices.Concat(s.of(true, scopes...), s.of(false, scopes...)) }
	group("out", both(Address))
	group("iso", both(Isolate))
	group("names", s.domains())
	for _, e := range both(Port) {
		for _, p := range e.ports {
			rules = append(rules, fmt.Sprintf("extended deny %s any host %s eq %d log", p.Proto, e.addr, p.Port))
		}
	}
	for i, r := range rules {
		line("access-list %s line %d %s", acl, i+1, r)
	}
	line("! where no global list is bound yet, end it with permit ip any any and bind it: access-group %s global", acl)
	var u strings.Builder
	_, _ = fmt.Fprintf(&u, "! Longwatch: takes the blocks of %s away.\n", s.incident)
	for _, r := range rules {
		_, _ = fmt.Fprintf(&u, "no access-list %s %s\n", acl, r)
	}
	for _, g := range gone {
		_, _ = fmt.Fprintln(&u, g)
	}
	return b.String(), u.String()
}
