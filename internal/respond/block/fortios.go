package block

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// writeFortiOS writes commands of FortiOS 7 (Fortinet, FortiOS CLI Reference).
// Policies have numbers: ours follow from the incident, above a million, where
// nobody numbers by hand.
func writeFortiOS(s *set) (apply, undo string) {
	w := &fortiWriter{s: s}
	w.base = 1_000_000 + hash(s.tag)%100_000*10_000
	w.policy = w.base
	w.line("# Longwatch: blocks of %s.", s.incident)
	w.addresses()
	w.policies()
	for _, id := range w.order {
		w.line("# move %d before the first policy: config firewall policy, move %d before FIRST, end", id, id)
	}
	return w.b.String(), w.undo()
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}

type fortiWriter struct {
	s      *set
	b      strings.Builder
	base   uint32 // number of the first policy
	policy uint32 // of the next
	order  []uint32
	groups []fortiGroup
	made   [2][]string // names of objects: of IPv4 and names, of IPv6
	ports  []Service
}

type fortiGroup struct {
	name string
	six  bool
	of   []string
}

func (w *fortiWriter) line(format string, args ...any) {
	_, _ = fmt.Fprintf(&w.b, format+"\n", args...)
}

// object is the name of an address.
func (w *fortiWriter) object(e entry) string {
	if e.name != "" {
		return "lw-" + e.id
	}
	return cut(fmt.Sprintf("lw-%s-%s", e.id, dashed(e.addr)), 79)
}

// addresses makes the objects and their groups.
func (w *fortiWriter) addresses() {
	list := slices.Clone(w.s.entries)
	for _, f := range w.s.keep {
		list = append(list, entry{id: w.s.keeps(), scope: "kept", addr: f.Client}, entry{id: w.s.keeps(), scope: "kept", addr: f.Server})
	}
	for family, table := range []string{"address", "address6"} {
		open := false
		for _, e := range list {
			six := e.name == "" && !e.addr.Is4()
			if six != (family == 1) || e.name == "" && !e.addr.IsValid() {
				continue
			}
			if !open {
				w.line("config firewall %s", table)
				open = true
			}
			w.edit(family, e)
		}
		if open {
			w.line("end")
		}
	}
	for _, g := range []struct {
		name   string
		scopes []Scope
	}{{"out", []Scope{Address, Domain}}, {"iso", []Scope{Isolate}}} {
		w.group(g.name, g.scopes)
	}
	for _, e := range w.s.entries {
		for _, p := range e.ports {
			w.service(p)
		}
	}
	for _, f := range w.s.keep {
		w.service(f.Service)
	}
}

func (w *fortiWriter) edit(family int, e entry) {
	one := func(name string, lines ...string) {
		if slices.Contains(w.made[family], name) {
			return
		}
		w.made[family] = append(w.made[family], name)
		w.line("    edit \"%s\"", name)
		for _, l := range lines {
			w.line("        %s", l)
		}
		w.line("        set comment \"Longwatch %s %s, incident %s\"", e.scope, e.id, cut(w.s.incident, 120))
		w.line("    next")
	}
	switch {
	case e.name != "":
		one(w.object(e), "set type fqdn", fmt.Sprintf("set fqdn \"%s\"", e.name))
		one(w.object(e)+"-below", "set type fqdn", fmt.Sprintf("set fqdn \"*.%s\"", e.name))
	case family == 1:
		one(w.object(e), fmt.Sprintf("set ip6 %s/128", e.addr))
	default:
		one(w.object(e), fmt.Sprintf("set subnet %s 255.255.255.255", e.addr))
	}
}

func (w *fortiWriter) group(name string, scopes []Scope) {
	for _, six := range []bool{false, true} {
		g := fortiGroup{name: fmt.Sprintf("lw-%s-%s", cut(w.s.tag, 50), name), six: six}
		for _, e := range w.s.of(!six, scopes...) {
			g.of = append(g.of, w.object(e))
		}
		if !six && name == "out" {
			for _, e := range w.s.domains() {
				g.of = append(g.of, w.object(e), w.object(e)+"-below")
			}
		}
		if len(g.of) == 0 {
			continue
		}
		table := "addrgrp"
		if six {
			g.name += "6"
			table = "addrgrp6"
		}
		w.groups = append(w.groups, g)
		w.line("config firewall %s\n    edit \"%s\"\n        set member %s\n    next\nend", table, g.name, quoted(g.of))
	}
}

