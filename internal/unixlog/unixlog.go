// Package unixlog says what the messages of Unix daemons mean: it turns
// host.Syslog, whether it came from a syslog file or a journal, into the
// records that detectors work on.
//
//	for _, r := range unixlog.Derive(message) { … } // host.Logon, host.Process, host.Task …
//
// A message whose words are not known stays a message only.
package unixlog

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Emits are the types of what Derive returns.
var Emits = []*record.Type{
	host.LogonType, host.LogoffType, host.ProcessType, host.TaskType, host.ServiceType, host.DirectoryType, host.ModuleType,
}

// The words of sshd (auth.c and session.c of OpenSSH portable) and dropbear.
var (
	sshLogin  = regexp.MustCompile(`^(Accepted|Failed) (\S+) for (?:invalid user )?(\S*) from (\S+) port \d+`)
	dropLogin = regexp.MustCompile(`^(?:(?:Password|Pubkey) auth (succeeded) for '([^']*)'.* from ([^ ]+):\d+|Bad password attempt for '([^']*)' from ([^ ]+):\d+)`)
)

// sudo's line: "user : TTY=… ; PWD=… ; USER=root ; COMMAND=/bin/…".
var sudoLine = regexp.MustCompile(`^\s*(\S+) : .*?PWD=(.+?) ; USER=(\S+) ;.*?COMMAND=(.*)$`)

// The words of su: util-linux, shadow and PAM.
var suLine = regexp.MustCompile(`^(?:(FAILED SU |FAILED su |)\(to (\S+)\) (\S+) on \S+|(Successful|FAILED) su for (\S+) by (\S+))`)

// The words of cron (Vixie, cronie), of crontab, and of shadow.
var (
	cronLine    = regexp.MustCompile(`^\((\S+)\) CMD \((.*?)\)?$`)
	crontabLine = regexp.MustCompile(`^\((\S+)\) (REPLACE|DELETE|BEGIN EDIT|END EDIT) \((\S+)\)`)
	newUser     = regexp.MustCompile(`^new user: name=([^,]+), UID=(\d+), GID=(\d+)(.*)$`)
	groupAdd    = regexp.MustCompile(`^add '([^']+)' to (?:shadow )?group '([^']+)'`)
	groupMember = regexp.MustCompile(`^user (\S+) added by \S+ to group (\S+)`)
	passwdLine  = regexp.MustCompile(`password (?:for '?([^' ]+?)'? changed|changed for ([^ ]+))`)
	userGone    = regexp.MustCompile(`^delete user '([^']+)'`)
	userChanged = regexp.MustCompile(`^change user '([^']+)' (.*)$`)
)

// Words that bash and admins' scripts log typed commands with.
var bashHistory = regexp.MustCompile(`^(?:HISTORY: PID=\d+ UID=(\d+) |.*?\[history\] |(\S+?)@\S+ .*?\$ )(.+)$`)

// Derive makes host records of a message whose words are known. They share its
// time and place.
func Derive(s *host.Syslog) []record.Record {
	if r := derive(s); r != nil {
		return []record.Record{r}
	}
	return nil
}

func derive(s *host.Syslog) record.Record {
	app := strings.ToLower(s.App)
	if i := strings.LastIndexByte(app, '/'); i >= 0 { // /usr/sbin/cron
		app = app[i+1:]
	}
	switch strings.TrimPrefix(app, "(") {
	case "sshd", "sshd-session", "sshd-auth":
		return ssh(s)
	case "sshd(pam_unix)", "login(pam_unix)", "su(pam_unix)", "gdm(pam_unix)":
		return oldPAM(s)
	case "dropbear":
		return dropbear(s)
	case "sudo":
		return sudo(s)
	case "su":
		return su(s)
	case "cron", "crond", "anacron", "atd":
		return cron(s)
	case "crontab":
		if m := crontabLine.FindStringSubmatch(s.Message); m != nil && (m[2] == "REPLACE" || m[2] == "DELETE") {
			t := &host.Task{Head: s.Head, Action: "changed", Name: "crontab of " + m[3]}
			t.User = m[1]
			if m[2] == "DELETE" {
				t.Action = "deleted"
			}
			return t
		}
	case "useradd", "adduser", "groupadd", "usermod", "gpasswd", "passwd", "chpasswd", "userdel", "chfn", "chage":
		return account(s)
	case "systemd":
		return systemd(s)
	case "kernel":
		return kernel(s)
	case "bash", "-bash", "sh", "zsh":
		return typed(s)
	}
	return nil
}

