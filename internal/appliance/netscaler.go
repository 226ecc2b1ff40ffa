package appliance

import (
	"regexp"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// nsHead is the head of a NetScaler message, in the syslog of the appliance
// itself (ns.log) and as it is sent:
//
//	05/31/2024:06:05:23 GMT HA1 0-PPE-0 : default API CMD_EXECUTED 7825 0 :  User …
//
// The time, its zone and the name of the appliance may be missing.
var nsHead = regexp.MustCompile(`^(?:<[a-z0-9.]+> )?(?:\S+ )?(?:(\d\d/\d\d/\d{4}:\d\d:\d\d:\d\d) (?:(GMT|UTC) ?)?)?(?:(\S+) )?\d+-(?:PPE|PPE-\d|PE)-?\d* : (?:\S+ )?(\S+) (\S+) \d+ \d+ : ?(.*)$`)

// nsShell is what root's shell on the appliance logs in bash.log and sh.log.
var nsShell = regexp.MustCompile(`^(\S+) on (\S+) shell_command="(.*)"$`)

func isNetScaler(s *host.Syslog) bool {
	return strings.Contains(s.Message, "-PPE-") && nsHead.MatchString(s.Message) || strings.Contains(s.Message, " shell_command=") && nsShell.MatchString(s.Message)
}

// nsTime reads the appliance's own time. Month or day first is a setting; the
// time that the collector wrote decides, else the month, the default, is first.
func nsTime(text string, about record.Time) (record.Time, bool) {
	a, errA := time.Parse("01/02/2006:15:04:05", text)
	b, errB := time.Parse("02/01/2006:15:04:05", text)
	switch {
	case errA != nil && errB != nil:
		return 0, false
	case errA != nil:
		return record.TimeOf(b), true
	case errB == nil && about != 0 && a.Month() != about.Std().Month() && b.Month() == about.Std().Month():
		return record.TimeOf(b), true
	}
	return record.TimeOf(a), true
}

// nsFields are the "Name value" parts between " - ".
func nsFields(text string) []record.KV {
	var out []record.KV
	for part := range strings.SplitSeq(text, " - ") {
		part = strings.Trim(part, " -")
		name, value, ok := strings.Cut(part, " ")
		if !ok || len(out) >= maxColumns {
			continue
		}
		out = append(out, record.KV{Name: strings.TrimSuffix(name, ":"), Value: strings.Trim(strings.TrimSpace(value), `"`)})
	}
	return out
}

func netscaler(s *host.Syslog) []record.Record {
	if f := nsShell.FindStringSubmatch(s.Message); f != nil {
		p := &host.Process{Head: s.Head, CommandLine: f[3]}
		p.User, p.Image = f[1], word(f[3])
		if s.App != "" {
			p.ParentImage = s.App
		}
		return []record.Record{p}
	}
	f := nsHead.FindStringSubmatch(s.Message)
	if f == nil {
		return nil
	}
	if t, ok := nsTime(f[1], s.TS); ok {
		s.TS = t
	}
	if s.Host == "" {
		s.Host = strings.ToLower(f[3])
	}
	s.App, s.Code = f[4], f[4]+" "+f[5]
	s.Fields = nsFields(strings.ReplaceAll(f[6], "- ", " - "))
	user := s.Get("User")
	user, _, _ = strings.Cut(user, " ")
	client := addr(s.Get("Client_ip"))
	one := func(r record.Record) []record.Record { return []record.Record{r} }
	switch f[5] {
	case "CMD_EXECUTED":
		return one(nsCommand(s, user))
	case "LOGIN":
		return one(logon(s, true, "vpn:netscaler", user, client))
	case "LOGIN_FAILED":
		return one(logon(s, false, "vpn:netscaler", user, client))
	case "LOGOUT":
		off := &host.Logoff{Head: s.Head}
		off.User = user
		return one(off)
	case "TCPCONNSTAT", "UDPFLOWSTAT":
		c := conn(s, "", clock(word(s.Get("Duration"))))
		c.OrigH, c.OrigP = endpoint(word(s.Get("Source")))
		c.RespH, c.RespP = endpoint(word(s.Get("Destination")))
		c.OrigBytes, c.RespBytes = count(word(s.Get("Total_bytes_send"))), count(word(s.Get("Total_bytes_recv")))
		return nsConn(c, f[5])
	case "CONN_TERMINATE", "CONN_DELINK":
		c := conn(s, "", 0)
		c.OrigH, c.OrigP = endpoint(word(s.Get("Source")))
		if c.RespH, c.RespP = endpoint(word(s.Get("Vserver"))); !c.RespH.IsValid() {
			c.RespH, c.RespP = endpoint(word(s.Get("Destination")))
		}
		return nsConn(c, "TCP")
	}
	return nil
}

func nsConn(c *network.Conn, kind string) []record.Record {
	if !c.OrigH.IsValid() || !c.RespH.IsValid() {
		return nil
	}
	c.Proto, c.State = "tcp", "SF"
	if strings.HasPrefix(kind, "UDP") {
		c.Proto = "udp"
	}
	return []record.Record{c}
}

// nsCommand is a command of the command line, the web console or the API; one
// that leaves the appliance's own language for a shell is named as such.
func nsCommand(s *host.Syslog, user string) *host.ConfigChange {
	c := change(s, "executed")
	c.User, c.Command, c.Source, c.Via = user, s.Get("Command"), addr(s.Get("Remote_ip")), strings.ToLower(s.App)
	switch status := strings.ToLower(s.Get("Status")); {
	case strings.HasPrefix(status, "success"):
		c.Outcome = "success"
	case status != "":
		c.Outcome = "failure"
	}
	verb, rest, _ := strings.Cut(c.Command, " ")
	switch verb {
	case "add", "create":
		c.Action = "created"
	case "rm", "delete", "remove":
		c.Action = "deleted"
	case "set", "bind", "unbind", "unset", "enable", "disable", "update", "rename":
		c.Action = "changed"
	}
	if c.Action != "executed" {
		w := strings.Fields(rest)
		if len(w) > 1 {
			c.Object, c.Name = strings.Join(w[:min(2, len(w)-1)], " "), w[min(2, len(w)-1)]
		}
	}
	return c
}
