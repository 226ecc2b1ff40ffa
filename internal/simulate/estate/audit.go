package estate

import (
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/simulate/evtxfile"
)

var (
	auditing = evtxfile.Provider{Name: "Microsoft-Windows-Security-Auditing", GUID: "54849625-5478-4994-A5BA-3E3B0328C30D"}
	eventlog = evtxfile.Provider{Name: "Microsoft-Windows-Eventlog", GUID: "fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148"}
	success  = uint64(0x8020000000000000)
)

func hex64(name string, v uint64) evtxfile.Field {
	return evtxfile.Field{Name: name, Value: evtxfile.Hex64(v)}
}
func u32(name string, v uint32) evtxfile.Field {
	return evtxfile.Field{Name: name, Value: evtxfile.U32(v)}
}
func sid(name, v string) evtxfile.Field { return evtxfile.Field{Name: name, Value: evtxfile.SID(v)} }
func guidField(name, v string) evtxfile.Field {
	return evtxfile.Field{Name: name, Value: evtxfile.GUID(v)}
}

// audit logs a Security event of success.
func (h *Host) audit(at time.Time, id, task uint16, version uint8, fields ...evtxfile.Field) {
	pid := h.Base(Lsass).PID
	if id == 4688 || id == 4689 {
		pid = 4
	}
	h.log(evtxfile.Event{Time: at, Provider: auditing, Channel: Security, ID: id, Version: version, Task: task, Keywords: success, PID: pid, TID: h.thread(pid), Fields: fields})
}

// subject is who acts, in the four fields every audit event begins with.
func (l *Logon) subject() []evtxfile.Field {
	name, domain, id := l.account()
	return []evtxfile.Field{sid("SubjectUserSid", id), text("SubjectUserName", name), text("SubjectDomainName", domain), hex64("SubjectLogonId", l.ID)}
}

// LogonOptions describe where a session comes from.
type LogonOptions struct {
	Type        uint32 // 2 interactive, 3 network, 5 service, 7 unlock, 10 remote interactive, 11 cached
	From        netip.Addr
	Port        uint16
	Workstation string
	NTLM        bool
}

// LogOn opens a session: Security 4624, and 4672 for administrators.
func (h *Host) LogOn(at time.Time, u *User, o LogonOptions) *Logon {
	l := &Logon{Host: h, User: u, ID: h.logonID(), Type: o.Type, At: at}
	l.guid = h.guid()
	process, pack, lm, key := "Kerberos", "Kerberos", "-", uint32(0)
	if o.NTLM {
		process, pack, lm, key = "NtLmSsp ", "NTLM", "NTLM V2", 128
	}
	subject := []evtxfile.Field{sid("SubjectUserSid", "S-1-0-0"), text("SubjectUserName", "-"), text("SubjectDomainName", "-"), hex64("SubjectLogonId", 0)}
	source, port := "-", "-"
	if o.From.IsValid() {
		source, port = o.From.String(), itoa(int(o.Port))
	}
	callerPID, caller := uint64(0), "-"
	if o.Type != 3 {
		subject = h.Self().subject()
		callerPID, caller = uint64(h.Base(`C:\Windows\System32\winlogon.exe`).PID), `C:\Windows\System32\winlogon.exe`
		process, pack = "User32 ", "Negotiate"
		if o.Type == 5 {
			callerPID, caller, process = uint64(h.Base(Services).PID), Services, "Advapi  "
		}
		if o.Type != 10 {
			source, port = "127.0.0.1", "0"
		}
		if o.Type == 5 {
			source, port = "-", "-"
		}
	}
	guid := l.guid
	if o.NTLM || o.Type == 5 {
		guid = "{00000000-0000-0000-0000-000000000000}"
	}
	workstation := o.Workstation
	if workstation == "" {
		workstation = "-"
	}
	if o.Type == 2 || o.Type == 10 || o.Type == 11 {
		workstation = h.Name
	}
	elevated := "%%1843"
	name, domain, id := l.account()
	if u == nil || u.Admin {
		elevated = "%%1842"
	}
	h.audit(at, 4624, 12544, 2, append(subject,
		sid("TargetUserSid", id), text("TargetUserName", name), text("TargetDomainName", domain), hex64("TargetLogonId", l.ID),
		u32("LogonType", o.Type), text("LogonProcessName", process), text("AuthenticationPackageName", pack), text("WorkstationName", workstation), guidField("LogonGuid", guid),
		text("TransmittedServices", "-"), text("LmPackageName", lm), u32("KeyLength", key), hex64("ProcessId", callerPID), text("ProcessName", caller),
		text("IpAddress", source), text("IpPort", port), text("ImpersonationLevel", "%%1833"), text("RestrictedAdminMode", "-"),
		text("TargetOutboundUserName", "-"), text("TargetOutboundDomainName", "-"), text("VirtualAccount", "%%1843"), hex64("TargetLinkedLogonId", 0), text("ElevatedToken", elevated))...)
	if u != nil && u.Admin {
		h.audit(at.Add(40*time.Microsecond), 4672, 12548, 0, append(l.subject(),
			text("PrivilegeList", "SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeRestorePrivilege\n\t\t\tSeTakeOwnershipPrivilege\n\t\t\tSeDebugPrivilege\n\t\t\tSeSystemEnvironmentPrivilege\n\t\t\tSeLoadDriverPrivilege\n\t\t\tSeImpersonatePrivilege"))...)
	}
	return l
}

