package main

import "strings"

// rank is one of the sixty detections that the dossiers rank.
type rank struct {
	ids     []string // as the dossiers have them; a small letter is a strict variant
	says    string
	needs   string
	without string // why nothing carries it; empty when something does
}

// all are the ids that carriers may name: the variant itself, in capitals, and
// the detection that it is a variant of.
func (r rank) all() []string {
	var out []string
	for _, id := range r.ids {
		out = append(out, strings.ToUpper(id))
		if base := strings.TrimRight(id, "abcdefghijklmnopqrstuvwxyz"); base != id {
			out = append(out, base)
		}
	}
	return out
}

// ranked are the sixty, the most telling first.
var ranked = []rank{
	{ids: []string{"TG-21"}, says: "signal 900 or 901 sent to a process", needs: "auditd"},
	{ids: []string{"OP-05", "OP-06"}, says: "look-up whose hexadecimal labels decode to a page's address", needs: "DNS: capture, resolver's log, Sysmon 22"},
	{ids: []string{"VT-10b"}, says: "directory database written out from a shadow copy", needs: "Application log"},
	{ids: []string{"VT-06"}, says: "shell whose output goes to a loopback share, as wmiexec's", needs: "Security 4688, Sysmon 1"},
	{ids: []string{"TG-07"}, says: "the Diaoyu loader by its structure", needs: "files"},
	{ids: []string{"TG-05"}, says: "archive with one program of its own name and pic1.png", needs: "mail, files of HTTP, files"},
	{ids: []string{"VT-27c"}, says: "published certificate of the relay botnets", needs: "TLS up to 1.2"},
	{ids: []string{"VT-28"}, says: "the campaign's pages, and certutil decoding into a web root", needs: "web root, Security 4688"},
	{ids: []string{"VT-09"}, says: "ntdsutil writes installation media", needs: "Security 4688, Sysmon 1"},
	{ids: []string{"TG-IOC"}, says: "published domains and hashes within their validity", needs: "DNS, TLS, files"},
	{ids: []string{"OP-IOC"}, says: "published domains", needs: "DNS"},
	{ids: []string{"OP-04"}, says: "a page and two handlers come into one folder within ten minutes", needs: "web root, Sysmon 11"},
	{ids: []string{"VT-11"}, says: "directory database lies with its registry hive", needs: "files, SMB"},
	{ids: []string{"OP-26"}, says: "Godzilla's reply frame", needs: "HTTP"},
	{ids: []string{"VT-29b"}, says: "several event logs cleared in a row, here or from afar", needs: "1102, 104, DCE/RPC"},
	{ids: []string{"VT-14"}, says: "memory of LSASS dumped through comsvcs.dll, or that library from elsewhere", needs: "Security 4688, Sysmon 7"},
	{ids: []string{"OP-17"}, says: "file encryption service asked over loopback", needs: "Sysmon 17 and 18, capture of loopback"},
	{ids: []string{"VT-05"}, says: "Versa Director's own ports reached; a picture that is none", needs: "flows, files"},
	{ids: []string{"TG-09"}, says: "program in a user's Videos or Links", needs: "Sysmon 1 and 11, files"},
	{ids: []string{"VT-26", "TG-14"}, says: "FRP's byte before TLS", needs: "capture"},
	{ids: []string{"TH-09"}, says: "service created, started and deleted from afar", needs: "DCE/RPC"},
	{ids: []string{"VT-23"}, says: "port proxy added", needs: "Security 4688, Sysmon 13, registry hive"},
	{ids: []string{"OP-03"}, says: "script in a folder for uploads", needs: "web root"},
	{ids: []string{"OP-18"}, says: "compiled page without source", needs: "Temporary ASP.NET Files"},
	{ids: []string{"TH-12"}, says: "task registered, run and deleted from afar", needs: "DCE/RPC, Security 4698 and 4699"},
	{ids: []string{"TH-08"}, says: "file written to an administrative share, then run", needs: "SMB with DCE/RPC"},
	{ids: []string{"TH-01"}, says: "edge appliance opens sessions inward", needs: "flows"},
	{ids: []string{"TH-18b"}, says: "directory replicated to a host that is no domain controller", needs: "DCE/RPC, Security 4662"},
	{ids: []string{"TG-22"}, says: "process that is there and not listed", needs: "collected listings of /proc and ps"},
	{ids: []string{"OP-14"}, says: "IIS worker starts a shell", needs: "Security 4688, Sysmon 1"},
	{ids: []string{"OP-21"}, says: "page built as a gated shell", needs: "web root"},
	{ids: []string{"VT-13"}, says: "account hives of the registry saved", needs: "Security 4688, DCE/RPC"},
	{ids: []string{"TH-11"}, says: "pipes and services as remote execution tools make them", needs: "Security 5145 and 4697, System 7045"},
	{ids: []string{"TH-22"}, says: "client that only read changes an industrial device", needs: "capture"},
	{ids: []string{"OP-15"}, says: "whoami in Base64", needs: "Security 4688, PowerShell 4104, HTTP"},
	{ids: []string{"TH-02"}, says: "administrator or policy added to an appliance", needs: "syslog"},
	{ids: []string{"TH-3a"}, says: "exploit of an edge product answered with success", needs: "syslog, web logs"},
	{ids: []string{"OP-20"}, says: "file times set to look old", needs: "web root with IIS log, MFT"},
	{ids: []string{"OP-12"}, says: "page that few post to and nothing links to", needs: "IIS log"},
	{ids: []string{"OP-22"}, says: "view state that did not verify", needs: "Application log, IIS log, HTTP"},
	{ids: []string{"OP-23", "OP-24"}, says: "IIS module added, logging switched off", needs: "IIS configuration log"},
	{ids: []string{"TG-24"}, says: "program loaded into the kernel by an unusual process", needs: "auditd, syslog"},
	{ids: []string{"TG-03"}, says: "mail about a reorganisation with a link to MEGA", needs: "mail"},
	{ids: []string{"VT-22", "VT-22a"}, says: "archive under another name; archive with password in a staging folder", needs: "Security 4688, files, SMB"},
	{ids: []string{"TH-14"}, says: "permanent consumer of WMI", needs: "WMI activity log"},
	{ids: []string{"TH-21", "VT-30"}, says: "host speaks an industrial protocol for the first time", needs: "capture"},
	{ids: []string{"VT-24", "TG-15"}, says: "host that relays connections", needs: "flows"},
	{ids: []string{"VT-19"}, says: "many system tools by hand in one session", needs: "Security 4688"},
	{ids: []string{"VT-16", "VT-17"}, says: "directory or DNS zone written out", needs: "Security 4688, LDAP, DCE/RPC"},
	{ids: []string{"TH-05"}, says: "administrative shares walked without looking around", needs: "SMB with name services"},
	{ids: []string{"TH-20"}, says: "several kinds of persistence after an edge event", needs: "event logs, inventory"},
	{ids: []string{"TG-06"}, says: "attempt at a known flaw, with what follows", needs: "web log, flows"},
	{ids: []string{"VT-25"}, says: "server holds a connection to a rare host on tunnel ports", needs: "flows"},
	{ids: []string{"VT-18"}, says: "logon events read out", needs: "Security 4688, PowerShell 4104"},
	{ids: []string{"VT-07", "TH-13"}, says: "execution through WMI from afar", needs: "DCE/RPC"},
	{ids: []string{"TH-17"}, says: "account joins hosts that it never joined", needs: "Security 4624"},
	{ids: []string{"VT-27", "VT-27a"}, says: "login from a home router near the victim", needs: "VPN log with country and network data, or the user's scan list"},
	{ids: []string{"TG-16", "TG-18"}, says: "beacon to an ordered port; new name of a cheap kind on a rented server", needs: "flows, TLS"},
	{ids: []string{"OP-10", "OP-11"}, says: "encrypted token to a handler, odd reply", needs: "HTTP"},
	{ids: []string{"TG-25"}, says: "one session reads many mailboxes", needs: "IIS log of Exchange, unified audit log"},
}