func quoted(list []string) string { return `"` + strings.Join(list, `" "`) + `"` }

func (w *fortiWriter) serviceName(p Service) string {
	return fmt.Sprintf("lw-%s-%s-%d", w.s.digest, p.Proto, p.Port)
}

func (w *fortiWriter) service(p Service) {
	if slices.Contains(w.ports, p) {
		return
	}
	w.ports = append(w.ports, p)
	w.line("config firewall service custom\n    edit \"%s\"\n        set %s-portrange %d\n    next\nend", w.serviceName(p), p.Proto, p.Port)
}

// policies come in the order in which they must stand: what stays first.
func (w *fortiWriter) policies() {
	w.line("config firewall policy")
	for _, f := range w.s.keep {
		w.one("accept", !f.Client.Is4(), w.object(entry{id: w.s.keeps(), addr: f.Client}), w.object(entry{id: w.s.keeps(), addr: f.Server}), w.serviceName(f.Service))
	}
	for _, g := range w.groups {
		w.one("deny", g.six, "", g.name, "ALL")
		if !strings.Contains(g.name, "-out") || !allNames(g.of, w.s) {
			w.one("deny", g.six, g.name, "", "ALL")
		}
	}
	for _, v4 := range []bool{true, false} {
		for _, e := range w.s.of(v4, Port) {
			for _, p := range e.ports {
				w.one("deny", !v4, "", w.object(e), w.serviceName(p))
			}
		}
	}
	w.line("end")
}

// allNames tells whether a group holds names only: those cannot be sources.
func allNames(of []string, s *set) bool { return len(of) == 2*len(s.domains()) }

func (w *fortiWriter) one(action string, six bool, src, dst, service string) {
	id := w.policy
	w.policy++
	w.order = append(w.order, id)
	side := func(name string) string {
		if name == "" {
			return "all"
		}
		return name
	}
	v := ""
	if six {
		v = "6"
	}
	w.line("    edit %d", id)
	w.line("        set name \"lw-%s-%d\"", cut(w.s.tag, 26), id-w.base)
	w.line("        set srcintf \"any\"\n        set dstintf \"any\"")
	w.line("        set srcaddr%s \"%s\"\n        set dstaddr%s \"%s\"", v, side(src), v, side(dst))
	w.line("        set action %s\n        set schedule \"always\"\n        set service \"%s\"\n        set logtraffic all", action, service)
	w.line("        set comments \"Longwatch incident %s\"", cut(w.s.incident, 200))
	w.line("    next")
}

func (w *fortiWriter) undo() string {
	var u strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&u, format+"\n", args...) }
	line("# Longwatch: takes the blocks of %s away.", w.s.incident)
	section := func(table string, names []string) {
		if len(names) == 0 {
			return
		}
		line("config %s", table)
		for _, n := range names {
			line("    delete %s", n)
		}
		line("end")
	}
	var policies, groups, groups6, services []string
	for _, id := range w.order {
		policies = append(policies, fmt.Sprint(id))
	}
	for _, g := range w.groups {
		if g.six {
			groups6 = append(groups6, `"`+g.name+`"`)
		} else {
			groups = append(groups, `"`+g.name+`"`)
		}
	}
	for _, p := range w.ports {
		services = append(services, `"`+w.serviceName(p)+`"`)
	}
	section("firewall policy", policies)
	section("firewall addrgrp", groups)
	section("firewall addrgrp6", groups6)
	section("firewall address", wrap(w.made[0]))
	section("firewall address6", wrap(w.made[1]))
	section("firewall service custom", services)
	return u.String()
}

func wrap(list []string) (out []string) {
	for _, s := range list {
		out = append(out, `"`+s+`"`)
	}
	return out
}
