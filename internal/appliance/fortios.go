package appliance

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// isFortiOS knows the key=value messages of FortiOS (FortiOS Log Message
// Reference, 6.0 to 7.6): logid, and the device's name or number.
func isFortiOS(s *host.Syslog) bool {
	logid := s.Get("logid")
	return len(logid) >= 8 && (s.Get("devid") != "" || s.Get("devname") != "" || s.Get("type") != "" && s.Get("subtype") != "")
}

// fortios reads a message by its type and by the last digits of its logid,
// which stay the same between versions.
func fortios(s *host.Syslog) []record.Record {
	PairsHead(s)
	switch s.Get("type") {
	case "traffic":
		return fortiTraffic(s)
	case "event":
		switch {
		case s.Get("subtype") == "vpn":
			return fortiVPN(s)
		case s.Get("subtype") == "system":
			return fortiSystem(s)
		}
	}
	return nil
}

// fortiTraffic is a session that was closed or refused; that it was begun
// (action=start) is told again when it ends.
func fortiTraffic(s *host.Syslog) []record.Record {
	from, to := addr(s.Get("srcip")), addr(s.Get("dstip"))
	action := s.Get("action")
	if !from.IsValid() || !to.IsValid() || action == "start" {
		return nil
	}
	c := conn(s, s.Get("sessionid"), seconds(s.Get("duration")))
	c.OrigH, c.RespH, c.OrigP, c.RespP = from, to, port(s.Get("srcport")), port(s.Get("dstport"))
	c.Proto = transport(s.Get("proto"))
	c.OrigBytes, c.RespBytes = count(s.Get("sentbyte")), count(s.Get("rcvdbyte"))
	c.OrigPkts, c.RespPkts = count(s.Get("sentpkt")), count(s.Get("rcvdpkt"))
	switch action {
	case "deny", "blocked", "ip-conn", "dns":
		c.State = "S0"
	case "client-rst":
		c.State = "RSTO"
	case "server-rst":
		c.State = "RSTR"
	case "timeout":
		c.State = "S1"
	default:
		c.State = "SF"
	}
	if c.RespBytes.Set && c.RespBytes.V == 0 {
		c.State = "S0"
	}
	return []record.Record{c}
}

// fortiVPN is a login to the SSL or IPsec VPN.
func fortiVPN(s *host.Syslog) []record.Record {
	user := s.Get("user")
	if user == "" || user == "N/A" {
		user = s.Get("xauthuser")
	}
	from := addr(s.Get("remip"))
	if user == "" || user == "N/A" || !from.IsValid() {
		return nil
	}
	kind := "vpn:ssl"
	if strings.HasPrefix(s.Get("tunneltype"), "ipsec") || s.Get("vpntunnel") != "" {
		kind = "vpn:ipsec"
	}
	switch s.Get("action") {
	case "tunnel-up":
		l := logon(s, true, kind, user, from)
		l.Assigned = addr(s.Get("tunnelip"))
		if s.Get("assignip") != "" {
			l.Assigned = addr(s.Get("assignip"))
		}
		return []record.Record{l}
	case "ssl-login-fail":
		return []record.Record{logon(s, false, kind, user, from)}
	case "tunnel-down":
		off := &host.Logoff{Head: s.Head}
		off.User = user
		return []record.Record{off}
	}
	return nil
}

// fortiSystem is what happened to the appliance itself.
func fortiSystem(s *host.Syslog) []record.Record {
	via, from := fortiUI(s)
	action, desc := s.Get("action"), strings.ToLower(s.Get("logdesc")+" "+s.Get("msg"))
	id := s.Get("logid")
	id = id[len(id)-5:]
	switch {
	case id == "32001" || id == "32002" || action == "login":
		if s.Get("user") == "" {
			return nil
		}
		return []record.Record{logon(s, id != "32002" && !strings.EqualFold(s.Get("status"), "failed"), "admin:"+via, s.Get("user"), from)}
	case id == "32003" || action == "logout":
		off := &host.Logoff{Head: s.Head, Asked: true}
		return []record.Record{off}
	case s.Get("cfgpath") != "":
		verbs := map[string]string{"add": "created", "edit": "changed", "delete": "deleted", "move": "changed", "clone": "created", "rename": "changed"}
		c := change(s, verbs[strings.ToLower(action)])
		if c.Action == "" {
			c.Action = "changed"
		}
		c.Object, c.Name, c.Command, c.Via, c.Source = s.Get("cfgpath"), s.Get("cfgobj"), s.Get("cfgattr"), via, from
		return []record.Record{c}
	case id == "32095" || action == "download" && strings.Contains(desc, "config") || action == "backup":
		return []record.Record{fortiCommand(s, "exported", via)}
	case id == "44548" || id == "44545":
		return []record.Record{fortiCommand(s, "executed", via)}
	case strings.Contains(desc, "log") && (strings.Contains(desc, "deleted") || strings.Contains(desc, "cleared") || strings.Contains(desc, "log-delete")):
		c := fortiCommand(s, "cleared", via)
		c.Object = "log"
		return []record.Record{c, &host.LogClear{Head: s.Head, Channel: "disk"}}
	case id == "32102" || action == "restore":
		return []record.Record{fortiCommand(s, "imported", via)}
	case id == "32546" || action == "crash":
		name := wordAfter(s.Get("msg"), "application: ")
		return []record.Record{&host.Service{Head: s.Head, Action: "crashed", Name: name, Path: s.Get("msg")}}
	case action == "reboot" || id == "32138":
		return []record.Record{&host.Service{Head: s.Head, Action: "started", Name: "system", Path: s.Get("msg")}}
	}
	return nil
}

func fortiCommand(s *host.Syslog, action, via string) *host.ConfigChange {
	c := change(s, action)
	_, c.Source = fortiUI(s)
	c.Via, c.Command = via, s.Get("msg")
	if action == "exported" || action == "imported" {
		c.Object = "configuration"
	}
	return c
}

// fortiUI splits ui="https(203.0.113.9)"; srcip says the address better where
// there is one.
func fortiUI(s *host.Syslog) (via string, from netip.Addr) {
	via, rest, _ := strings.Cut(s.Get("ui"), "(")
	if from = addr(s.Get("srcip")); !from.IsValid() {
		from = addr(rest)
	}
	if via == "" {
		via = s.Get("method")
	}
	return strings.ToLower(via), from
}

// PairsHead fills in what the pairs of a message say of its own time and
// sender: date=, time= and tz=, eventtime=, devname=. It tells whether there
// was a time.
func PairsHead(s *host.Syslog) bool {
	if name := s.Get("devname"); name != "" {
		s.Host = strings.ToLower(name)
	}
	s.Code, s.User = s.Get("logid"), s.Get("user")
	if typ := s.Get("type"); typ != "" {
		s.App = typ
	}
	if t, err := time.Parse("2006-01-02 15:04:05 -0700", s.Get("date")+" "+s.Get("time")+" "+s.Get("tz")); err == nil {
		s.TS = record.TimeOf(t)
		return true
	}
	if n, err := strconv.ParseInt(s.Get("eventtime"), 10, 64); err == nil && n > 1e8 {
		for n < 1e17 { // seconds, milliseconds or nanoseconds, by version
			n *= 1000
		}
		s.TS = record.Time(n)
		return true
	}
	for _, text := range []string{s.Get("date") + " " + s.Get("time"), s.Get("time")} {
		if t, err := time.Parse("2006-01-02 15:04:05", text); err == nil {
			s.TS = record.TimeOf(t)
			return true
		}
	}
	return false
}
