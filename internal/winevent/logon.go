package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

const (
	success = "success"
	failure = "failure"
)

// remoteDesktop is the logon type of a session over RDP, interactive that of
// one at the machine.
const (
	interactive   = 2
	remoteDesktop = 10
)

// logon reads what Security says about accounts getting in.
func logon(e *event) record.Record {
	l := &host.Logon{
		Head:       head(e, subject(e), get(e, "TargetLogonId")),
		Outcome:    success,
		LogonType:  number(get(e, "LogonType")),
		Package:    get(e, "AuthenticationPackageName"),
		Process:    strings.TrimSpace(get(e, "LogonProcessName")),
		Target:     target(e),
		TargetHost: get(e, "TargetServerName"),
		Source:     address(get(e, "IpAddress")),
		SourceHost: strings.ToLower(strings.TrimLeft(get(e, "WorkstationName"), `\`)),
	}
	switch e.EventID {
	case 4625:
		l.Outcome, l.LogonID = failure, ""
	case 4648: // explicit credentials: whether they were right is not said
		l.Outcome, l.LogonID, l.Process = "", logonID(get(e, "SubjectLogonId")), get(e, "ProcessName")
	case 4672:
		l.LogonID, l.Target, l.Privileged = logonID(get(e, "SubjectLogonId")), l.User, true
	case 4776: // NTLM, checked by the domain controller or the machine
		l.Outcome = outcome(get(e, "Status"))
		l.Package = get(e, "PackageName")
		l.SourceHost = strings.ToLower(strings.TrimLeft(get(e, "Workstation"), `\`))
	case 4778: // a session was taken up again
		l.LogonID = logonID(get(e, "LogonID"))
		l.Target = account(e, "AccountDomain", "AccountName")
		l.Source, l.SourceHost = address(get(e, "ClientAddress")), strings.ToLower(get(e, "ClientName"))
		if l.Source.IsValid() {
			l.LogonType = remoteDesktop
		}
	}
	return l
}

// connection reads who authenticated to the remote desktop (1149): names without
// meaning in the manifest, Param1 to Param3.
func connection(e *event) record.Record {
	if e.EventID == 261 { // the listener was reached, nothing more
		return &host.RemoteAccess{Head: head(e, "", ""), Proto: "rdp", Action: "asked"}
	}
	if e.EventID != 1149 {
		return nil
	}
	user := account(e, "Param2", "Param1")
	if user == "" {
		return nil // the client showed the logon screen only
	}
	return &host.Logon{Head: head(e, user, ""), Outcome: success, LogonType: remoteDesktop, Target: user, Source: address(get(e, "Param3"))}
}

func outcome(status string) string {
	if number(status) == 0 {
		return success
	}
	return failure
}

// ticket reads Kerberos requests to a domain controller.
func ticket(e *event) record.Record {
	kind := "TGS"
	if e.EventID == 4768 || e.EventID == 4771 || e.EventID == 4772 {
		kind = "AS"
	}
	status := strings.ToLower(firstOf(e, "Status", "FailureCode"))
	if status == "" && e.EventID == 4770 {
		status = "0x0" // renewals are logged when granted
	}
	return &host.Ticket{
		Head:       head(e, target(e), ""),
		Kind:       kind,
		Service:    get(e, "ServiceName"),
		Encryption: strings.ToLower(get(e, "TicketEncryptionType")),
		Status:     status,
		Source:     address(get(e, "IpAddress")),
	}
}

// session reads logons (21) and reconnections (25) to desktop sessions, their
// end (23), and what happens between (22, 24, 40).
func session(e *event) record.Record {
	if e.EventID == 23 {
		return &host.Logoff{Head: head(e, get(e, "User"), "")}
	}
	if e.EventID != 21 && e.EventID != 25 {
		return stay(e)
	}
	l := &host.Logon{
		Head:      head(e, get(e, "User"), ""),
		Outcome:   success,
		LogonType: interactive,
		Target:    get(e, "User"),
		Source:    address(get(e, "Address")), // LOCAL at the machine itself
	}
	if l.Source.IsValid() {
		l.LogonType = remoteDesktop
	}
	return l
}
