package access

import (
	"net/netip"
	"regexp"
	"strings"

	"longwatch/internal/incident"
	"longwatch/internal/record"
)

// account is what is known of one account, by one spelling of its name until
// view joins them.
type account struct {
	name    string // as first written
	domain  string // lower case; empty for a bare name
	user    string // lower case
	local   string // host that alone knows it
	machine bool

	span    record.Span // of use
	logons  int64
	failed  rare
	uses    map[string]*use // by host
	sits    []sit
	service rare // it ran a service or a batch job
	desk    rare // mail, browser or office program
	acts    rare // administered: a directory change, a service, an appliance's setting
	weak    rare // got a ticket by RC4
	strong  rare // got one by AES
	entry   *Entry

	created, disabled, enabled, deleted, reset rare

	groups []change // privileged groups that it was put into
}

// use is what an account did at one host.
type use struct {
	any     mark           // logons and sessions
	types   uint32         // bits: Windows logon types; unixBit for others
	exposed rare           // logon that left credentials in the host's memory
	kinds   uint32         // logon types of those
	console rare           // somebody sat at it
	priv    rare           // special privileges
	admin   rare           // what only an administrator of the host can do
	early   [3]record.Time // earliest logons, unordered; 0: fewer
}

const unixBit = 31

// mark is something that happened at least once: the earliest is cited.
type mark struct {
	n        int64
	at, last record.Time
	ref      record.Ref
	how      string
}

func (m *mark) note(t record.Time, ref record.Ref, how string) {
	if m.n == 0 || t < m.at || t == m.at && before(ref, m.ref) {
		m.at, m.ref, m.how = t, ref, how
	}
	m.n++
	m.last = max(m.last, t)
}

// join adds what another spelling did.
func (m *mark) join(o mark) {
	if o.n == 0 {
		return
	}
	n, last := m.n+o.n, max(m.last, o.last)
	if m.n == 0 || o.at < m.at {
		*m = o
	}
	m.n, m.last = n, last
}

// rare is a mark that few have: it takes room of its own once something is noted.
// Before that it is never, which is shared and not written to.
type rare struct{ *mark }

var never = rare{&mark{}}

func (r *rare) own() *mark {
	if r.mark == never.mark {
		r.mark = &mark{}
	}
	return r.mark
}

func (r *rare) note(t record.Time, ref record.Ref, how string) { r.own().note(t, ref, how) }

func (r *rare) join(o rare) {
	if o.n > 0 {
		r.own().join(*o.mark)
	}
}

func newAccount() *account {
	return &account{
		failed: never, service: never, desk: never, acts: never, weak: never, strong: never, created: never, disabled: never, enabled: never, deleted: never, reset: never,
		uses: map[string]*use{},
	}
}

func newUse() *use { return &use{exposed: never, console: never, priv: never, admin: never} }

func (m *mark) refs() []record.Ref {
	if m.n == 0 {
		return nil
	}
	return []record.Ref{m.ref}
}

func before(a, b record.Ref) bool {
	return a.File < b.File || a.File == b.File && a.Pos < b.Pos
}

// first keeps the three earliest times.
func (u *use) first(t record.Time) {
	for i, e := range u.early {
		if e == 0 {
			u.early[i] = t
			return
		}
	}
	most := 0
	for i := range u.early {
		if u.early[i] > u.early[most] {
			most = i
		}
	}
	if t < u.early[most] {
		u.early[most] = t
	}
}

// sit is somebody at a keyboard: where, and when.
type sit struct {
	at      record.Time
	addr    netip.Addr // where the session came from
	seat    string     // host, where that is known at once
	console bool
	ref     record.Ref
}

// remote is a session from elsewhere, from its logon to its logoff.
type remote struct {
	who      string
	from     netip.Addr
	start    record.Time
	end      record.Time
	host     string
	ref      record.Ref
	finished bool
}

type sourceKey struct {
	who  string
	addr netip.Addr
	name string
}

// change is a step by which an account came to be, or to may more.
type change struct {
	at     record.Time
	ref    record.Ref
	kind   string // member-added, member-removed, right-added, uid-0, sudoers, appliance-admin, command
	member string // account as written, or its SID
	group  string // group, right, profile
	host   string
	by     string
	domain bool // a group of the domain rather than of the host
	reach  int  // rank of the group: 3 the domain, 2 a host or appliance, 1 perhaps
}

// The accounts that Windows makes for itself.
var systemDomain = regexp.MustCompile(`^(?:nt[ -]?(?:authority|service|virtual machine)|autorite nt|nt-autorität|window manager|font driver host|iis apppool)$`)

var systemUser = regexp.MustCompile(`^(?:-|system|système|local service|network service|lokaler dienst|netzwerkdienst|anonymous logon|anonymous-anmeldung|dwm-\d+|umfd-\d+|iusr|nobody|krbtgt|kadmin|.*\bmsol_.*|healthmailbox.*|systemmailbox.*|local_process_access)$`)

// Names of accounts that belong to no person by themselves.
var nobodys = regexp.MustCompile(`^(?:administrator|administrateur|administrador|admin|root|guest|user|test|operator|operador|kiosk|training|temp|support|shared|reception|scanner|helpdesk|it|defaultaccount|wdagutilityaccount)$`)

