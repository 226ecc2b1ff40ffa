package appliance

import (
	"regexp"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// isIvanti knows the messages of Ivanti Connect Secure and its ancestors (Pulse,
// Juniper SA) in the WebTrends format, id=firewall … vpn= … msg="AUT24326: …",
// and in the standard one, "… - ive - [203.0.113.9] user(realm)[role] - text".
func isIvanti(s *host.Syslog) bool {
	if s.Get("id") == "firewall" && (s.Get("vpn") != "" || s.Get("ivs") != "" || strings.Contains(s.Message, " realm=")) {
		return true
	}
	return ivantiStandard.MatchString(s.Message)
}

var (
	ivantiStandard = regexp.MustCompile(`^(?:- \S+ - )?(?:(\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d) )?- ?(\S+) - \[([0-9A-Fa-f.:]+)\] (?:(.*?)\(|(?:.*?)::)(.*?)\)?\[(.*?)\] - (.*)$`)
	ivantiID       = regexp.MustCompile(`\b(A[DU][MT]|NWC|SYS|ERR|LIC|WEB|FIL|GAX|USR|IDP|PTR|JAV|EAM|ECM|TLS|MTG)(\d{5})\b`)
)

// ivantiEvent is a message in either format.
type ivantiEvent struct {
	id, text, user, realm string
	from                  string
}

func ivantiOf(s *host.Syslog) ivantiEvent {
	var e ivantiEvent
	if s.Get("id") == "firewall" {
		e = ivantiEvent{text: s.Get("msg"), user: s.Get("user"), realm: s.Get("realm"), from: s.Get("src")}
		if name := s.Get("vpn"); s.Host == "" && name != "" {
			s.Host = strings.ToLower(name)
		}
		if t, err := time.Parse("2006-01-02 15:04:05", s.Get("time")); err == nil {
			s.TS = record.TimeOf(t)
		}
	} else if f := ivantiStandard.FindStringSubmatch(s.Message); f != nil {
		e = ivantiEvent{text: f[7], user: f[4], realm: f[5], from: f[3]}
		if t, err := time.Parse("2006-01-02 15:04:05", strings.ReplaceAll(f[1], "/", "-")); err == nil {
			s.TS = record.TimeOf(t)
		}
	}
	e.id = ivantiID.FindString(e.text)
	if e.id == "" {
		e.id = ivantiID.FindString(s.Message)
	}
	if i := strings.IndexByte(e.user, ':'); i >= 0 { // node::user
		e.user = strings.TrimLeft(e.user[i:], ":")
	}
	s.Code = e.id
	if s.User = e.user; e.user == "System" {
		s.User = ""
	}
	return e
}

// ivanti goes by message number where the number is documented, else by words:
// versions agree on these more than on numbers.
func ivanti(s *host.Syslog) []record.Record {
	e := ivantiOf(s)
	low := strings.ToLower(e.text)
	admin := strings.Contains(strings.ToLower(e.realm), "admin")
	process := "vpn:connect-secure"
	if admin {
		process = "admin:web"
	}
	one := func(r record.Record) []record.Record { return []record.Record{r} }
	switch {
	case strings.Contains(low, "unauthenticated request url"): // AUT31556
		return ivantiRequest(s, e)
	case e.id == "SYS32039" || e.id == "SYS32040" || strings.Contains(low, "integrity check") && (strings.Contains(low, "files were found") || strings.Contains(low, "mismatch")):
		c := change(s, "changed")
		c.Object, c.Command, c.Via = "file integrity", e.text, "integrity checker"
		return one(c)
	case e.id == "ERR31093" || strings.HasPrefix(low, "program ") && strings.Contains(low, "recently failed"):
		return one(&host.Service{Head: s.Head, Action: "crashed", Name: wordAfter(low, "rogram "), Path: e.text})
	case strings.Contains(low, "system rebooted") || strings.Contains(low, "system restarted") || strings.Contains(low, "starting services"):
		return one(&host.Service{Head: s.Head, Action: "started", Name: "system", Path: e.text})
	case e.id == "AUT24327" || strings.Contains(low, "login failed") || strings.Contains(low, "authentication failed"):
		return one(logon(s, false, process, e.user, addr(e.from)))
	case e.id == "AUT31504" || e.id == "AUT22670" || strings.HasPrefix(trimID(low), "login succeeded"):
		return one(logon(s, true, process, e.user, addr(e.from)))
	case strings.Contains(low, "session started for user with ip") || e.id == "NWC30477" || e.id == "NWC23464":
		l := logon(s, true, "vpn:connect-secure", e.user, addr(e.from))
		for _, before := range []string{"IPv4 address ", "IP address ", "with IP "} {
			if a := addr(wordAfter(e.text, before)); a.IsValid() && !l.Assigned.IsValid() {
				l.Assigned = a
			}
		}
		return one(l)
	case strings.HasPrefix(trimID(low), "logout") || strings.Contains(low, "session timed out") || strings.Contains(low, "logged out"):
		off := &host.Logoff{Head: s.Head, Asked: strings.Contains(low, "logout")}
		return one(off)
	case strings.Contains(low, "log") && (strings.Contains(low, "cleared") || strings.Contains(low, "deleted all")) && !strings.Contains(low, "login"):
		c := change(s, "cleared")
		c.Object, c.Command, c.Source = "log", e.text, addr(e.from)
		return []record.Record{c, &host.LogClear{Head: s.Head, Channel: wordAfter(low, "cleared ")}}
	case strings.HasPrefix(e.id, "ADM"):
		return one(ivantiChange(s, e, low))
	}
	return nil
}

// trimID cuts the message number off the front.
func trimID(text string) string {
	if id, rest, ok := strings.Cut(text, ": "); ok && len(id) == 8 {
		return rest
	}
	return text
}

func ivantiChange(s *host.Syslog, e ivantiEvent, low string) *host.ConfigChange {
	c := change(s, "changed")
	for words, action := range map[string]string{"exported": "exported", "backed up": "exported", "imported": "imported", "created": "created", "added": "created", "deleted": "deleted", "removed": "deleted"} {
		if strings.Contains(low, words) {
			c.Action = action
		}
	}
	c.Command, c.Source, c.Via = e.text, addr(e.from), "web"
	switch {
	case c.Action == "exported" || c.Action == "imported":
		c.Object = "configuration"
	case strings.Contains(low, "administrator") || strings.Contains(low, "user account") || strings.Contains(low, "added user"):
		c.Object = "user"
	}
	return c
}

// ivantiRequest is a request without a session, which the appliance logs with
// its path: the trace that CVE-2023-46805 and its kin leave.
func ivantiRequest(s *host.Syslog, e ivantiEvent) []record.Record {
	a := &web.Access{Head: s.Head.Head, Server: s.Host, Product: "ivanti"}
	url := wordAfter(e.text, "url ")
	a.Stem, a.Query, _ = strings.Cut(url, "?")
	a.ClientIP = addr(strings.TrimSuffix(wordAfter(e.text, "IP "), "."))
	if !a.ClientIP.IsValid() {
		a.ClientIP = addr(e.from)
	}
	return []record.Record{a}
}