// MemberLogOn is a log-on of another machine's own account.
func (h *Host) MemberLogOn(at time.Time, member *Host, port uint16) *Logon {
	id := h.Site.SID + "-" + itoa(1000+int(hash(member.Name)%90))
	return h.LogOn(at, &User{Name: member.Name + "$", SID: id, Service: true}, LogonOptions{Type: 3, From: member.IP, Port: port})
}

// LogOff ends a session (Security 4634).
func (l *Logon) LogOff(at time.Time) {
	name, domain, id := l.account()
	l.Host.audit(at, 4634, 12545, 0, sid("TargetUserSid", id), text("TargetUserName", name), text("TargetDomainName", domain), hex64("TargetLogonId", l.ID), u32("LogonType", l.Type))
}

// Explicit records that a session used another account's credentials towards
// a server (Security 4648).
func (l *Logon) Explicit(at time.Time, u *User, server *Host, p *Process) {
	s := l.Host.Site
	l.Host.audit(at, 4648, 12544, 0, append(l.subject(), guidField("LogonGuid", l.guid),
		text("TargetUserName", u.Name), text("TargetDomainName", s.NetBIOS), guidField("TargetLogonGuid", "{00000000-0000-0000-0000-000000000000}"),
		text("TargetServerName", server.FQDN()), text("TargetInfo", "TERMSRV/"+server.FQDN()), hex64("ProcessId", uint64(p.PID)), text("ProcessName", p.Image), text("IpAddress", "-"), text("IpPort", "-"))...)
}

// FailedLogOn is Security 4625 for a wrong password.
func (h *Host) FailedLogOn(at time.Time, u *User, from netip.Addr, port uint16, workstation string) {
	h.log(evtxfile.Event{Time: at, Provider: auditing, Channel: Security, ID: 4625, Task: 12544, Keywords: 0x8010000000000000, PID: h.Base(Lsass).PID, TID: h.thread(h.Base(Lsass).PID), Fields: []evtxfile.Field{
		sid("SubjectUserSid", "S-1-0-0"), text("SubjectUserName", "-"), text("SubjectDomainName", "-"), hex64("SubjectLogonId", 0),
		sid("TargetUserSid", "S-1-0-0"), text("TargetUserName", u.Name), text("TargetDomainName", h.Site.NetBIOS),
		{Name: "Status", Value: evtxfile.Hex32(0xc000006d)}, text("FailureReason", "%%2313"), {Name: "SubStatus", Value: evtxfile.Hex32(0xc000006a)}, u32("LogonType", 3),
		text("LogonProcessName", "NtLmSsp "), text("AuthenticationPackageName", "NTLM"), text("WorkstationName", workstation), text("TransmittedServices", "-"), text("LmPackageName", "-"), u32("KeyLength", 0),
		hex64("ProcessId", 0), text("ProcessName", "-"), text("IpAddress", from.String()), text("IpPort", itoa(int(port)))}})
}

