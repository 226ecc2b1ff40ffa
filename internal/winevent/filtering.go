package winevent

import (
	"net/netip"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// filtered reads what the Windows Filtering Platform let pass or stopped: 5156
// and 5157 connections, 5152 packets, 5154 and 5155 ports that are listened on,
// 5158 and 5159 ports that are used. Source is who opened it, in both
// directions; of ports, it is the machine's own side.
func filtered(e *event) record.Record {
	s := &host.Socket{Head: head(e, "", "")}
	if s.Image = get(e, "Application"); s.Image == "" {
		s.Image = get(e, "ApplicationName")
	}
	s.Initiated = get(e, "Direction") == "%%14593"
	source, sourcePort := address(get(e, "SourceAddress")), port(get(e, "SourcePort"))
	s.Proto = transport(get(e, "Protocol"))
	switch e.EventID {
	case 5154, 5155, 5158, 5159:
		if !source.IsUnspecified() {
			s.RespH = source
		}
		s.RespP = sourcePort
		s.Action = map[uint32]string{5154: "listening", 5155: "listening-refused", 5158: "bound", 5159: "bound-refused"}[e.EventID]
		return s
	case 5152, 5157:
		s.Action = "blocked"
	default:
		s.Action = "connected"
	}
	s.OrigH, s.OrigP = source, sourcePort
	s.RespH, s.RespP = address(get(e, "DestAddress")), port(get(e, "DestPort"))
	return s
}

// transport names an IP protocol number.
func transport(number string) string {
	switch number {
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "58":
		return "ipv6-icmp"
	}
	return number
}

// firewallActions is what the firewall's own events tell.
var firewallActions = map[uint32]string{
	2002: "settings-changed", 2003: "settings-changed", 2008: "settings-changed",
	2004: "rule-added", 2071: "rule-added", 2097: "rule-added",
	2005: "rule-changed", 2073: "rule-changed", 2099: "rule-changed",
	2006: "rule-deleted", 2052: "rule-deleted",
	2032: "reset",
	2033: "rules-deleted", 2059: "rules-deleted",
}

// firewall reads rules and settings of the Windows firewall. Its numbers are
// those of its log: protocols of IP, direction 1 in and 2 out, action 2 block and
// 3 allow.
func firewall(e *event) record.Record {
	action, ok := firewallActions[e.EventID]
	if !ok {
		return nil
	}
	f := &host.FirewallRule{
		Head: head(e, get(e, "ModifyingUser"), ""), Action: action,
		ID: get(e, "RuleId"), Name: get(e, "RuleName"), Program: get(e, "ApplicationPath"), Service: get(e, "ServiceName"),
		Direction: map[string]string{"1": "in", "2": "out"}[get(e, "Direction")], Proto: transport(get(e, "Protocol")),
		LocalPorts: get(e, "LocalPorts"), RemotePorts: get(e, "RemotePorts"), Verdict: map[string]string{"2": "block", "3": "allow"}[get(e, "Action")],
		Profiles: get(e, "Profiles"), Remote: get(e, "RemoteAddresses"), Image: get(e, "ModifyingApplication"),
	}
	if action == "settings-changed" {
		f.ID, f.Name = get(e, "SettingType"), get(e, "SettingValueDisplay")
		if f.Name == "" {
			f.Name = get(e, "SettingValueString")
		}
	}
	return f
}

// auditedRule reads what Security says about the firewall.
func auditedRule(e *event) record.Record {
	actions := map[uint32]string{4946: "rule-added", 4947: "rule-changed", 4948: "rule-deleted", 4949: "reset", 4950: "settings-changed"}
	f := &host.FirewallRule{Head: head(e, "", ""), Action: actions[e.EventID], ID: get(e, "RuleId"), Name: get(e, "RuleName"), Profiles: get(e, "ProfileChanged")}
	if e.EventID == 4950 {
		f.ID, f.Name = get(e, "SettingType"), get(e, "SettingValue")
	}
	return f
}

// lookUp reads finished look-ups of the client (3008). 3006, their beginning,
// says nothing that 3008 does not.
func lookUp(e *event) record.Record {
	if e.EventID != 3008 {
		return nil
	}
	return &host.DNSQuery{Head: head(e, e.UserSID, ""), Query: strings.TrimSuffix(get(e, "QueryName"), "."), Kind: get(e, "QueryType"), Status: get(e, "QueryStatus"), Answers: answers(get(e, "QueryResults"))}
}

// nameServer reads questions to the DNS server (256), its refusals (258), and
// settings that were changed (541). Its answers (257) repeat the questions.
func nameServer(e *event) record.Record {
	switch e.EventID {
	case 256, 258:
		q := &host.DNSQuery{Head: head(e, "", ""), Image: "dns.exe", Query: strings.TrimSuffix(get(e, "QNAME"), "."), Kind: get(e, "QTYPE"), Status: get(e, "RCODE")}
		if q.Source = address(get(e, "Source")); !q.Source.IsValid() {
			q.Source = address(get(e, "Destination"))
		}
		return q
	case 541:
		return &host.Setting{Head: head(e, e.UserSID, ""), Product: "DNS Server", Action: "changed", Name: get(e, "Setting"), After: get(e, "NewValue"), Image: "dns.exe"}
	case 150, 770, 771: // a plug-in library could not be loaded, was loaded, was not
		for _, f := range e.Fields {
			if strings.Contains(f.Value, `\`) {
				return &host.Module{Head: head(e, e.UserSID, ""), Image: "dns.exe", Path: f.Value}
			}
		}
	}
	return nil
}

// hostPort cuts an address off its port: 10.0.0.7:50412, [fe80::1]:50412, or the
// address alone.
func hostPort(s string) netip.Addr {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().Unmap().WithZone("")
	}
	return address(s)
}
