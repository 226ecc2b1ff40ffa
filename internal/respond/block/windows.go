package block

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// writeWindows writes PowerShell for the Windows firewall (New-NetFirewallRule)
// and for names (policies of a DNS server, else of its clients).
func writeWindows(s *set) (apply, undo string) {
	var b strings.Builder
	group := "Longwatch " + s.tag
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\r\n", args...) }
	line("#Requires -RunAsAdministrator")
	line("# Longwatch: blocks of %s. Running it again replaces them.", s.incident)
	line("$ErrorActionPreference = 'Stop'")
	line("Remove-NetFirewallRule -Group '%s' -ErrorAction SilentlyContinue", group)
	for _, e := range s.entries {
		switch e.scope {
		case Address:
			s.windowsRule(line, group, e, e.addr.String(), "", "")
		case Port:
			for _, p := range e.ports {
				line("New-NetFirewallRule -Name 'longwatch-%s-%s-%d' -DisplayName 'Longwatch: %s %s %d' -Group '%s' -Description 'incident %s' -Direction Outbound -Action Block -Profile Any -RemoteAddress '%s' -Protocol %s -RemotePort %d | Out-Null",
					e.id, p.Proto, p.Port, e.addr, p.Proto, p.Port, group, s.incident, e.addr, strings.ToUpper(p.Proto), p.Port)
			}
		case Isolate:
			line("if (Get-NetIPAddress -IPAddress '%s' -ErrorAction SilentlyContinue) {", e.addr)
			s.windowsRule(line, group, e, ranges(e.addr, s.keep), "\t", "-self")
			s.windowsOthers(line, group, e)
			line("}")
		case Domain:
		}
	}
	names := s.domains()
	s.windowsNames(line, names)
	var u strings.Builder
	_, _ = fmt.Fprintf(&u, "#Requires -RunAsAdministrator\r\n# Longwatch: takes the blocks of %s away.\r\nRemove-NetFirewallRule -Group '%s' -ErrorAction SilentlyContinue\r\n", s.incident, group)
	for _, e := range names {
		_, _ = fmt.Fprintf(&u, "if (Get-Command Remove-DnsServerQueryResolutionPolicy -ErrorAction SilentlyContinue) { Remove-DnsServerQueryResolutionPolicy -Name 'longwatch-%s' -Force -ErrorAction SilentlyContinue }\r\n", e.id)
		_, _ = fmt.Fprintf(&u, "Get-DnsClientNrptRule | Where-Object { $_.Comment -eq 'longwatch-%s' } | Remove-DnsClientNrptRule -Force\r\n", e.id)
	}
	return b.String(), u.String()
}

// windowsRule blocks an address, or ranges of addresses, in both directions.
func (s *set) windowsRule(line func(string, ...any), group string, e entry, remote, indent, suffix string) {
	for _, way := range []string{"Outbound", "Inbound"} {
		line("%sNew-NetFirewallRule -Name 'longwatch-%s-%s%s-%s' -DisplayName 'Longwatch: %s %s' -Group '%s' -Description 'incident %s' -Direction %s -Action Block -Profile Any -RemoteAddress '%s' | Out-Null",
			indent, e.id, dashed(e.addr), suffix, strings.ToLower(way[:len(way)-5]), e.scope, e.addr, group, s.incident, way, strings.ReplaceAll(remote, ",", "','"))
	}
}

// windowsOthers blocks an isolated host on other machines, but on those that it
// keeps conversations with: there its own firewall has to do.
func (s *set) windowsOthers(line func(string, ...any), group string, e entry) {
	peers := peersOf(e.addr, s.keep)
	if len(peers) == 0 {
		line("} else {")
		s.windowsRule(line, group, e, e.addr.String(), "\t", "")
		return
	}
	var list []string
	for _, p := range peers {
		list = append(list, "'"+p.String()+"'")
	}
	line("} elseif (Get-NetIPAddress -IPAddress %s -ErrorAction SilentlyContinue) {", strings.Join(list, ","))
	line("\tWrite-Output 'Longwatch: this machine keeps a conversation with %s: no rule is set here'", e.addr)
	line("} else {")
	s.windowsRule(line, group, e, e.addr.String(), "\t", "")
}

// peersOf are the hosts that a keeps conversations with.
func peersOf(a netip.Addr, keep []Flow) (out []netip.Addr) {
	for _, f := range keep {
		switch a {
		case f.Client:
			out = append(out, f.Server)
		case f.Server:
			out = append(out, f.Client)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// ranges are all addresses of a's family but those of the hosts that it keeps
// conversations with: a rule that blocks is stronger than one that allows, so
// that what stays must not be in it.
func ranges(a netip.Addr, keep []Flow) string {
	first, last := netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("255.255.255.255")
	if !a.Is4() {
		first, last = netip.MustParseAddr("::"), netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	}
	peers := peersOf(a, keep)
	if len(peers) == 0 {
		return "Any"
	}
	var out []string
	for _, p := range peers {
		if p.Compare(first) > 0 {
			out = append(out, first.String()+"-"+p.Prev().String())
		}
		first = p.Next()
	}
	if first.IsValid() && first.Compare(last) <= 0 {
		out = append(out, first.String()+"-"+last.String())
	}
	return strings.Join(out, ",")
}

// windowsNames makes a DNS server ignore questions for names, and other
// machines ask nobody for them.
func (s *set) windowsNames(line func(string, ...any), names []entry) {
	if len(names) == 0 {
		return
	}
	line("if (Get-Command Add-DnsServerQueryResolutionPolicy -ErrorAction SilentlyContinue) {")
	for _, e := range names {
		line("\tRemove-DnsServerQueryResolutionPolicy -Name 'longwatch-%s' -Force -ErrorAction SilentlyContinue", e.id)
		line("\tAdd-DnsServerQueryResolutionPolicy -Name 'longwatch-%s' -Action IGNORE -FQDN 'EQ,%s,*.%s'", e.id, e.name, e.name)
	}
	line("} else {")
	for _, e := range names {
		line("\tGet-DnsClientNrptRule | Where-Object { $_.Comment -eq 'longwatch-%s' } | Remove-DnsClientNrptRule -Force", e.id)
		line("\tAdd-DnsClientNrptRule -Namespace '%s','.%s' -NameServers '127.0.0.1' -Comment 'longwatch-%s'", e.name, e.name, e.id)
	}
	line("}")
}
