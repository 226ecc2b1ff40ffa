package appliancechange

import (
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record/host"
)

// What is done, in the words that the finding uses.
const (
	account   = "an account for administration added"
	export    = "the configuration copied out"
	logs      = "logs cleared or switched off"
	shell     = "a shell or guest system opened"
	mirror    = "traffic captured or mirrored"
	install   = "a program installed"
	integrity = "files changed, as its own check says"
	policy    = "a firewall policy or VPN setting changed"
	support   = "an account that only an exploit makes"
)

// commands are what the kinds look like on a command line.
var commands = []struct {
	kind string
	re   *regexp.Regexp
}{
	{account, regexp.MustCompile(`(?i)^(?:do )?username \S+ .*(?:privilege 15|secret|password)|\bauth user \S+|^(?:add|set) system user\b|mgt-config users \S+|^config system admin`)},
	{logs, regexp.MustCompile(`(?i)^(?:do )?clear log|^no logging|^no aaa (?:new-model|accounting)|^no archive|log delete|^delete (?:.*:)?.*\.log|^rm .*/(?:log|var/log)|^(?:set|unset) (?:audit )?syslogParams .*NONE|debug log-all|^clear (?:log|audit)`)},
	{shell, regexp.MustCompile(`(?i)^(?:do )?(?:guestshell|tclsh|app-hosting (?:install|activate|start)|iox$)|^shell\b|^run (?:/?util bash|bash)|fnsysctl|^debug cli|^request platform software system shell|^bash$|^expert$`)},
	{mirror, regexp.MustCompile(`(?i)^(?:do )?monitor (?:session|capture)|^capture \S+|diag\S* sniffer|^tcpdump\b|^start nstrace|^(?:do )?debug platform packet|ip traffic-export`)},
	{export, regexp.MustCompile(`(?i)^copy (?:running|startup)-config (?:tftp|ftp|http|https|scp|sftp):|^(?:write net|backup config)|^execute backup|^save (?:/?sys )?ucs|ns\.conf|^scp export|^tftp export|^create system backup`)},
	{install, regexp.MustCompile(`(?i)^install (?:add|activate)|^ADD \S+|^import .*(?:\.bin|\.tar)`)},
}

// supportAccounts are names that the exploit of CVE-2023-20198 was seen to make
// (Cisco Talos, 16 October 2023).
var supportAccounts = []string{"cisco_tac_admin", "cisco_support", "cisco_sys_manager"}

// adminObjects are parts of the names of settings that hold who may administer.
var adminObjects = []string{"system.admin", "system.api-user", "user.local", "mgt-config users", "auth user", "username", "system user", "user_role_partition", "auth_user"}

// kind is what a change is, empty when it is nothing that this is about.
func kind(c *host.ConfigChange) string {
	object := strings.ToLower(c.Object)
	switch {
	case slices.Contains(supportAccounts, c.User) || slices.Contains(supportAccounts, c.Name):
		return support
	case object == "file integrity":
		return integrity
	case c.Action == "cleared", object == "audit", object == "audit rules" && c.Action == "deleted":
		return logs
	case c.Action == "exported":
		return export
	case c.Product == "linux" || c.Product == "auditd":
		return ""
	case object == "package":
		return install
	case object == "virtual-service":
		return shell
	case (c.Action == "created" || c.Product == "panos" && c.Action == "changed") && slices.ContainsFunc(adminObjects, func(o string) bool { return strings.Contains(object, o) }):
		return account
	case c.Action == "created" && object == "firewall.policy", c.Action == "changed" && object == "vpn.ssl.settings":
		return policy
	case object == "firewall.sniffer" || strings.Contains(object, "span") && strings.Contains(object, "interface"):
		return mirror
	}
	for _, k := range commands {
		if k.re.MatchString(strings.TrimSpace(c.Command)) {
			return k.kind
		}
	}
	return ""
}

// grade weighs what came together. Alone and from inside these are the days of
// an administrator.
func grade(kinds []string, outside bool) (finding.Severity, uint8) {
	if slices.Contains(kinds, support) {
		return finding.Critical, 90
	}
	if slices.Contains(kinds, integrity) {
		return finding.High, 75
	}
	strong := 0
	for _, k := range kinds {
		if k == logs || k == shell || k == mirror || k == install {
			strong++
		}
	}
	n := len(kinds)
	switch {
	case n >= 3 && outside, n >= 2 && strong > 0 && outside:
		return finding.High, 85
	case n >= 3 && strong > 0:
		return finding.High, 70
	case outside && (strong > 0 || slices.Contains(kinds, account) || slices.Contains(kinds, export)):
		return finding.Medium, 70
	case n >= 2, slices.Contains(kinds, logs):
		return finding.Medium, 50
	}
	return finding.Low, 30
}
