package syslog

import (
	"net/netip"
	"regexp"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// sshd's words for a log-in (auth.c of OpenSSH portable).
var sshLogin = regexp.MustCompile(`^(Accepted|Failed) (\S+) for (?:invalid user )?(\S*) from (\S+) port \d+`)

// sudo's line: "user : TTY=… ; PWD=… ; USER=root ; COMMAND=/bin/…".
var sudoLine = regexp.MustCompile(`^\s*(\S+) : .*?PWD=(\S+) ; USER=(\S+) ;.*?COMMAND=(.*)$`)

// derive makes host records of the messages whose words are well known.
func derive(s *host.Syslog) []record.Record {
	switch {
	case s.App == "sshd" || s.App == "sshd-session":
		m := sshLogin.FindStringSubmatch(s.Message)
		if m == nil {
			return nil
		}
		l := &host.Logon{Head: s.Head, Outcome: "success", Package: m[2], Process: s.App, Target: m[3]}
		if m[1] == "Failed" {
			l.Outcome = "failure"
		}
		l.Source, _ = netip.ParseAddr(m[4])
		return []record.Record{l}
	case s.App == "sudo":
		m := sudoLine.FindStringSubmatch(s.Message)
		if m == nil {
			return nil
		}
		p := &host.Process{Head: s.Head, CommandLine: m[4], Directory: m[2], ParentImage: "sudo"}
		p.User = m[1]
		p.Image, _, _ = strings.Cut(m[4], " ")
		return []record.Record{p}
	case len(s.Fields) > 0:
		return vpnLogin(s)
	}
	return nil
}

// vpnLogin is a FortiGate log-in: to the SSL VPN or to the appliance itself.
func vpnLogin(s *host.Syslog) []record.Record {
	action := strings.ToLower(s.Get("action"))
	remote := s.Get("remip")
	if remote == "" {
		remote = s.Get("srcip")
	}
	if s.Get("user") == "" || remote == "" || (action != "tunnel-up" && action != "login" && action != "ssl-login-fail") {
		return nil
	}
	l := &host.Logon{Head: s.Head, Outcome: "success", Process: s.Get("subtype"), Target: s.Get("user")}
	if action == "ssl-login-fail" || strings.EqualFold(s.Get("status"), "failed") {
		l.Outcome = "failure"
	}
	l.Source, _ = netip.ParseAddr(remote)
	return []record.Record{l}
}
