package block

import (
	"fmt"
	"strings"
)

// writePANOS writes set commands of PAN-OS's configure mode (Palo Alto
// Networks, PAN-OS CLI Quick Start). It knows no comments: what a line is for
// stands in descriptions.
func writePANOS(s *set) (apply, undo string) {
	var b, u strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	gone := func(format string, args ...any) { _, _ = fmt.Fprintf(&u, format+"\n", args...) }
	tag := cut(strings.ReplaceAll(s.tag, "_", "-"), 40)
	about := fmt.Sprintf("\"Longwatch incident %s\"", s.incident)
	var move, objects []string
	object := func(e entry) string {
		name := fmt.Sprintf("lw-%s-%s", e.id, dashed(e.addr))
		name = cut(name, 63)
		line("set address %s ip-netmask %s/%d", name, e.addr, e.addr.BitLen())
		line("set address %s description \"Longwatch %s %s\"", name, e.scope, e.id)
		objects = append(objects, "delete address "+name)
		return name
	}
	rule := func(name, rest, action string) {
		line("set rulebase security rules %s %s action %s", name, rest, action)
		line("set rulebase security rules %s log-end yes", name)
		line("set rulebase security rules %s description %s", name, about)
		gone("delete rulebase security rules %s", name)
		move = append(move, fmt.Sprintf("move rulebase security rules %s top", name))
	}
	const anywhere = "from any to any source %s destination %s application any service %s"
	for _, g := range []struct {
		name   string
		scopes []Scope
	}{{"out", []Scope{Address}}, {"iso", []Scope{Isolate}}} {
		var members []string
		for _, v4 := range []bool{true, false} {
			for _, e := range s.of(v4, g.scopes...) {
				members = append(members, object(e))
			}
		}
		if len(members) == 0 {
			continue
		}
		group := fmt.Sprintf("lw-%s-%s", tag, g.name)
		line("set address-group %s static [ %s ]", group, strings.Join(members, " "))
		objects = append([]string{"delete address-group " + group}, objects...)
		rule(group+"-to", fmt.Sprintf(anywhere, "any", group, "any"), "deny")
		rule(group+"-from", fmt.Sprintf(anywhere, group, "any", "any"), "deny")
	}
	service := func(p Service) string {
		name := fmt.Sprintf("lw-%s-%s-%d", s.digest, p.Proto, p.Port)
		if del := "delete service " + name; !strings.Contains("\n"+strings.Join(objects, "\n")+"\n", "\n"+del+"\n") {
			line("set service %s protocol %s port %d", name, p.Proto, p.Port)
			objects = append(objects, del)
		}
		return name
	}
	for _, v4 := range []bool{true, false} {
		for _, e := range s.of(v4, Port) {
			name := object(e)
			for _, p := range e.ports {
				rule(cut(fmt.Sprintf("%s-%s-%d", name, p.Proto, p.Port), 63), fmt.Sprintf(anywhere, "any", name, service(p)), "deny")
			}
		}
	}
	if names := s.domains(); len(names) > 0 {
		category := "lw-" + cut(tag, 24) + "-url"
		var list []string
		for _, e := range names {
			list = append(list, e.name+"/", "*."+e.name+"/")
		}
		line("set profiles custom-url-category %s type \"URL List\"", category)
		line("set profiles custom-url-category %s list [ %s ]", category, strings.Join(list, " "))
		objects = append(objects, "delete profiles custom-url-category "+category)
		rule("lw-"+tag+"-names", fmt.Sprintf(anywhere, "any", "any", "any")+" category "+category, "deny")
	}
	for i, f := range s.keep { // after the others, so that they come to stand before them
		c, v := object(entry{id: s.keeps(), scope: "kept", addr: f.Client}), object(entry{id: s.keeps(), scope: "kept", addr: f.Server})
		rule(fmt.Sprintf("lw-%s-keep-%d", tag, i+1), fmt.Sprintf(anywhere, c, v, service(f.Service)), "allow")
	}
	for _, m := range move {
		line("%s", m)
	}
	for _, o := range unique(objects) {
		gone("%s", o)
	}
	return b.String(), u.String()
}

func cut(s string, n int) string { return strings.TrimRight(s[:min(len(s), n)], "-_") }

// unique drops repeated lines, keeping the first.
func unique(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
