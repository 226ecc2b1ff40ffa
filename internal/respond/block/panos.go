package block

import (
	"fmt"
	"slices"
	"strings"
)

// writePANOS writes set commands of PAN-OS's configure mode (Palo Alto
// Networks, PAN-OS CLI Quick Start). It knows no comments: what a line is for
// stands in descriptions.
func writePANOS(s *set) (apply, undo string) {
	w := &panWriter{s: s, tag: cut(strings.ReplaceAll(s.tag, "_", "-"), 40)}
	w.groups()
	w.ports()
	w.names()
	w.keep()
	for _, m := range w.moves {
		w.line("%s", m)
	}
	return w.b.String(), strings.Join(slices.Concat(w.rules, w.used, w.objects), "\n") + "\n"
}

type panWriter struct {
	s       *set
	tag     string
	b       strings.Builder
	moves   []string // rules to the top, the last of these above the others
	rules   []string // the undo: rules first, then what they use, then what that uses
	used    []string
	objects []string
}

func (w *panWriter) line(format string, args ...any) { _, _ = fmt.Fprintf(&w.b, format+"\n", args...) }

// once notes how an object is taken away and tells whether it is new.
func (w *panWriter) once(undo string) bool {
	if slices.Contains(w.objects, undo) {
		return false
	}
	w.objects = append(w.objects, undo)
	return true
}

// object makes an address and returns its name.
func (w *panWriter) object(e entry) string {
	name := cut(fmt.Sprintf("lw-%s-%s", e.id, dashed(e.addr)), 63)
	if w.once("delete address " + name) {
		w.line("set address %s ip-netmask %s/%d", name, e.addr, e.addr.BitLen())
		w.line("set address %s description \"Longwatch %s %s\"", name, e.scope, e.id)
	}
	return name
}

// service makes a service and returns its name.
func (w *panWriter) service(p Service) string {
	name := fmt.Sprintf("lw-%s-%s-%d", w.s.digest, p.Proto, p.Port)
	if w.once("delete service " + name) {
		w.line("set service %s protocol %s port %d", name, p.Proto, p.Port)
	}
	return name
}

// rule makes a rule and has it moved to the top.
func (w *panWriter) rule(name, source, destination, service, rest, action string) {
	w.line("set rulebase security rules %s from any to any source %s destination %s application any service %s%s action %s", name, source, destination, service, rest, action)
	w.line("set rulebase security rules %s log-end yes", name)
	w.line("set rulebase security rules %s description \"Longwatch incident %s\"", name, w.s.incident)
	w.rules = append(w.rules, "delete rulebase security rules "+name)
	w.moves = append(w.moves, fmt.Sprintf("move rulebase security rules %s top", name))
}

// groups blocks addresses outside and isolated hosts, in both directions.
func (w *panWriter) groups() {
	for _, g := range []struct {
		name  string
		scope Scope
	}{{"out", Address}, {"iso", Isolate}} {
		var members []string
		for _, v4 := range []bool{true, false} {
			for _, e := range w.s.of(v4, g.scope) {
				members = append(members, w.object(e))
			}
		}
		if len(members) == 0 {
			continue
		}
		group := fmt.Sprintf("lw-%s-%s", w.tag, g.name)
		w.line("set address-group %s static [ %s ]", group, strings.Join(members, " "))
		w.used = append(w.used, "delete address-group "+group)
		w.rule(group+"-to", "any", group, "any", "", "deny")
		w.rule(group+"-from", group, "any", "any", "", "deny")
	}
}

func (w *panWriter) ports() {
	for _, v4 := range []bool{true, false} {
		for _, e := range w.s.of(v4, Port) {
			name := w.object(e)
			for _, p := range e.ports {
				w.rule(cut(fmt.Sprintf("%s-%s-%d", name, p.Proto, p.Port), 63), "any", name, w.service(p), "", "deny")
			}
		}
	}
}

// names blocks names, and what is below them, by a category of URLs.
func (w *panWriter) names() {
	names := w.s.domains()
	if len(names) == 0 {
		return
	}
	category := "lw-" + cut(w.tag, 24) + "-url"
	var list []string
	for _, e := range names {
		list = append(list, e.name+"/", "*."+e.name+"/")
	}
	w.line("set profiles custom-url-category %s type \"URL List\"", category)
	w.line("set profiles custom-url-category %s list [ %s ]", category, strings.Join(list, " "))
	w.used = append(w.used, "delete profiles custom-url-category "+category)
	w.rule("lw-"+w.tag+"-names", "any", "any", "any", " category "+category, "deny")
}

// keep lets conversations pass: last, so that they come to stand first.
func (w *panWriter) keep() {
	for i, f := range w.s.keep {
		client, server := w.object(entry{id: w.s.keeps(), scope: "kept", addr: f.Client}), w.object(entry{id: w.s.keeps(), scope: "kept", addr: f.Server})
		w.rule(fmt.Sprintf("lw-%s-keep-%d", w.tag, i+1), client, server, w.service(f.Service), "", "allow")
	}
}

func cut(s string, n int) string { return strings.TrimRight(s[:min(len(s), n)], "-_") }
