package hunts

import (
	"fmt"
	"strings"

	"longwatch/internal/stix"
)

// quoted is a string of KQL and VQL: within double quotes, with what has a
// meaning there escaped, and all that is no printable ASCII by number.
func quoted(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range v {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r > 0x7e:
			_, _ = fmt.Fprintf(&b, `\u%04x`, min(r, 0xfffd))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// kusto is Microsoft's KQL (Azure Data Explorer, string operators): =~ and its
// kin leave case aside.
var kusto = &dialect{
	comment: "//",
	literal: quoted,
	is: func(field string, list []string) string {
		return fmt.Sprintf("%s in~ (%s)", field, strings.Join(list, ", "))
	},
	like: func(field string, op Op, v string) string {
		switch op {
		case EndsWith:
			return fmt.Sprintf("(%s =~ %s or %s endswith %s or %s endswith %s)", field, quoted(v), field, quoted(`\`+v), field, quoted("/"+v))
		case Below:
			return fmt.Sprintf("(%s =~ %s or %s endswith %s)", field, quoted(v), field, quoted("."+v))
		case Is, Contains, exactly:
		}
		return fmt.Sprintf("%s contains %s", field, quoted(v))
	},
	and: "\n    and ", or: " or ",
}

// kqlPlaces are tables of Defender XDR's advanced hunting schema, and of
// Sentinel where those have none.
var kqlPlaces = map[Source][]struct {
	table, time string
	fields      map[Field]string
	also        string
	show        string
}{
	Network: {
		{"DeviceNetworkEvents", "Timestamp", map[Field]string{Remote: "RemoteIP"}, "", "Timestamp, DeviceName, InitiatingProcessFileName, InitiatingProcessCommandLine, RemoteIP, RemotePort"},
		{"CommonSecurityLog", "TimeGenerated", map[Field]string{Remote: "DestinationIP"}, "", "TimeGenerated, DeviceVendor, SourceIP, DestinationIP, DestinationPort, DeviceAction"},
	},
	Inbound: {{"W3CIISLog", "TimeGenerated", map[Field]string{Remote: "cIP"}, "", "TimeGenerated, sComputerName, cIP, csMethod, csUriStem, scStatus"}},
	DNS: {
		{"DeviceNetworkEvents", "Timestamp", map[Field]string{Name: "RemoteUrl"}, "", "Timestamp, DeviceName, InitiatingProcessFileName, RemoteUrl, RemoteIP"},
		{"DnsEvents", "TimeGenerated", map[Field]string{Name: "Name"}, "", "TimeGenerated, Computer, ClientIP, Name, IPAddresses"},
	},
	Process: {{"DeviceProcessEvents", "Timestamp", map[Field]string{Command: "ProcessCommandLine", Hash: "SHA256"}, "", "Timestamp, DeviceName, AccountName, FileName, ProcessCommandLine, InitiatingProcessCommandLine"}},
	Files:   {{"DeviceFileEvents", "Timestamp", map[Field]string{Path: "FileName"}, "", "Timestamp, DeviceName, ActionType, FolderPath, FileName, SHA256, InitiatingProcessCommandLine"}},
	Logon:   {{"DeviceLogonEvents", "Timestamp", map[Field]string{Account: "AccountName", From: "RemoteIP"}, `ActionType == "LogonSuccess"`, "Timestamp, DeviceName, AccountName, RemoteIP, LogonType"}},
}

// writeKQL writes queries of Microsoft's KQL.
func writeKQL(list []Hunt) string {
	var b strings.Builder
	for i := range list {
		for _, p := range kqlPlaces[list[i].Source] {
			for _, h := range byDigest(&list[i]) {
				d := *kusto
				d.fields = p.fields
				if h.digest != "" {
					d.fields = map[Field]string{Hash: map[string]string{"MD5": "MD5", "SHA-1": "SHA1", "SHA-256": "SHA256"}[h.digest]}
				}
				cond, ok := d.condition(&h.Hunt)
				if !ok {
					continue
				}
				b.WriteString(d.head(&h.Hunt))
				_, _ = fmt.Fprintf(&b, "%s\n| where %s > ago(30d)\n", p.table, p.time)
				if p.also != "" {
					_, _ = fmt.Fprintf(&b, "| where %s\n", p.also)
				}
				_, _ = fmt.Fprintf(&b, "| where %s\n| project %s\n\n", cond, p.show)
			}
		}
	}
	return b.String()
}

// digested is a hunt for digests of one kind; digest is empty for other hunts.
type digested struct {
	Hunt
	digest string // MD5, SHA-1 or SHA-256
}

// byDigest parts a hunt for digests: languages have a field for each kind.
func byDigest(h *Hunt) (out []digested) {
	if len(h.All) != 1 || h.All[0].Field != Hash {
		return []digested{{Hunt: *h}}
	}
	for _, kind := range []string{"MD5", "SHA-1", "SHA-256"} {
		x := *h
		c := h.All[0]
		c.Any = nil
		for _, v := range h.All[0].Any {
			if stix.HashName(v) == kind {
				c.Any = append(c.Any, v)
			}
		}
		if x.All = []Clause{c}; len(c.Any) > 0 {
			out = append(out, digested{x, kind})
		}
	}
	return out
}
