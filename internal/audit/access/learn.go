package access

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/incident"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ldap"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

var types = []*record.Type{
	host.LogonType, host.LogonSessionType, host.DirectoryType, host.TicketType, host.ServiceType, host.ShareAccessType, host.ConfigChangeType,
	host.PersistenceType, host.ProcessType, host.SocketType, host.SyslogType, kerberos.Type, ntlm.Type, ldap.Type,
}

func wanted(t *record.Type) bool { return slices.Contains(types, t) || t.Name == "dhcp" }

// Learn takes the next record, in any order.
func (a *Audit) Learn(r record.Record) {
	switch t := r.RecordType(); {
	case t == host.LogonType, t == host.TicketType, t == host.SocketType, t == host.SyslogType, t == kerberos.Type, t == ntlm.Type, t.Name == "dhcp":
		a.aliases.Learn(r)
	}
	switch r := r.(type) {
	case *host.Logon:
		a.logon(r)
	case *host.LogonSession:
		a.session(r)
	case *host.Directory:
		a.directory(r)
	case *host.Ticket:
		a.ticket(r)
	case *host.Service:
		a.service(r)
	case *host.ShareAccess:
		a.share(r)
	case *host.ConfigChange:
		a.appliance(r)
	case *host.Persistence:
		a.sudoers(r)
	case *host.Process:
		a.process(r)
	case *kerberos.Exchange:
		a.wireTicket(r)
	case *ntlm.Auth:
		a.wireLogon(r)
	case *ldap.Message:
		a.wireDirectory(r)
	case *host.Event:
		a.event(r)
	}
}

// consoleTypes are logons by which somebody sits at the host, exposing those that
// leave credentials in its memory: interactive, batch, service, unlock, cleartext,
// new credentials, remote desktop, cached (Microsoft, "Reference table for
// administrative tools and logon types").
const (
	consoleTypes  = 1<<2 | 1<<7 | 1<<11 | 1<<13
	exposingTypes = 1<<2 | 1<<4 | 1<<5 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<12 | 1<<13
	desktopTypes  = consoleTypes | 1<<10 | 1<<12
)

func (a *Audit) logon(l *host.Logon) {
	m := a.machine(l.Host)
	a.seen(m, l.TS)
	x := a.account(l.Target, l.Host)
	if x == nil {
		return
	}
	switch {
	case l.Outcome == "failure":
		x.failed.note(l.TS, l.Ref, "")
		return
	case l.Privileged:
		if u := a.use(x, l.Host); u != nil {
			u.priv.note(l.TS, l.Ref, "special privileges were assigned (4672)")
		}
		if m != nil && (m.privSeen == 0 || l.TS < m.privSeen) {
			m.privSeen = l.TS
		}
		return
	case l.Outcome == "": // a password was typed at the host, for here or elsewhere
		a.from(x, netip.Addr{}, l.Host, l.TS, l.Ref, "its password was given to a program there (4648)")
		return
	case l.Code == "4776": // a password was checked; the source is what the client called itself
		x.active(l.TS)
		a.from(x, netip.Addr{}, l.SourceHost, l.TS, l.Ref, "its password was checked for that host (4776)")
		return
	}
	x.active(l.TS)
	if l.LogonType == 0 {
		a.otherLogon(l, x, m)
		return
	}
	u := a.use(x, l.Host)
	if u == nil {
		return
	}
	bit := uint32(1) << min(uint64(max(l.LogonType, 0)), 30)
	u.types |= bit
	u.any.note(l.TS, l.Ref, "")
	u.first(l.TS)
	away := l.Source.IsValid() && !l.Source.IsLoopback() && !l.Source.IsUnspecified()
	if bit&exposingTypes != 0 {
		u.kinds |= bit
		u.exposed.note(l.TS, l.Ref, typeName(l.LogonType)+" logon")
	}
	if (bit == 1<<4 || bit == 1<<5) && !x.machine {
		x.service.note(l.TS, l.Ref, typeName(l.LogonType)+" logon at "+incident.HostName(l.Host))
	}
	switch {
	case bit&consoleTypes != 0 && !away:
		u.console.note(l.TS, l.Ref, typeName(l.LogonType)+" logon")
		a.sat(x, sit{at: l.TS, seat: incident.HostName(l.Host), console: true, ref: l.Ref})
	case bit&desktopTypes != 0 && away:
		a.sat(x, sit{at: l.TS, addr: l.Source.Unmap(), ref: l.Ref})
		a.from(x, l.Source, "", l.TS, l.Ref, "it was used from there")
	case away:
		a.from(x, l.Source, "", l.TS, l.Ref, "it was used from there")
	}
}

// otherLogon is one of a Unix host or an appliance.
func (a *Audit) otherLogon(l *host.Logon, x *account, m *machine) {
	process := strings.ToLower(l.Process)
	if strings.Contains(process, "vpn") || l.Assigned.IsValid() { // through the appliance, not into it
		if l.Source.IsValid() {
			a.sat(x, sit{at: l.TS, addr: l.Source.Unmap(), ref: l.Ref})
		}
		return
	}
	u := a.use(x, l.Host)
	if u == nil {
		return
	}
	u.types |= 1 << unixBit
	u.any.note(l.TS, l.Ref, "")
	u.first(l.TS)
	switch {
	case strings.HasPrefix(process, "admin:"):
		u.admin.note(l.TS, l.Ref, "administrator's login at the appliance")
		x.acts.note(l.TS, l.Ref, "administrator's login at the appliance "+incident.HostName(l.Host))
		if m != nil {
			m.appliance = "appliance"
		}
	case strings.HasSuffix(process, "su") && x.user == "root" && l.User != "":
		if by := a.account(l.User, l.Host); by != nil && by != x {
			if v := a.use(by, l.Host); v != nil {
				v.admin.note(l.TS, l.Ref, "became root by su")
			}
		}
		return
	}
	if l.Source.IsValid() && !l.Source.IsLoopback() {
		a.sat(x, sit{at: l.TS, addr: l.Source.Unmap(), ref: l.Ref})
	}
}