// mapped is how Kerberos events show IPv4 addresses.
func mapped(ip netip.Addr) string { return "::ffff:" + ip.String() }

// ticketGranted is Security 4768 on the controller.
func (h *Host) ticketGranted(at time.Time, u *User, from netip.Addr, port uint16) {
	s := h.Site
	h.audit(at, 4768, 14339, 0, text("TargetUserName", u.Name), text("TargetDomainName", s.NetBIOS), sid("TargetSid", u.SID), text("ServiceName", "krbtgt"), sid("ServiceSid", s.SID+"-502"),
		evtxfile.Field{Name: "TicketOptions", Value: evtxfile.Hex32(0x40810010)}, evtxfile.Field{Name: "Status", Value: evtxfile.Hex32(0)}, evtxfile.Field{Name: "TicketEncryptionType", Value: evtxfile.Hex32(0x12)},
		text("PreAuthType", "2"), text("IpAddress", mapped(from)), text("IpPort", itoa(int(port))), text("CertIssuerName", ""), text("CertSerialNumber", ""), text("CertThumbprint", ""))
}

// serviceTicket is Security 4769 on the controller.
func (h *Host) serviceTicket(at time.Time, u *User, service *Host, from netip.Addr, port uint16) {
	s := h.Site
	h.audit(at, 4769, 14337, 0, text("TargetUserName", u.Name+"@"+strings.ToUpper(s.Zone)), text("TargetDomainName", strings.ToUpper(s.Zone)), text("ServiceName", service.Name+"$"), sid("ServiceSid", s.SID+"-"+itoa(1000+int(hash(service.Name)%90))),
		evtxfile.Field{Name: "TicketOptions", Value: evtxfile.Hex32(0x40810000)}, evtxfile.Field{Name: "TicketEncryptionType", Value: evtxfile.Hex32(0x12)},
		text("IpAddress", mapped(from)), text("IpPort", itoa(int(port))), evtxfile.Field{Name: "Status", Value: evtxfile.Hex32(0)}, guidField("LogonGuid", h.guid()), text("TransmittedServices", "-"))
}

// weakTicket is Security 4769 for an account's service, with RC4.
func (h *Host) weakTicket(at time.Time, u, service *User, from netip.Addr, port uint16) {
	s := h.Site
	h.audit(at, 4769, 14337, 0, text("TargetUserName", u.Name+"@"+strings.ToUpper(s.Zone)), text("TargetDomainName", strings.ToUpper(s.Zone)), text("ServiceName", service.Name), sid("ServiceSid", service.SID),
		evtxfile.Field{Name: "TicketOptions", Value: evtxfile.Hex32(0x40810000)}, evtxfile.Field{Name: "TicketEncryptionType", Value: evtxfile.Hex32(0x17)},
		text("IpAddress", mapped(from)), text("IpPort", itoa(int(port))), evtxfile.Field{Name: "Status", Value: evtxfile.Hex32(0)}, guidField("LogonGuid", h.guid()), text("TransmittedServices", "-"))
}

// validated is Security 4776: NTLM credentials checked by the controller.
func (h *Host) validated(at time.Time, u *User, workstation string) {
	h.audit(at, 4776, 14336, 0, text("PackageName", "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0"), text("TargetUserName", u.Name), text("Workstation", workstation), evtxfile.Field{Name: "Status", Value: evtxfile.Hex32(0)})
}

