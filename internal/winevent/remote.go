package winevent

import (
	"net/netip"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// stay reads what happens to a desktop session between its logon and its end:
// the shell starts (22), the client goes away (24, 40).
func stay(e *event) record.Record {
	r := &host.RemoteAccess{Head: head(e, get(e, "User"), ""), Proto: "rdp", Account: get(e, "User"), Source: address(get(e, "Address")), Session: number(firstOf(e, "SessionID", "Session"))}
	switch e.EventID {
	case 22:
		r.Action = "shell-started"
	case 24:
		r.Action = "disconnected"
	case 40:
		r.Action, r.Detail = "disconnected", get(e, "Reason")
	default:
		return nil
	}
	return r
}

// left reads a session that its client left (4779).
func left(e *event) record.Record {
	user := account(e, "AccountDomain", "AccountName")
	return &host.RemoteAccess{
		Head: head(e, user, get(e, "LogonID")), Proto: "rdp", Action: "disconnected", Account: user, Detail: get(e, "SessionName"),
		Source: address(get(e, "ClientAddress")), SourceHost: strings.ToLower(get(e, "ClientName")),
	}
}

// desktop reads the remote desktop: a client that goes out (1024 by name, 1102
// by address), a server that was reached (131) or refused a password (140).
func desktop(e *event) record.Record {
	r := &host.RemoteAccess{Head: head(e, e.UserSID, ""), Proto: "rdp"}
	switch e.EventID {
	case 1024, 1102:
		r.Action, r.Target = "outgoing", strings.ToLower(get(e, "Value"))
	case 131:
		r.Action, r.Source, r.Detail = "accepted", hostPort(get(e, "ClientIP")), get(e, "ConnType")
	case 140:
		r.Action, r.Outcome, r.Source = "refused", failure, hostPort(get(e, "IPString"))
	default:
		return nil
	}
	return r
}

// winRM reads remote management: a client that goes out (6), a shell or resource
// that a server was asked for (91), who was known (168, 169) or was not (161).
func winRM(e *event) record.Record {
	r := &host.RemoteAccess{Head: head(e, e.UserSID, ""), Proto: "winrm"}
	switch e.EventID {
	case 6: // host/wsman?PSVersion=…
		r.Detail = get(e, "connection")
		target := r.Detail
		if _, behind, ok := strings.Cut(target, "://"); ok {
			target = behind
		}
		target, _, _ = strings.Cut(target, "/")
		if name, port, ok := strings.Cut(target, ":"); ok && number(port) > 0 {
			target = name
		}
		r.Action, r.Target = "outgoing", strings.ToLower(target)
	case 91:
		r.Action, r.Detail = "asked", get(e, "resourceUri")
	case 161:
		r.Action, r.Outcome, r.Detail = "refused", failure, get(e, "authFailureMessage")
	case 168, 169:
		r.Action, r.Outcome = "accepted", success
		r.Account, r.Detail = firstOf(e, "username", "userName"), firstOf(e, "authenticationMechanism", "mechanism")
	default:
		return nil
	}
	return r
}

// smb reads what client and server of file shares say about each other: refused
// sessions and shares, anonymous access, the oldest dialect.
func smb(e *event) record.Record {
	r := &host.RemoteAccess{Head: head(e, e.UserSID, ""), Proto: "smb", Detail: firstOf(e, "ShareName", "Status", "Reason")}
	r.Account = get(e, "UserName")
	switch e.EventID {
	case 30803, 30804, 31001, 31010:
		r.Action, r.Outcome = "outgoing", failure
		r.Target = strings.ToLower(strings.TrimLeft(firstOf(e, "ServerName", "ShareName"), `\`))
		r.Target, _, _ = strings.Cut(r.Target, `\`)
	case 551, 1009:
		r.Action, r.Outcome = "refused", failure
	case 3000:
		r.Action, r.Detail = "asked", "SMB1"
	default:
		return nil
	}
	if client := strings.TrimLeft(firstOf(e, "ClientName", "ClientAddress"), `\`); client != "" {
		if r.Source = hostPort(client); !r.Source.IsValid() {
			r.SourceHost = strings.ToLower(client)
		}
	}
	return r
}

// ntlm reads what the NTLM policy noted: a client that goes out (8001), a server
// (8002, 8003) or a domain controller (8004) that was asked.
func ntlm(e *event) record.Record {
	r := &host.RemoteAccess{Head: head(e, "", ""), Proto: "ntlm", Action: "asked"}
	switch e.EventID {
	case 8001:
		r.Action, r.Account = "outgoing", account(e, "DomainName", "UserName")
		r.Detail = get(e, "TargetName") // service/host
		_, target, _ := strings.Cut(r.Detail, "/")
		r.Target = strings.ToLower(target)
	case 8002:
		r.Account = account(e, "ClientDomainName", "ClientUserName")
	case 8003:
		r.Account, r.SourceHost = account(e, "DomainName", "UserName"), strings.ToLower(get(e, "Workstation"))
	case 8004:
		r.Account, r.SourceHost = account(e, "DomainName", "UserName"), strings.ToLower(get(e, "WorkstationName"))
		r.Target = strings.ToLower(get(e, "SChannelName"))
	default:
		return nil
	}
	r.User, r.Image = r.Account, get(e, "ProcessName")
	return r
}

// netlogon reads machines whose secure channel was refused (5805, 5827, 5828) or
// allowed though it is weak (5829 to 5831): account, then domain.
func netlogon(e *event) record.Record {
	data := positional(e)
	if len(data) == 0 {
		return nil
	}
	r := &host.RemoteAccess{Head: head(e, "", ""), Proto: "netlogon", Account: data[0]}
	switch e.EventID {
	case 5805, 5827, 5828:
		r.Action, r.Outcome = "refused", failure
	case 5829, 5830, 5831:
		r.Action, r.Outcome = "allowed", success
	default:
		return nil
	}
	if len(data) > 1 {
		r.Detail = data[1]
	}
	r.User = r.Account
	return r
}

// radius reads what the network policy server granted (6272) or denied (6273).
func radius(e *event) record.Record {
	l := &host.Logon{Head: head(e, "", ""), Outcome: success, Process: "NPS", Target: subject(e)}
	if e.EventID == 6273 {
		l.Outcome = failure
	}
	l.TargetHost = strings.ToLower(firstOf(e, "ClientName", "NASIdentifier"))
	l.SourceHost = strings.ToLower(get(e, "CallingStationID"))
	l.Source = address(l.SourceHost)
	if l.Source.IsValid() {
		l.SourceHost = ""
	}
	l.Package = get(e, "AuthenticationType")
	return l
}

// sqlServer reads who got into the database (18453, 18454), who did not (18456),
// and settings that were changed (15457).
func sqlServer(e *event) record.Record {
	data := positional(e)
	if len(data) == 0 {
		return nil
	}
	switch e.EventID {
	case 15457:
		if len(data) < 3 {
			return nil
		}
		return &host.Setting{Head: head(e, e.UserSID, ""), Product: "SQL Server", Action: "changed", Name: data[0], Before: data[1], After: data[2], Image: "sqlservr.exe"}
	case 18453, 18454, 18456:
		l := &host.Logon{Head: head(e, "", ""), Outcome: success, Process: "MSSQL", Target: data[0]}
		if e.EventID == 18456 {
			l.Outcome = failure
		}
		if _, client, ok := strings.Cut(data[len(data)-1], "[CLIENT: "); ok {
			client, _, _ = strings.Cut(client, "]")
			l.Source = address(client)
		}
		return l
	}
	return nil
}

// openSSH reads logons that the SSH server's own log tells in sentences (4).
func openSSH(e *event) record.Record {
	text := get(e, "payload")
	word, rest, _ := strings.Cut(text, " ")
	if e.EventID != 4 || word != "Accepted" && word != "Failed" {
		return nil
	}
	l := &host.Logon{Head: head(e, "", ""), Outcome: success, Process: "sshd"}
	if word == "Failed" {
		l.Outcome = failure
	}
	var who string
	l.Package, who, _ = strings.Cut(rest, " for ")
	who, from, ok := strings.Cut(strings.TrimPrefix(who, "invalid user "), " from ")
	if !ok {
		return nil
	}
	l.Target = who
	from, _, _ = strings.Cut(from, " ")
	l.Source, _ = netip.ParseAddr(from)
	return l
}

// cmdlet reads the commands of Exchange's administrators (1, and 6 of those that
// failed): name, parameters, user.
func cmdlet(e *event) record.Record {
	data := positional(e)
	if e.EventID != 1 && e.EventID != 6 || len(data) < 3 {
		return nil
	}
	return &host.Script{Head: head(e, data[2], ""), Text: strings.TrimSpace(data[0] + " " + data[1])}
}

// search reads searches of the directory: by a client (30), and those that cost
// a domain controller much (1644: starting node, filter).
func search(e *event) record.Record {
	d := &host.Directory{Head: head(e, e.UserSID, ""), Action: "searched"}
	switch e.EventID {
	case 30:
		d.Object, d.Properties = get(e, "DistinguishedName"), get(e, "SearchFilter")
	case 1644:
		data := positional(e)
		if len(data) < 2 {
			return nil
		}
		d.Object, d.Properties = data[0], data[1]
	default:
		return nil
	}
	return d
}
