package appliance

import (
	"regexp"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// asaCode is the number of an ASA or FTD message, "%ASA-5-111008" (Cisco Secure
// Firewall ASA Series Syslog Messages), empty when it is none.
func asaCode(m string) string {
	for _, mark := range []string{"%ASA-", "%FTD-", "%PIX-"} {
		i := strings.Index(m, mark)
		if i < 0 || i > 128 {
			continue
		}
		code := m[i+len(mark):]
		if j := strings.IndexByte(code, '-'); j >= 0 && j < 10 { // %ASA-session-6-302013 names the class
			code = code[j+1:]
		}
		if j := strings.IndexByte(code, '-'); j >= 0 && j < 3 {
			code = code[j+1:]
		}
		if len(code) >= 6 && strings.Trim(code[:6], "0123456789") == "" {
			return code[:6]
		}
	}
	return ""
}

var (
	asaBuilt    = regexp.MustCompile(`^Built (inbound|outbound) (\S+) connection (\d+) `)
	asaTeardown = regexp.MustCompile(`^Teardown (\S+) connection (\d+) for ([^ :]*):(\S+?)(?:\(\S*\))? to ([^ :]*):(\S+?)(?:\(\S*\))? duration ([\d:]+)(?: bytes (\d+))?(.*)$`)
	asaDenied   = regexp.MustCompile(`^Deny (\S+) src ([^ :]*):(\S+?)(?:\(.*?\))? dst ([^ :]*):(\S+?)(?:\(.*?\))? (?:\(type|by)`)
	asaList     = regexp.MustCompile(`^access-list \S+ (permitted|denied|est-allowed) (\S+) \S+?/(\S+?)\((\d+)\)(?:\(.*?\))? -> \S+?/(\S+?)\((\d+)\)`)
	asaUser     = regexp.MustCompile(`(?:Username =|User(?:name)?:?|user =|Uname:) ?[<'"]?([^>'", ]+)[>'",]?`)
	asaIP       = regexp.MustCompile(`(?:\bIP address:|\bIP =|\buser IP =|\bIP|\bAddr) ?<?([0-9A-Fa-f.:]+)>?`)
)

// maxOutward bounds the connections whose direction is remembered; when it is
// reached all are forgotten.
const maxOutward = 1 << 16

func (r *Reader) asa(s *host.Syslog) []record.Record {
	s.Code = asaCode(s.Message)
	m := s.Message
	if s.Code == "" {
		s.Code = asaCode(s.App)
	} else if i := strings.Index(m, s.Code); i >= 0 {
		m = m[i+len(s.Code):]
	}
	m = strings.TrimLeft(m, ": ")
	switch s.Code {
	case "302013", "302015", "302017":
		if f := asaBuilt.FindStringSubmatch(m); f != nil && f[1] == "outbound" {
			if r.outward == nil || len(r.outward) >= maxOutward {
				r.outward = map[string]bool{}
			}
			r.outward[s.Host+" "+f[3]] = true
		}
	case "302014", "302016", "302018":
		return r.asaTeardown(s, m)
	case "106023":
		if f := asaDenied.FindStringSubmatch(m); f != nil {
			return asaRefused(s, f[1], f[3], f[5])
		}
	case "106100":
		if f := asaList.FindStringSubmatch(m); f != nil && f[1] == "denied" {
			return asaRefused(s, f[2], f[3]+"/"+f[4], f[5]+"/"+f[6])
		}
	case "106001", "106006", "106007", "106015":
		proto := "tcp"
		if strings.Contains(m, "UDP") {
			proto = "udp"
		}
		return asaRefused(s, proto, wordAfter(m, " from "), wordAfter(m, " to "))
	default:
		return asaAdmin(s, m)
	}
	return nil
}

// asaTeardown is a connection that ended. The message names the side of lower
// security first; who opened it stood in the message that announced it.
func (r *Reader) asaTeardown(s *host.Syslog, m string) []record.Record {
	f := asaTeardown.FindStringSubmatch(m)
	if f == nil {
		return nil
	}
	c := conn(s, f[2], clock(f[7]))
	c.OrigH, c.OrigP = endpoint(f[4])
	c.RespH, c.RespP = endpoint(f[6])
	key := s.Host + " " + f[2]
	if r.outward[key] {
		delete(r.outward, key)
		c.OrigH, c.OrigP, c.RespH, c.RespP = c.RespH, c.RespP, c.OrigH, c.OrigP
	}
	if !c.OrigH.IsValid() || !c.RespH.IsValid() {
		return nil
	}
	c.Proto = transport(f[1])
	c.State = "SF" // the bytes are those of both directions in one number, which no field is for
	switch {
	case strings.Contains(f[9], "SYN Timeout"), f[8] == "0":
		c.State = "S0"
	case strings.Contains(f[9], "Reset-I"), strings.Contains(f[9], "Reset-O"):
		c.State = "RSTO"
	}
	return []record.Record{c}
}

func asaRefused(s *host.Syslog, proto, from, to string) []record.Record {
	c := conn(s, "", 0)
	c.OrigH, c.OrigP = endpoint(from)
	c.RespH, c.RespP = endpoint(to)
	if !c.OrigH.IsValid() || !c.RespH.IsValid() {
		return nil
	}
	c.Proto, c.State = transport(proto), "S0"
	return []record.Record{c}
}

// asaAdmin is a login, a command or a VPN session.
func asaAdmin(s *host.Syslog, m string) []record.Record {
	user, from := first(asaUser, m), addr(first(asaIP, m))
	one := func(r record.Record) []record.Record { return []record.Record{r} }
	switch s.Code {
	case "111008", "111010":
		c := change(s, "executed")
		c.Command, _ = between(m, "executed ", "")
		c.Command = strings.Trim(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(c.Command, "."), "the "), " command"), "'\" ")
		if user, _ = between(m, "User '", "'"); user != "" {
			c.User = user
		}
		if s.Code == "111010" {
			c.Via, c.Source = strings.ToLower(strings.Trim(wordAfter(m, "running "), "'")), addr(wordAfter(m, "from IP "))
		}
		if c.Command == "" {
			return nil
		}
		return one(c)
	case "605005", "605004":
		to := wordAfter(m, " to ")
		a, _ := endpoint(strings.TrimSuffix(wordAfter(m, " from "), "."))
		via := to[strings.LastIndexByte(to, '/')+1:]
		return one(logon(s, s.Code == "605005", "admin:"+via, strings.Trim(wordAfter(m, "for user "), `"`), a))
	case "611101", "611102", "113012", "113004", "113005", "113015":
		if user == "" || !from.IsValid() {
			return nil // the session's own message has the address
		}
		process := "aaa"
		if strings.HasPrefix(s.Code, "611") {
			process = "admin"
		}
		return one(logon(s, s.Code == "611101" || s.Code == "113012" || s.Code == "113004", process, user, from))
	case "113039", "716001", "734001":
		return one(logon(s, true, "vpn:anyconnect", user, from))
	case "716039":
		return one(logon(s, false, "vpn:anyconnect", user, from))
	case "722051", "722022":
		l := logon(s, true, "vpn:anyconnect", user, from)
		l.Assigned = addr(wordAfter(m, "IPv4 Address "))
		return one(l)
	case "713228":
		l := logon(s, true, "vpn:ipsec", user, from)
		l.Assigned = addr(wordAfter(m, "Assigned private IP address "))
		return one(l)
	case "113019", "716002":
		off := &host.Logoff{Head: s.Head}
		off.User = user
		return one(off)
	case "502101", "502102", "502103":
		actions := map[string]string{"502101": "created", "502102": "deleted", "502103": "changed"}
		c := change(s, actions[s.Code])
		c.Object, c.Name, c.Command = "username", user, m
		return one(c)
	case "199005", "199006":
		return one(&host.Service{Head: s.Head, Action: "started", Name: "system", Path: m})
	}
	return nil
}

// first is the first group of the first match.
func first(re *regexp.Regexp, s string) string {
	if f := re.FindStringSubmatch(s); f != nil {
		return f[1]
	}
	return ""
}