// shareOpened is Security 5140, shareFile 5145.
func (l *Logon) shareOpened(at time.Time, from netip.Addr, port uint16, share string) {
	l.Host.audit(at, 5140, 12808, 1, append(l.subject(), text("ObjectType", "File"), text("IpAddress", from.String()), text("IpPort", itoa(int(port))), text("ShareName", `\\*\`+share), text("ShareLocalPath", localPath(share)),
		evtxfile.Field{Name: "AccessMask", Value: evtxfile.Hex32(1)}, text("AccessList", "%%4416\n\t\t\t\t"))...)
}

func (l *Logon) shareFile(at time.Time, from netip.Addr, port uint16, share, path string, write bool) {
	mask, list := uint32(0x120089), "%%1538\n\t\t\t\t%%1541\n\t\t\t\t%%4416\n\t\t\t\t%%4419\n\t\t\t\t%%4423\n\t\t\t\t"
	if write {
		mask, list = 0x12019f, "%%1538\n\t\t\t\t%%1541\n\t\t\t\t%%4416\n\t\t\t\t%%4417\n\t\t\t\t%%4418\n\t\t\t\t%%4419\n\t\t\t\t%%4420\n\t\t\t\t%%4423\n\t\t\t\t%%4424\n\t\t\t\t"
	}
	l.Host.audit(at, 5145, 12811, 0, append(l.subject(), text("ObjectType", "File"), text("IpAddress", from.String()), text("IpPort", itoa(int(port))), text("ShareName", `\\*\`+share), text("ShareLocalPath", localPath(share)),
		text("RelativeTargetName", path), evtxfile.Field{Name: "AccessMask", Value: evtxfile.Hex32(mask)}, text("AccessList", list), text("AccessReason", "-"))...)
}

func localPath(share string) string {
	switch share {
	case "ADMIN$":
		return `\??\C:\Windows`
	case "C$":
		return `\??\C:\`
	case "IPC$":
		return ""
	case "SYSVOL":
		return `\??\C:\Windows\SYSVOL\sysvol`
	}
	return `\??\D:\` + share
}

// TaskRegistered is Security 4698 and TaskScheduler 106; TaskDeleted undoes it.
func (l *Logon) TaskRegistered(at time.Time, name, content string) {
	l.Host.audit(at, 4698, 12804, 1, append(l.subject(), text("TaskName", name), text("TaskContent", content),
		evtxfile.Field{Name: "ClientProcessStartKey", Value: evtxfile.U64(l.Host.r.Uint64() >> 12)}, u32("ClientProcessId", l.Host.Base(NetSvcs).PID), u32("ParentProcessId", l.Host.Base(Services).PID), text("RpcCallClientLocality", "1"), text("FQDN", l.Host.FQDN()))...)
	l.Host.task(at.Add(time.Millisecond), 106, text("TaskName", name), text("UserContext", l.display()))
}

// TaskDeleted is Security 4699 and TaskScheduler 141.
func (l *Logon) TaskDeleted(at time.Time, name string) {
	l.Host.audit(at, 4699, 12804, 1, append(l.subject(), text("TaskName", name), text("TaskContent", ""),
		evtxfile.Field{Name: "ClientProcessStartKey", Value: evtxfile.U64(l.Host.r.Uint64() >> 12)}, u32("ClientProcessId", l.Host.Base(NetSvcs).PID), u32("ParentProcessId", l.Host.Base(Services).PID), text("RpcCallClientLocality", "1"), text("FQDN", l.Host.FQDN()))...)
	l.Host.task(at.Add(time.Millisecond), 141, text("TaskName", name), text("UserName", l.display()))
}

// DomainAccount is Security 4720 on a controller: somebody new.
func (l *Logon) DomainAccount(at time.Time, name, rid string) {
	h := l.Host
	h.audit(at, 4720, 13824, 0, append([]evtxfile.Field{text("TargetUserName", name), text("TargetDomainName", h.Site.NetBIOS), sid("TargetSid", h.Site.SID+"-"+rid)}, append(l.subject(), text("PrivilegeList", "-"), text("SamAccountName", name),
		text("DisplayName", name), text("UserPrincipalName", name+"@"+h.Site.Zone), text("HomeDirectory", "-"), text("HomePath", "-"), text("ScriptPath", "-"), text("ProfilePath", "-"), text("UserWorkstations", "-"),
		text("PasswordLastSet", "%%1794"), text("AccountExpires", "%%1794"), text("PrimaryGroupId", "513"), text("AllowedToDelegateTo", "-"), text("OldUacValue", "0x0"), text("NewUacValue", "0x15"), text("UserAccountControl", "\n\t\t%%2080\n\t\t%%2082\n\t\t%%2084"), text("UserParameters", "-"), text("SidHistory", "-"), text("LogonHours", "%%1793"))...)...)
}

// AccountCreated is Security 4720 and, for an administrator, 4732.
func (l *Logon) AccountCreated(at time.Time, name, rid string) {
	h := l.Host
	id := h.Site.SID + "-" + rid
	h.audit(at, 4720, 13824, 0, append([]evtxfile.Field{text("TargetUserName", name), text("TargetDomainName", h.Name), sid("TargetSid", id)}, append(l.subject(), text("PrivilegeList", "-"), text("SamAccountName", name),
		text("DisplayName", "%%1793"), text("UserPrincipalName", "-"), text("HomeDirectory", "%%1793"), text("HomePath", "%%1793"), text("ScriptPath", "%%1793"), text("ProfilePath", "%%1793"), text("UserWorkstations", "%%1793"),
		text("PasswordLastSet", "%%1794"), text("AccountExpires", "%%1794"), text("PrimaryGroupId", "513"), text("AllowedToDelegateTo", "-"), text("OldUacValue", "0x0"), text("NewUacValue", "0x15"), text("UserAccountControl", "\n\t\t%%2080\n\t\t%%2082\n\t\t%%2084"), text("UserParameters", "%%1793"), text("SidHistory", "-"), text("LogonHours", "%%1797"))...)...)
	h.audit(at.Add(1400*time.Millisecond), 4732, 13826, 0, append([]evtxfile.Field{text("MemberName", "-"), sid("MemberSid", id), text("TargetUserName", "Administrators"), text("TargetDomainName", "Builtin"), sid("TargetSid", "S-1-5-32-544")}, append(l.subject(), text("PrivilegeList", "-"))...)...)
}

// Replicated is Security 4662: the right to replicate secrets was used.
func (l *Logon) Replicated(at time.Time) {
	for i, right := range []string{"1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"} {
		l.Host.audit(at.Add(time.Duration(i)*900*time.Microsecond), 4662, 14080, 0, append(l.subject(), text("ObjectServer", "DS"), text("ObjectType", "%{19195a5b-6da0-11d0-afd3-00c04fd930c9}"),
			text("ObjectName", "%{"+strings.Trim(l.Host.guid(), "{}")+"}"), text("OperationType", "Object Access"), hex64("HandleId", 0), text("AccessList", "%%7688\n\t\t\t\t"),
			evtxfile.Field{Name: "AccessMask", Value: evtxfile.Hex32(0x100)}, text("Properties", "%%7688\n\t\t{"+right+"}\n\t{19195a5b-6da0-11d0-afd3-00c04fd930c9}\n"), text("AdditionalInfo", "-"), text("AdditionalInfo2", ""))...)
	}
}

// ClearLog clears a channel: what was in it is gone, and the clearing itself
// is recorded (Security 1102, otherwise System 104).
func (l *Logon) ClearLog(at time.Time, channel string) {
	h := l.Host
	name, domain, id := l.account()
	e := evtxfile.Event{Time: at, Provider: eventlog, Channel: System, ID: 104, Level: 4, Task: 104, Keywords: 0x8000000000000000, PID: h.Base(`C:\Windows\System32\svchost.exe -k LocalServiceNetworkRestricted -p`).PID, Computer: h.FQDN(),
		UserData: "LogFileCleared", Namespace: "http://manifests.microsoft.com/win/2004/08/windows/eventlog",
		Fields: []evtxfile.Field{text("SubjectUserName", name), text("SubjectDomainName", domain), text("Channel", channel), text("BackupPath", "")}, User: id}
	if channel == Security {
		e.Channel, e.ID, e.Keywords, e.User = Security, 1102, 0x4020000000000000, ""
		e.Fields = l.subject()
	}
	e.TID = h.thread(e.PID)
	if cleared := h.logs[channel]; cleared != nil {
		cleared.DropBefore(e)
	}
	h.log(e)
}
