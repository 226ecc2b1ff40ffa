package access

import (
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/proto/ldap"
	"longwatch/internal/record/host"
)

// Ranks of groups.
const (
	perhaps = 1 + iota // its name suggests it
	overHost
	overDomain
)

// privilegedGroups are those that Windows and its services come with, as it
// names them in its languages (Microsoft, "Appendix B: Privileged accounts and
// groups in Active Directory"), and those of Unix systems that are root or can
// become it.
var privilegedGroups = map[string]int{
	"domain admins": overDomain, "domänen-admins": overDomain, "admins du domaine": overDomain, "admins. del dominio": overDomain, "administradores do domínio": overDomain, "domain admins.": overDomain, "domänadministratörer": overDomain, "admins domeny": overDomain, "администраторы домена": overDomain,
	"enterprise admins": overDomain, "organisations-admins": overDomain, "administrateurs de l'entreprise": overDomain, "administradores de empresas": overDomain,
	"schema admins": overDomain, "schema-admins": overDomain, "administrateurs du schéma": overDomain, "administradores de esquema": overDomain,
	"account operators": overDomain, "konten-operatoren": overDomain, "opérateurs de compte": overDomain, "server operators": overDomain, "server-operatoren": overDomain, "print operators": overDomain,
	"group policy creator owners": overDomain, "dnsadmins": overDomain, "key admins": overDomain, "enterprise key admins": overDomain, "domain controllers": overDomain, "domänencontroller": overDomain,
	"organization management": overDomain, "exchange windows permissions": overDomain, "exchange trusted subsystem": overDomain,
	"administrators": overHost, "administratoren": overHost, "administrateurs": overHost, "administradores": overHost, "administratörer": overHost, "amministratori": overHost, "administratorzy": overHost, "администраторы": overHost, "beheerders": overHost,
	"backup operators": overHost, "sicherungs-operatoren": overHost, "opérateurs de sauvegarde": overHost, "operadores de copia de seguridad": overHost, "hyper-v administrators": overHost,
	"sudo": overHost, "wheel": overHost, "root": overHost, "admin": overHost, "docker": overHost, "lxd": overHost, "libvirt": overHost, "disk": overHost, "shadow": overHost,
	"remote desktop users": perhaps, "remotedesktopbenutzer": perhaps, "remote management users": perhaps, "power users": perhaps, "hauptbenutzer": perhaps, "cert publishers": perhaps,
}

var adminish = regexp.MustCompile(`admin|operators$|^(?:tier|t)[-_ ]?0`)

