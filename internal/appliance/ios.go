package appliance

import (
	"regexp"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// mnemonic is the head of a Cisco IOS, IOS XE or NX-OS message,
// "SYS-5-CONFIG_I" of "%SYS-5-CONFIG_I: …" (Cisco IOS XE System Message Guide),
// empty when there is none.
func mnemonic(m string) string {
	i := strings.IndexByte(m, '%')
	if i < 0 || i > 160 {
		return ""
	}
	code := m[i+1:]
	end := strings.IndexAny(code, ": ")
	if end < 0 {
		end = len(code)
	}
	code = code[:end]
	facility, rest, ok := strings.Cut(code, "-")
	if !ok || len(facility) < 2 || strings.Trim(facility, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return ""
	}
	parts := strings.Split(rest, "-")
	if len(parts) < 2 || len(parts) > 3 { // a sub-facility may stand between
		return ""
	}
	severity, name := parts[len(parts)-2], parts[len(parts)-1]
	if len(severity) != 1 || severity[0] < '0' || severity[0] > '7' || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return ""
	}
	return code
}

var (
	iosBy    = regexp.MustCompile(`from (\S+) by (\S+)(?: on (\S+))?(?: \(([^)]*)\))?`)
	iosAs    = regexp.MustCompile(`by process (\S+) from (\S+) as (\S+)(?: on (\S+))?`)
	iosLogin = regexp.MustCompile(`\[user: ?([^\]]*)\] \[Source: ?([^\]]*)\](?: \[localport: ?(\d+)\])?`)
	iosList  = regexp.MustCompile(`list \S+ denied (\S+) ([0-9A-Fa-f.:]+)\((\d+)\).*? -> ([0-9A-Fa-f.:]+)\((\d+)\)`)
)

func ios(s *host.Syslog) []record.Record {
	s.Code = mnemonic(s.Message)
	m := s.Message
	if s.Code == "" {
		s.Code = mnemonic(s.App)
	} else if i := strings.Index(m, s.Code); i >= 0 {
		m = m[i+len(s.Code):]
	}
	m = strings.TrimLeft(m, ": ")
	one := func(r record.Record) []record.Record { return []record.Record{r} }
	name := s.Code[strings.LastIndexByte(s.Code, '-')+1:]
	switch {
	case name == "CONFIG_I":
		c := change(s, "changed")
		c.Object = "running-config"
		if f := iosBy.FindStringSubmatch(m); f != nil {
			c.Via, c.User, c.Source = f[1], f[2], addr(f[4])
			if f[3] != "" {
				c.Via = f[3]
			}
		}
		return one(c)
	case name == "CONFIG_P":
		c := change(s, "changed")
		c.Object = "running-config"
		if f := iosAs.FindStringSubmatch(m); f != nil {
			c.Via, c.User = f[1], f[3]
		}
		return one(c)
	case strings.HasPrefix(s.Code, "SEC_LOGIN-"):
		f := iosLogin.FindStringSubmatch(m)
		if f == nil {
			return nil
		}
		via := map[string]string{"22": "ssh", "23": "telnet", "0": "console", "80": "http", "443": "https"}[f[3]]
		if strings.HasPrefix(name, "WEBLOGIN") {
			via = "https"
		}
		return one(logon(s, strings.HasSuffix(name, "SUCCESS"), "admin:"+via, f[1], addr(f[2])))
	case name == "AUTH_PASSED" || name == "AUTH_FAILED":
		user, _ := between(m, "User '", "'")
		return one(logon(s, name == "AUTH_PASSED", "admin:netconf", user, addr(wordAfter(m, " from "))))
	case name == "INSTALL_OPERATION_INFO":
		c := change(s, "imported")
		c.Object, c.Via = "package", "webui"
		c.User = strings.TrimSuffix(wordAfter(m, "User: "), ",")
		c.Command, _ = between(m, "Install Operation: ", "")
		f := strings.Fields(c.Command)
		if len(f) > 1 {
			c.Name = f[1]
		}
		return one(c)
	case name == "CFGLOG_LOGGEDCMD":
		c := change(s, "executed")
		c.User = strings.TrimPrefix(wordAfter(m, "User:"), ":")
		c.Command, _ = between(m, "logged command:", "")
		return one(c)
	case strings.HasPrefix(s.Code, "AAA") && strings.Contains(m, "cmd"):
		c := change(s, "executed")
		c.Command = m
		return one(c)
	case name == "IPACCESSLOGP":
		f := iosList.FindStringSubmatch(m)
		if f == nil {
			return nil
		}
		return asaRefused(s, f[1], f[2]+"/"+f[3], f[4]+"/"+f[5])
	case name == "RESTART":
		return one(&host.Service{Head: s.Head, Action: "started", Name: "system", Path: m})
	case name == "ACTIVATION_STATE" || strings.HasPrefix(s.Code, "IOX-") || strings.HasPrefix(s.Code, "VMAN-"):
		if !strings.Contains(m, "uest") && !strings.Contains(m, "ctivated") && !strings.Contains(m, "tarted") {
			return nil
		}
		c := change(s, "changed")
		c.Object, c.Name, c.Command = "virtual-service", strings.Trim(wordAfter(m, "service "), ".'"), m
		return one(c)
	case name == "LOGGING_CLEARED" || strings.HasPrefix(s.Code, "SYS-") && strings.Contains(strings.ToLower(m), "logging buffer cleared"):
		c := change(s, "cleared")
		c.Object, c.Command = "log", m
		return []record.Record{c, &host.LogClear{Head: s.Head, Channel: "buffer"}}
	}
	return nil
}