// builtIn are those that exist everywhere and are commonly not used.
var builtIn = regexp.MustCompile(`^(?:guest|gast|invité|invitado|defaultaccount|wdagutilityaccount|krbtgt(?:_\d+)?|administrator|administrateur|administrador|root)$`)

// serviceName is how services' accounts are commonly called.
var serviceName = regexp.MustCompile(`^(?:svc|srv|service|gmsa|msa|sqlsvc|svcacct)[-_.]|^svc[a-z]|[-_.](?:svc|service|gmsa)$`)

var sid = regexp.MustCompile(`^s-1-5-[\d-]+$`)

// spelled takes a name apart: DOMAIN\name, name@realm, name/REALM or name.
func spelled(s string) (domain, user string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if d, u, is := strings.Cut(s, `\`); is {
		domain, user = d, u
	} else if u, d, is := cutLast(s, "@"); is {
		domain, user = d, u
	} else {
		user = s
	}
	if user == "" || len(user) > 256 || len(domain) > 256 || systemUser.MatchString(user) || systemDomain.MatchString(domain) {
		return "", "", false
	}
	if domain == "." || domain == "-" || domain == "builtin" {
		domain = ""
	}
	return domain, user, true
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i <= 0 || i+1 == len(s) {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// account is the account of that name, seen at that host; nil for those of the
// system and when there is no room.
func (a *Audit) account(name, at string) *account {
	domain, user, ok := spelled(name)
	if !ok {
		return nil
	}
	short := incident.HostName(at)
	local := ""
	switch {
	case domain != "" && short != "" && (domain == short || domain == "localhost" || strings.HasPrefix(domain, short+".")):
		local = short
	case domain == "" && nobodys.MatchString(user):
		local = short
	}
	if local != "" {
		domain = local
	}
	key := user
	if domain != "" {
		key = domain + `\` + user
	}
	x := a.accounts[key]
	if x == nil {
		if len(a.accounts) >= maxAccounts {
			a.lost["accounts"]++
			return nil
		}
		x = newAccount()
		x.name, x.domain, x.user, x.local, x.machine = strings.TrimSpace(name), domain, user, local, strings.HasSuffix(user, "$")
		if domain == local && local != "" {
			x.name = local + `\` + user
		}
		a.accounts[key] = x
	}
	return x
}

// use is what the account did at the host; nil when there is no room.
func (a *Audit) use(x *account, at string) *use {
	short := incident.HostName(at)
	if short == "" {
		return nil
	}
	u := x.uses[short]
	if u == nil {
		if a.uses >= maxUses {
			a.lost["pairs of account and host"]++
			return nil
		}
		a.uses++
		u = newUse()
		x.uses[short] = u
	}
	return u
}

// from notes where an account was used from.
func (a *Audit) from(x *account, addr netip.Addr, name string, t record.Time, ref record.Ref, how string) {
	k := sourceKey{who: x.key(), addr: addr.Unmap()}
	if !addr.IsValid() || addr.IsLoopback() || addr.IsUnspecified() {
		if k.addr, k.name = (netip.Addr{}), incident.HostName(name); k.name == "" {
			return
		}
	}
	m := a.sources[k]
	if m == nil {
		if len(a.sources) >= maxSources {
			a.lost["pairs of account and source"]++
			return
		}
		m = &mark{}
		a.sources[k] = m
	}
	m.note(t, ref, how)
}

func (x *account) key() string {
	if x.domain == "" {
		return x.user
	}
	return x.domain + `\` + x.user
}

func (x *account) active(t record.Time) {
	x.span.Grow(t)
	x.logons++
}

// sat notes a person at a keyboard.
func (a *Audit) sat(x *account, s sit) {
	if x.machine {
		return
	}
	if len(x.sits) >= maxSitsEach || a.sits >= maxSits {
		a.lost["logons at a seat"]++
		return
	}
	a.sits++
	x.sits = append(x.sits, s)
}

// isService tells whether the account is one of a service, and whether that is
// known by more than its name.
func (x *account) isService() (is, sure bool) {
	switch {
	case x.entry != nil && x.entry.Type != "":
		is = x.entry.Type == "service"
		return is, is
	case x.service.n > 0:
		return true, true
	}
	is = serviceName.MatchString(x.user)
	return is, false
}

// privileged tells whether anything shows that the account may administer.
func (x *account) privileged() bool {
	if x.machine {
		return false
	}
	if x.entry != nil && x.entry.Privileged || len(x.groups) > 0 || x.acts.n > 0 {
		return true
	}
	for _, u := range x.uses {
		if u.administers() {
			return true
		}
	}
	return false
}

// administers tells whether the account may do everything at the host. Special
// privileges of a service's logon are not enough: those of services are few.
func (u *use) administers() bool {
	return u.admin.n > 0 || u.priv.n > 0 && u.types&^(1<<4|1<<5) != 0
}

// owner is whom the inventory names.
func (x *account) owner() string {
	if x.entry == nil {
		return ""
	}
	return x.entry.Owner
}
