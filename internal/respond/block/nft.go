package block

import (
	"fmt"
	"strings"
)

// writeNFT writes a table of nftables (nft(8)) that other tables cannot
// overrule: it judges before them, and what it drops is gone.
func writeNFT(s *set) (apply, undo string) {
	var b strings.Builder
	table := "longwatch_" + s.tag
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	line("#!/usr/sbin/nft -f")
	line("# Longwatch: blocks of %s. Loading it again replaces it.", s.incident)
	line("table inet %s", table)
	line("delete table inet %s", table)
	line("table inet %s {", table)
	for _, f := range nftSets {
		list := s.of(f.v4, f.scopes...)
		if len(list) == 0 {
			continue
		}
		line("\tset %s {", f.name)
		line("\t\ttype %s", f.typ)
		b.WriteString("\t\telements = {\n")
		for i, e := range list {
			comma := ","
			if i == len(list)-1 {
				comma = ""
			}
			line("\t\t\t%s comment \"%s %s\"%s", e.addr, e.scope, e.id, comma)
		}
		b.WriteString("\t\t}\n\t}\n")
	}
	line("\tchain judge {")
	for _, k := range s.keep {
		fam := "ip"
		if !k.Client.Is4() {
			fam = "ip6"
		}
		line("\t\t%s saddr %s %s daddr %s %s dport %d accept comment \"kept\"", fam, k.Client, fam, k.Server, k.Proto, k.Port)
		line("\t\t%s saddr %s %s daddr %s %s sport %d accept comment \"kept, answers\"", fam, k.Server, fam, k.Client, k.Proto, k.Port)
	}
	for _, f := range nftSets {
		if len(s.of(f.v4, f.scopes...)) == 0 {
			continue
		}
		fam := "ip"
		if !f.v4 {
			fam = "ip6"
		}
		for _, way := range []string{"saddr", "daddr"} {
			line("\t\t%s %s @%s counter log prefix \"longwatch %.32s \" drop", fam, way, f.name, s.tag)
		}
	}
	for _, v4 := range []bool{true, false} {
		fam := "ip"
		if !v4 {
			fam = "ip6"
		}
		for _, e := range s.of(v4, Port) {
			for _, p := range e.ports {
				line("\t\t%s daddr %s %s dport %d counter log prefix \"longwatch %.32s \" drop comment \"%s %s\"", fam, e.addr, p.Proto, p.Port, s.tag, e.scope, e.id)
			}
		}
	}
	line("\t}")
	for _, hook := range []string{"input", "forward", "output"} {
		line("\tchain %s {\n\t\ttype filter hook %s priority -10; policy accept;\n\t\tjump judge\n\t}", hook, hook)
	}
	line("}")
	if !strings.Contains(b.String(), "drop") {
		return "", ""
	}
	return b.String(), fmt.Sprintf("#!/usr/sbin/nft -f\n# Longwatch: takes the blocks of %s away.\ntable inet %s\ndelete table inet %s\n", s.incident, table, table)
}

// nftSets are the sets of the table.
var nftSets = []struct {
	name, typ string
	v4        bool
	scopes    []Scope
}{
	{"outside4", "ipv4_addr", true, []Scope{Address}},
	{"outside6", "ipv6_addr", false, []Scope{Address}},
	{"isolated4", "ipv4_addr", true, []Scope{Isolate}},
	{"isolated6", "ipv6_addr", false, []Scope{Isolate}},
}
