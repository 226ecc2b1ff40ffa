package appliance

import (
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// panosType is the type of a PAN-OS message (PAN-OS Administrator's Guide,
// Syslog Field Descriptions), empty when it is none: comma-separated values,
// the second a time, the fourth the type.
func panosType(m string) string {
	i := strings.IndexByte(m, ',')
	if i < 0 || i > 64 || len(m) < i+21 || m[i+20] != ',' || m[i+5] != '/' || m[i+11] != ' ' || m[i+14] != ':' {
		return ""
	}
	rest := m[i+21:]
	_, rest, ok := strings.Cut(rest, ",")
	if !ok {
		return ""
	}
	typ, _, ok := strings.Cut(rest, ",")
	if !ok || panosFields[typ] == nil {
		return ""
	}
	return typ
}

const panosTime = "2006/01/02 15:04:05"

// maxColumns bounds the values of one message.
const maxColumns = 256

// columns splits comma-separated values; quotes hold commas, doubled ones stand
// for themselves.
func columns(m string) []string {
	var out []string
	for len(out) < maxColumns {
		if strings.HasPrefix(m, `"`) {
			end := 1
			for end < len(m) && (m[end] != '"' || end+1 < len(m) && m[end+1] == '"') {
				if m[end] == '"' {
					end++
				}
				end++
			}
			out = append(out, strings.ReplaceAll(m[1:min(end, len(m))], `""`, `"`))
			m = m[min(end+1, len(m)):]
			if !strings.HasPrefix(m, ",") {
				return out
			}
			m = m[1:]
			continue
		}
		v, rest, more := strings.Cut(m, ",")
		out = append(out, v)
		if !more {
			return out
		}
		m = rest
	}
	return out
}

// panos names the values of a message and makes its record.
func panos(s *host.Syslog) []record.Record {
	typ := panosType(s.Message)
	values := columns(s.Message)
	names := panosFields[typ]
	s.App, s.Code = typ, get(values, 4)
	s.Fields = s.Fields[:0:0]
	for i, v := range values {
		if i < len(names) && names[i] != "" && v != "" {
			s.Fields = append(s.Fields, record.KV{Name: names[i], Value: v})
		}
	}
	if t, err := time.Parse(panosTime, get(values, 6)); err == nil {
		s.TS = record.TimeOf(t)
	} else if t, err := time.Parse(panosTime, get(values, 1)); err == nil {
		s.TS = record.TimeOf(t)
	}
	if name := s.Get("device_name"); name != "" {
		s.Host = strings.ToLower(name)
	} else if s.Host == "" {
		s.Host = s.Get("serial")
	}
	switch typ {
	case "TRAFFIC":
		return panosTraffic(s)
	case "CONFIG":
		return panosConfig(s, values)
	case "SYSTEM":
		return panosSystem(s)
	case "GLOBALPROTECT":
		return panosGlobalProtect(s)
	}
	return nil
}

func get(values []string, i int) string {
	if i < len(values) {
		return values[i]
	}
	return ""
}

func panosTraffic(s *host.Syslog) []record.Record {
	from, to := addr(s.Get("src")), addr(s.Get("dst"))
	if !from.IsValid() || !to.IsValid() || s.Code == "start" {
		return nil
	}
	s.User = s.Get("srcuser")
	c := conn(s, s.Get("sessionid"), seconds(s.Get("elapsed")))
	if t, err := time.Parse(panosTime, s.Get("start")); err == nil {
		c.TS = record.TimeOf(t)
	}
	c.OrigH, c.RespH, c.OrigP, c.RespP = from, to, port(s.Get("sport")), port(s.Get("dport"))
	c.Proto = transport(s.Get("proto"))
	c.OrigBytes, c.RespBytes = count(s.Get("bytes_sent")), count(s.Get("bytes_received"))
	c.OrigPkts, c.RespPkts = count(s.Get("pkts_sent")), count(s.Get("pkts_received"))
	c.State = "SF"
	switch reason := s.Get("session_end_reason"); {
	case s.Code == "deny" || s.Code == "drop" || c.RespBytes.Set && c.RespBytes.V == 0:
		c.State = "S0"
	case reason == "tcp-rst-from-client":
		c.State = "RSTO"
	case reason == "tcp-rst-from-server":
		c.State = "RSTR"
	case reason == "aged-out" && c.Proto == "tcp":
		c.State = "S1"
	}
	return []record.Record{c}
}

// panosConfig is a configuration command. Custom formats add the change before
// and after; the action flags say where the rest goes on.
func panosConfig(s *host.Syslog, values []string) []record.Record {
	verbs := map[string]string{"add": "created", "clone": "created", "set": "changed", "edit": "changed", "move": "changed", "rename": "changed", "delete": "deleted", "commit": "committed", "override": "changed"}
	cmd := strings.ToLower(s.Get("cmd"))
	c := change(s, "executed")
	for verb, action := range verbs {
		if strings.HasPrefix(cmd, verb) || strings.HasPrefix(cmd, "multi-"+verb) {
			c.Action = action
		}
	}
	if strings.HasPrefix(cmd, "export") || strings.HasPrefix(cmd, "save") {
		c.Action, c.Object = "exported", "configuration"
	}
	s.User = s.Get("admin")
	c.User, c.Command, c.Via, c.Outcome = s.User, strings.Join(strings.Fields(s.Get("cmd")+" "+s.Get("path")), " "), strings.ToLower(s.Get("client")), panosResult(s.Get("result"))
	c.Source = addr(s.Get("host"))
	if c.Object == "" {
		c.Object, c.Name = panosPath(s.Get("path"))
	}
	for i := 14; i < len(values) && i < 18; i++ { // before- and after-change detail
		if strings.HasPrefix(values[i], "0x") {
			break
		}
		if strings.ContainsAny(values[i], "{<= ") {
			c.Command += " " + values[i]
		}
	}
	return []record.Record{c}
}

func panosResult(s string) string {
	switch strings.ToLower(s) {
	case "succeeded", "submitted":
		return "success"
	case "failed", "unauthorized":
		return "failure"
	}
	return ""
}

// panosPath splits "mgt-config users alice" into the kind and the name.
func panosPath(p string) (object, name string) {
	f := strings.Fields(p)
	if len(f) == 0 {
		return "", ""
	}
	return strings.Join(f[:len(f)-min(1, len(f)-1)], " "), f[len(f)-1]
}

// panosSystem knows logins of administrators, crashes and cleared logs by the
// words of the description.
func panosSystem(s *host.Syslog) []record.Record {
	s.Code = s.Get("eventid")
	d := s.Get("opaque")
	low := strings.ToLower(d)
	switch {
	case strings.HasPrefix(low, "user ") && strings.Contains(low, " logged in via "):
		l := logon(s, true, "admin:"+strings.ToLower(wordAfter(d, " logged in via ")), wordAfter(d, "ser "), addr(wordAfter(d, " from ")))
		return []record.Record{l}
	case strings.HasPrefix(low, "user ") && strings.Contains(low, " logged out"):
		off := &host.Logoff{Head: s.Head, Asked: true}
		off.User = wordAfter(d, "ser ")
		return []record.Record{off}
	case strings.Contains(low, "failed authentication for user"):
		l := logon(s, false, "admin:web", strings.Trim(wordAfter(d, " for user "), "'."), addr(strings.TrimSuffix(wordAfter(d, "From: "), ".")))
		return []record.Record{l}
	case strings.HasPrefix(s.Code, "globalprotect") && strings.Contains(s.Code, "auth-"), strings.HasPrefix(s.Code, "globalprotectgateway-regist"):
		user, _ := between(d, "User name: ", ",")
		from := addr(strings.TrimSuffix(wordAfter(d, "Login from: "), "."))
		if user == "" || strings.HasPrefix(s.Code, "globalprotectportal-auth") {
			return nil
		}
		return []record.Record{logon(s, !strings.Contains(s.Code, "fail"), "vpn:globalprotect", user, from)}
	case strings.Contains(low, "log") && (strings.Contains(low, "cleared by") || strings.Contains(low, "logs were deleted") || strings.Contains(low, "log is cleared")):
		c := change(s, "cleared")
		c.Object, c.Command, c.User = "log", d, wordAfter(d, "by user ")
		return []record.Record{c, &host.LogClear{Head: c.Head, Channel: wordAfter(d, "The ")}}
	case strings.Contains(low, "restarting") && strings.Contains(low, "exit") || strings.Contains(low, "process") && strings.Contains(low, "crashed"):
		return []record.Record{&host.Service{Head: s.Head, Action: "crashed", Name: word(d), Path: d}}
	case s.Code == "system-start" || strings.Contains(low, "system is starting") || strings.Contains(low, "the system is coming up"):
		return []record.Record{&host.Service{Head: s.Head, Action: "started", Name: "system", Path: d}}
	case strings.Contains(low, "configuration") && (strings.Contains(low, "exported") || strings.Contains(low, "export by")):
		c := change(s, "exported")
		c.Object, c.Command = "configuration", d
		return []record.Record{c}
	}
	return nil
}

// panosGlobalProtect is a step of a VPN client. A session begins with
// gateway-connected; the logins before it belong to the same session.
func panosGlobalProtect(s *host.Syslog) []record.Record {
	s.Code, s.User = s.Get("eventid"), s.Get("srcuser")
	from := addr(s.Get("public_ip"))
	if !from.IsValid() {
		from = addr(s.Get("public_ipv6"))
	}
	failed := strings.EqualFold(s.Get("status"), "failure")
	switch {
	case s.User == "":
		return nil
	case s.Code == "gateway-connected" && !failed, failed && strings.HasSuffix(s.Code, "-auth"), failed && strings.HasSuffix(s.Code, "-login"):
		l := logon(s, !failed, "vpn:globalprotect", s.User, from)
		l.Package, l.SourceHost, l.Assigned = s.Get("auth_method"), strings.ToLower(s.Get("machinename")), addr(s.Get("private_ip"))
		if l.Assigned.IsUnspecified() {
			l.Assigned = addr("")
		}
		return []record.Record{l}
	case s.Code == "gateway-logout":
		off := &host.Logoff{Head: s.Head}
		return []record.Record{off}
	}
	return nil
}
