package appliance

import (
	"net/netip"
	"regexp"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// isBIGIP knows what F5 BIG-IP writes to /var/log/audit and to the logs of its
// web server (F5 K5532, K19784568): AUDIT lines of tmsh, mcpd, icrd_child and
// httpd, and ssl_acc lines.
func isBIGIP(s *host.Syslog) bool {
	return strings.Contains(s.Message, "AUDIT - ") || strings.HasPrefix(s.Message, "[ssl_acc]") || strings.HasPrefix(s.Message, "[ssl_req]")
}

var (
	bigipTMSH = regexp.MustCompile(`AUDIT - pid=\d+ user=(\S+) folder=(\S*) module=(\S+?)# status=\[(.*?)\] cmd_data=(.*)$`)
	bigipMCP  = regexp.MustCompile(`AUDIT - (?:client (\S+), )?user (\S+) - (?:transaction #\S+ - )?object \d+ - (create|create_if|modify|delete|obj_delete|create_user|user_create)?\S* ?\{ ?(\S+) ?\{(.*?)\}? ?\}? ?\[Status=(.*?)\]`)
	bigipPAM  = regexp.MustCompile(`AUDIT - (?:user \S+ - )?RAW: ([a-z]+)\S*: [Uu]ser=([^( ]+).*? host=(\S+)`)
	bigipAcc  = regexp.MustCompile(`^\[ssl_acc\] (\S+) \S+ (\S+) \[([^\]]+)\] "(.*?)" (\d{3}) (\d+|-)`)
	bigipReq  = regexp.MustCompile(`^\[ssl_req\]\[([^\]]+)\] (\S+) \S+ \S+ "(.*?)" (\d+|-)`)
)

func bigip(s *host.Syslog) []record.Record {
	one := func(r record.Record) []record.Record { return []record.Record{r} }
	if code, _, ok := strings.Cut(s.Message, ":"); ok && len(code) == 8 {
		s.Code = code // as 01420002, from F5's list of messages
	}
	if f := bigipTMSH.FindStringSubmatch(s.Message); f != nil {
		c := change(s, "executed")
		s.User, c.User, c.Command, c.Outcome = f[1], f[1], strings.TrimSpace(f[5]), bigipStatus(f[4])
		c.Via = map[bool]string{true: "api", false: "tmsh"}[strings.HasPrefix(s.App, "icrd")]
		bigipCommand(c)
		return one(c)
	}
	if f := bigipPAM.FindStringSubmatch(s.Message); f != nil {
		via := map[string]string{"httpd": "https", "sshd": "ssh"}[f[1]]
		failed := strings.Contains(s.Message, "failed to login")
		if !failed && strings.Contains(s.Message, ` end="`) {
			off := &host.Logoff{Head: s.Head, Asked: true}
			off.User = f[2]
			return one(off)
		}
		return one(logon(s, !failed, "admin:"+via, f[2], addr(f[3])))
	}
	if f := bigipMCP.FindStringSubmatch(s.Message); f != nil {
		c := change(s, map[bool]string{true: "created", false: "changed"}[strings.HasPrefix(f[3], "create")])
		if strings.Contains(f[3], "delete") {
			c.Action = "deleted"
		}
		s.User, c.User, c.Via, c.Object, c.Command, c.Outcome = f[2], f[2], f[1], f[4], strings.TrimSpace(f[5]), bigipStatus(f[6])
		if c.Name = wordAfter(f[5], "_name "); c.Name == "" {
			c.Name = wordAfter(f[5], "_user ")
		}
		return one(c)
	}
	if f := bigipAcc.FindStringSubmatch(s.Message); f != nil {
		return bigipRequest(s, f[1], f[2], f[3], f[4], f[5])
	}
	if f := bigipReq.FindStringSubmatch(s.Message); f != nil {
		return bigipRequest(s, f[2], "-", f[1], f[3], "0")
	}
	return nil
}

func bigipStatus(s string) string {
	if strings.HasPrefix(s, "Command OK") {
		return "success"
	}
	return "failure"
}

// bigipCommand sorts a tmsh command by its verb and what it is about.
func bigipCommand(c *host.ConfigChange) {
	w := strings.Fields(c.Command)
	if len(w) < 2 {
		return
	}
	switch w[0] {
	case "create", "install":
		c.Action = "created"
	case "modify", "edit", "replace-all-with", "load":
		c.Action = "changed"
	case "delete":
		c.Action = "deleted"
	case "save":
		if len(w) > 2 && w[2] == "ucs" {
			c.Action, c.Object = "exported", "configuration"
			return
		}
	}
	if c.Action != "executed" && len(w) > 2 {
		c.Object, c.Name = w[1]+" "+w[2], ""
		if len(w) > 3 {
			c.Name = w[3]
		}
	}
}

// bigipRequest is a request to the management interface. What the line calls a
// request is its path alone.
func bigipRequest(s *host.Syslog, client, user, at, request, status string) []record.Record {
	a := &web.Access{Head: s.Head.Head, Server: s.Host, Product: "bigip"}
	if t, err := time.Parse("02/Jan/2006:15:04:05 -0700", at); err == nil {
		a.TS = record.TimeOf(t)
	}
	a.ClientIP, _ = netip.ParseAddr(client)
	if user != "-" {
		a.User = user
	}
	if method, rest, ok := strings.Cut(request, " "); ok && method == strings.ToUpper(method) {
		a.Method, request = method, strings.TrimSuffix(rest, " HTTP/1.1")
	}
	a.Stem, a.Query, _ = strings.Cut(request, "?")
	a.Status = port(status)
	return []record.Record{a}
}