// session learns how long sessions from elsewhere lasted.
func (a *Audit) session(s *host.LogonSession) {
	if !s.Begun || s.LogonType != 10 && s.LogonType != 2 || !s.Source.IsValid() || s.Source.IsLoopback() {
		return
	}
	x := a.account(s.User, s.Host)
	if x == nil || x.machine {
		return
	}
	if len(a.sessions) >= maxSessions {
		a.lost["remote sessions"]++
		return
	}
	a.sessions = append(a.sessions, remote{who: x.key(), from: s.Source.Unmap(), start: s.TS, end: s.End, host: incident.HostName(s.Host), ref: s.Ref, finished: s.Ended})
}

func (a *Audit) ticket(t *host.Ticket) {
	m := a.machine(t.Host)
	a.seen(m, t.TS)
	if m != nil {
		m.controller.note(t.TS, t.Ref, "gives Kerberos tickets")
		a.tickets = true
	}
	x := a.account(t.User, "")
	if x == nil {
		return
	}
	if t.Status != "0x0" {
		x.failed.note(t.TS, t.Ref, "")
		return
	}
	x.active(t.TS)
	a.from(x, t.Source, "", t.TS, t.Ref, "it got a Kerberos ticket there")
	if t.Kind == "AS" {
		a.cipher(x, t.Encryption == "0x17" || t.Encryption == "0x18", t.Encryption == "0x11" || t.Encryption == "0x12", t.TS, t.Ref)
	}
}

// cipher notes by which key a ticket was given.
func (a *Audit) cipher(x *account, weak, strong bool, t record.Time, ref record.Ref) {
	if weak {
		x.weak.note(t, ref, "")
	}
	if strong {
		x.strong.note(t, ref, "")
	}
}

func (a *Audit) wireTicket(k *kerberos.Exchange) {
	name, realm, _ := strings.Cut(k.Client, "/")
	if name == "" || k.RequestType == "AP" || !k.Success.V {
		return
	}
	if x := a.account(name+"@"+realm, ""); x != nil {
		a.seen(nil, k.TS)
		x.active(k.TS)
		a.from(x, k.OrigH, "", k.TS, k.Ref, "it got a Kerberos ticket there")
	}
}

func (a *Audit) wireLogon(n *ntlm.Auth) {
	if n.Username == "" || !n.Accepted.V && !n.Success.V {
		return
	}
	name := n.Username
	if n.Domain != "" {
		name = n.Domain + `\` + name
	}
	if x := a.account(name, n.ServerNetBIOS); x != nil {
		a.seen(nil, n.TS)
		x.active(n.TS)
		a.from(x, n.OrigH, "", n.TS, n.Ref, "it logged on from there by NTLM")
	}
}

func (a *Audit) service(s *host.Service) {
	if x := a.account(s.Account, s.Host); x != nil && s.Account != "" && !strings.EqualFold(s.Account, "LocalSystem") {
		x.service.note(s.TS, s.Ref, "runs the service "+s.Name)
	}
	if s.Action == "installed" && s.User != "" {
		a.administered(s.User, s.Host, s.TS, s.Ref, "installed the service "+s.Name)
	}
}

// administered notes what only an administrator of the host can do.
func (a *Audit) administered(name, at string, t record.Time, ref record.Ref, how string) {
	x := a.account(name, at)
	if x == nil || x.machine {
		return
	}
	if u := a.use(x, at); u != nil {
		u.admin.note(t, ref, how)
	}
	x.acts.note(t, ref, how+" at "+incident.HostName(at))
}

// share sees the shares that only administrators can use.
func (a *Audit) share(s *host.ShareAccess) {
	name := strings.ToUpper(s.Share[strings.LastIndexByte(s.Share, '\\')+1:])
	if name != "ADMIN$" && (len(name) != 2 || name[1] != '$') {
		return
	}
	x := a.account(s.User, s.Host)
	if x == nil || x.machine {
		return
	}
	if u := a.use(x, s.Host); u != nil {
		u.admin.note(s.TS, s.Ref, "used the administrators' share "+name)
	}
}

func (a *Audit) event(e *host.Event) {
	for _, k := range [][3]string{
		{"TargetSid", "TargetUserName", "TargetDomainName"}, {"TargetUserSid", "TargetUserName", "TargetDomainName"},
		{"SubjectUserSid", "SubjectUserName", "SubjectDomainName"}, {"MemberSid", "MemberName", ""},
	} {
		id := strings.ToLower(e.Get(k[0]))
		if old, open := a.sids[id]; !open || old != "" {
			continue
		}
		name := e.Get(k[1])
		if name == "" || name == "-" {
			continue
		}
		if k[2] != "" && e.Get(k[2]) != "" {
			name = e.Get(k[2]) + `\` + name
		}
		a.sids[id] = name
	}
}

// typeName is a Windows logon type in words.
func typeName(n int64) string {
	names := [...]string{2: "interactive", 3: "network", 4: "batch", 5: "service", 7: "unlock", 8: "network-cleartext", 9: "new-credentials", 10: "remote-desktop", 11: "cached", 12: "cached remote-desktop", 13: "cached unlock"}
	if n > 0 && n < int64(len(names)) && names[n] != "" {
		return names[n]
	}
	return "unknown"
}