// rankOf is how much a group gives, 0 for nothing that is known.
func rankOf(group string) int {
	_, name, _ := lastCut(strings.ToLower(group), `\`)
	if dn := commonName(name); dn != "" {
		name = dn
	}
	if r := privilegedGroups[name]; r > 0 {
		return r
	}
	if adminish.MatchString(name) {
		return perhaps
	}
	return 0
}

func lastCut(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// commonName is the first part of a distinguished name.
func commonName(dn string) string {
	part, _, _ := strings.Cut(dn, ",")
	kind, value, ok := strings.Cut(part, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(kind), "cn") && !strings.EqualFold(strings.TrimSpace(kind), "uid") {
		return ""
	}
	return strings.TrimSpace(value)
}

// domainCodes are events of the directory, which controllers alone write. Those
// of global groups are not among them: each new account of any machine is put
// into the global group "None" of its own (4728).
var domainCodes = []string{"4662", "5136", "5137", "5139", "5141"}

func (a *Audit) change(c change) {
	if len(a.changes) >= maxChanges {
		a.lost["changes of accounts"]++
		return
	}
	if id := strings.ToLower(c.member); sid.MatchString(id) && len(a.sids) < maxSIDs {
		if _, known := a.sids[id]; !known {
			a.sids[id] = ""
		}
	}
	a.changes = append(a.changes, c)
}

func (a *Audit) directory(d *host.Directory) {
	m := a.machine(d.Host)
	a.seen(m, d.TS)
	if m != nil && slices.Contains(domainCodes, d.Code) {
		m.controller.note(d.TS, d.Ref, "writes changes of the directory ("+d.Code+")")
	}
	switch d.Action {
	case "member-added", "member-removed":
		c := change{at: d.TS, ref: d.Ref, kind: d.Action, member: d.Properties, group: d.Object, host: d.Host, by: d.User, reach: rankOf(d.Object)}
		c.domain = c.reach == overDomain
		a.change(c)
	case "right-added":
		if strongRight(d.Properties) {
			a.change(change{at: d.TS, ref: d.Ref, kind: d.Action, member: d.Object, group: d.Properties, host: d.Host, by: d.User, reach: overHost})
		}
	case "created", "disabled", "enabled", "deleted", "password-reset":
		a.life(d)
	}
	switch d.Action {
	case "member-added", "member-removed", "created", "disabled", "enabled", "deleted", "right-added", "unlocked":
		if d.User != "" {
			a.administered(d.User, d.Host, d.TS, d.Ref, "changed accounts or groups ("+d.Action+")")
		}
	}
}

// life notes when an account was made, switched off or given a password.
func (a *Audit) life(d *host.Directory) {
	if strings.Contains(d.Object, "=") { // an entry of the directory, not an account by name
		return
	}
	x := a.account(d.Object, d.Host)
	if x == nil {
		return
	}
	switch d.Action {
	case "created":
		if d.Provider == "auditd" || !slices.Contains([]string{"4727", "4731", "4754", "4744", "4749", "4759"}, d.Code) {
			x.created.note(d.TS, d.Ref, "")
		}
		if strings.HasPrefix(d.Properties, "UID=0,") {
			a.change(change{at: d.TS, ref: d.Ref, kind: "uid-0", member: d.Object, group: "root (UID 0)", host: d.Host, by: d.User, reach: overHost})
		}
	case "disabled":
		x.disabled.note(d.TS, d.Ref, "")
	case "enabled":
		x.enabled.note(d.TS, d.Ref, "")
	case "deleted":
		x.deleted.note(d.TS, d.Ref, "")
	case "password-reset":
		x.reset.note(d.TS, d.Ref, "")
	}
}

// strongRight tells whether one of the privileges gives the whole host.
func strongRight(list string) bool {
	for r := range strings.FieldsSeq(list) {
		switch r {
		case "SeDebugPrivilege", "SeTcbPrivilege", "SeBackupPrivilege", "SeRestorePrivilege", "SeTakeOwnershipPrivilege", "SeLoadDriverPrivilege", "SeCreateTokenPrivilege", "SeEnableDelegationPrivilege", "SeAssignPrimaryTokenPrivilege":
			return true
		}
	}
	return false
}

// applianceAdmins are parts of the names of settings that hold who may
// administer, by the references of the makers.
var applianceAdmins = []string{"system.admin", "system.api-user", "mgt-config users", "auth user", "system user", "username", "user_role_partition", "auth_user"}

var adminCommand = regexp.MustCompile(`(?i)^(?:do )?username (\S+) (?:.*)privilege 15|\bauth user (\S+)|^add system user (\S+)|mgt-config users (\S+)`)

func (a *Audit) appliance(c *host.ConfigChange) {
	if c.Outcome == "failure" {
		return
	}
	m := a.machine(c.Host)
	object := strings.ToLower(c.Object)
	unix := c.Product == "linux" || c.Product == "auditd"
	if !unix && m != nil {
		m.appliance = c.Product
	}
	if c.User != "" && !unix {
		a.administered(c.User, c.Host, c.TS, c.Ref, "changed the configuration")
	}
	if unix {
		return
	}
	name := ""
	switch g := adminCommand.FindStringSubmatch(strings.TrimSpace(c.Command)); {
	case (c.Action == "created" || c.Product == "panos" && c.Action == "changed") && slices.ContainsFunc(applianceAdmins, func(o string) bool { return strings.Contains(object, o) }):
		name = c.Name
	case g != nil && c.Action != "deleted":
		name = strings.Join(g[1:], "")
	}
	if name == "" || strings.HasPrefix(name, "no ") {
		return
	}
	by := c.User
	if c.Source.IsValid() {
		by += " from " + c.Source.String()
	}
	a.change(change{at: c.TS, ref: c.Ref, kind: "appliance-admin", member: name, group: "administrators of the appliance", host: c.Host, by: strings.TrimSpace(by), reach: overHost})
}

// sudoers sees who may become root by a file.
func (a *Audit) sudoers(p *host.Persistence) {
	if p.Kind != "sudoers" || p.TS == 0 {
		return
	}
	who, rule, ok := strings.Cut(strings.TrimSpace(p.Entry), " ")
	if !ok || who == "root" || strings.HasPrefix(who, "%") || strings.HasPrefix(who, "Defaults") || strings.HasPrefix(who, "#") || strings.HasPrefix(who, "@") || strings.HasSuffix(who, "_Alias") || !strings.Contains(rule, "=") {
		return
	}
	a.change(change{at: p.TS, ref: p.Ref, kind: "sudoers", member: who, group: p.Path, host: p.Host, reach: overHost})
}

// deskPrograms are those of people at their desks.
var deskPrograms = []string{"outlook.exe", "chrome.exe", "msedge.exe", "firefox.exe", "winword.exe", "excel.exe", "powerpnt.exe", "acrord32.exe", "acrobat.exe", "teams.exe", "ms-teams.exe", "thunderbird.exe", "slack.exe", "zoom.exe", "olk.exe"}

// groupCommand are commands that put an account into a group.
var groupCommand = regexp.MustCompile(`(?i)\bnet1?(?:\.exe)?"?\s+(localgroup|group)\s+("[^"]+"|\S+)\s+("[^"]+"|\S+)\s+/add\b`)

var unixGroupCommand = regexp.MustCompile(`\busermod\s+(?:-a\s*-?G|-aG|--append\s+--groups|-G)\s*(\S+)\s+([\w.@-]+)|\bgpasswd\s+(?:-a|--add)\s+([\w.@-]+)\s+(\S+)|\badduser\s+([\w.@-]+)\s+(sudo|wheel|admin|root)\b`)

func (a *Audit) process(p *host.Process) {
	image := strings.ToLower(p.Image[strings.LastIndexAny(p.Image, `\/`)+1:])
	if slices.Contains(deskPrograms, image) {
		if x := a.account(p.User, p.Host); x != nil && !x.machine {
			x.desk.note(p.TS, p.Ref, image)
		}
		return
	}
	parent := p.ParentImage[strings.LastIndexByte(p.ParentImage, '/')+1:]
	if parent == "sudo" && p.User != "" && p.User != "root" {
		a.administered(p.User, p.Host, p.TS, p.Ref, "became root by sudo")
	}
	if g := groupCommand.FindStringSubmatch(p.CommandLine); g != nil {
		if r := rankOf(strings.Trim(g[2], `"`)); r >= overHost {
			a.change(change{at: p.TS, ref: p.Ref, kind: "command", member: strings.Trim(g[3], `"`), group: strings.Trim(g[2], `"`), host: p.Host, by: p.User, domain: strings.EqualFold(g[1], "group"), reach: r})
		}
		return
	}
	if g := unixGroupCommand.FindStringSubmatch(p.CommandLine); g != nil {
		groups, who := g[1]+g[4]+g[6], g[2]+g[3]+g[5]
		for name := range strings.SplitSeq(groups, ",") {
			if r := rankOf(name); r >= overHost {
				a.change(change{at: p.TS, ref: p.Ref, kind: "command", member: who, group: name, host: p.Host, by: p.User, reach: r})
			}
		}
	}
}

// memberOf is a change to a group's members that is seen on the wire.
var memberOf = regexp.MustCompile(`(?i)\bmember\b`)

func (a *Audit) wireDirectory(m *ldap.Message) {
	if m.Opcode != "modify" || m.Result != "success" || !memberOf.MatchString(m.Argument) {
		return
	}
	if r := rankOf(m.Object); r >= overHost {
		member := "an account that is named in the changes"
		if i := strings.Index(strings.ToLower(m.Argument), "cn="); i >= 0 {
			member = m.Argument[i:]
		}
		a.change(change{at: m.TS, ref: m.Ref, kind: "wire", member: member, group: commonName(m.Object), by: m.OrigH.String(), domain: true, reach: r})
	}
}

// who is the account that a change is about, as a name.
func (a *Audit) who(c *change) (name string, known bool) {
	name = c.member
	if sid.MatchString(strings.ToLower(name)) {
		if found := a.sids[strings.ToLower(name)]; found != "" {
			return found, true
		}
		return name, false
	}
	if cn := commonName(name); cn != "" {
		return cn, true
	}
	return name, name != ""
}