func ssh(s *host.Syslog) record.Record {
	m := sshLogin.FindStringSubmatch(s.Message)
	if m == nil {
		return nil
	}
	l := &host.Logon{Head: s.Head, Outcome: "success", Package: m[2], Process: s.App, Target: m[3]}
	if m[1] == "Failed" {
		l.Outcome = "failure"
	}
	l.Source, _ = netip.ParseAddr(m[4])
	return l
}

// oldPAM is a refused login as PAM of 2005 wrote it, in the name of the program.
func oldPAM(s *host.Syslog) record.Record {
	if !strings.HasPrefix(s.Message, "authentication failure;") {
		return nil
	}
	l := &host.Logon{Head: s.Head, Outcome: "failure", Process: strings.TrimSuffix(s.App, "(pam_unix)"), Target: s.Get("user")}
	from := s.Get("rhost")
	var err error
	if l.Source, err = netip.ParseAddr(from); err != nil {
		l.SourceHost = strings.ToLower(from)
	}
	return l
}

func dropbear(s *host.Syslog) record.Record {
	m := dropLogin.FindStringSubmatch(s.Message)
	if m == nil {
		return nil
	}
	l := &host.Logon{Head: s.Head, Outcome: "success", Process: s.App, Target: m[2]}
	l.Source, _ = netip.ParseAddr(m[3])
	if m[1] == "" {
		l.Outcome, l.Target = "failure", m[4]
		l.Source, _ = netip.ParseAddr(m[5])
	}
	return l
}

func sudo(s *host.Syslog) record.Record {
	m := sudoLine.FindStringSubmatch(s.Message)
	if m == nil {
		return nil
	}
	p := &host.Process{Head: s.Head, CommandLine: m[4], Directory: m[2], ParentImage: "sudo"}
	p.User = m[1]
	p.Image, _, _ = strings.Cut(m[4], " ")
	return p
}

func su(s *host.Syslog) record.Record {
	m := suLine.FindStringSubmatch(s.Message)
	if m == nil {
		return nil
	}
	l := &host.Logon{Head: s.Head, Outcome: "success", Process: "su", Target: m[2]}
	l.User = m[3]
	failed := m[1] != ""
	if m[4] != "" {
		l.Target, l.User, failed = m[5], m[6], m[4] == "FAILED"
	}
	if failed {
		l.Outcome = "failure"
	}
	return l
}

func cron(s *host.Syslog) record.Record {
	m := cronLine.FindStringSubmatch(s.Message)
	if m == nil {
		return nil
	}
	t := &host.Task{Head: s.Head, Action: "started", Command: m[2]}
	t.User = m[1]
	return t
}

// account is a change to the accounts of the host.
func account(s *host.Syslog) record.Record {
	d := &host.Directory{Head: s.Head}
	if m := newUser.FindStringSubmatch(s.Message); m != nil {
		d.Action, d.Object, d.Properties = "created", m[1], "UID="+m[2]+", GID="+m[3]+m[4]
		return d
	}
	if m := groupAdd.FindStringSubmatch(s.Message); m != nil {
		d.Action, d.Object, d.Properties = "member-added", m[2], m[1]
		return d
	}
	if m := groupMember.FindStringSubmatch(s.Message); m != nil {
		d.Action, d.Object, d.Properties = "member-added", m[2], m[1]
		return d
	}
	if m := passwdLine.FindStringSubmatch(s.Message); m != nil {
		d.Action, d.Object = "password-reset", m[1]+m[2]
		return d
	}
	if m := userGone.FindStringSubmatch(s.Message); m != nil {
		d.Action, d.Object = "deleted", m[1]
		return d
	}
	if m := userChanged.FindStringSubmatch(s.Message); m != nil {
		d.Action, d.Object, d.Properties = "changed", m[1], m[2]
		return d
	}
	return nil
}

// typed is a command that a shell logged as it was typed.
func typed(s *host.Syslog) record.Record {
	m := bashHistory.FindStringSubmatch(s.Message)
	if m == nil {
		return nil
	}
	p := &host.Process{Head: s.Head, CommandLine: m[3], ParentImage: s.App}
	if p.User = m[2]; m[1] != "" {
		p.User = "uid " + m[1]
	}
	p.PID, _ = strconv.ParseInt(s.PID, 10, 64)
	p.Image, _, _ = strings.Cut(m[3], " ")
	return p
}
