// Package clearlogins tells where passwords cross the network in the clear:
// whoever listens has them. It is for information; it says what to mend, and
// which credentials an intruder may hold.
package clearlogins

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/proto/ftp"
	phttp "longwatch/internal/proto/http"
	"longwatch/internal/proto/imap"
	"longwatch/internal/proto/ldap"
	"longwatch/internal/proto/pop3"
	"longwatch/internal/proto/redis"
	"longwatch/internal/proto/telnet"
	"longwatch/internal/record"
)

// Detector gathers logins by service.
var Detector = detect.Spec{
	ID:         "clear-logins",
	Title:      "Passwords in the clear",
	Techniques: []attack.ID{"T1040", "T1552"},
	New:        func(detect.Env) detect.Detector { return &detector{seen: map[door]*logins{}} },
}

const maxDoors = 1 << 13

// detector keeps, to the end, who logged in where; once full, later services
// are not told of.
type detector struct{ seen map[door]*logins }

type door struct {
	resp    netip.Addr
	port    uint16
	service string
}

type logins struct {
	trail   detect.Trail
	clients []netip.Addr
	users   []string
}

// Handlers subscribes to logins whose password could be read.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(r *telnet.Record) bool { return r.Attempts > 0 && !r.Encrypt }, func(r *telnet.Record, _ detect.Reporter) {
			d.note(r, &r.Conn, "Telnet", r.User)
		}),
		detect.OnIf(func(r *ftp.Record) bool {
			return r.Password == "<hidden>" && r.User != "" && !slices.Contains([]string{"anonymous", "ftp", "guest", "<unknown>"}, strings.ToLower(r.User))
		}, func(r *ftp.Record, _ detect.Reporter) { d.note(r, &r.Conn, "FTP", r.User) }),
		detect.OnIf(func(r *pop3.Record) bool { return r.Auth == "USER" && r.User != "" && !r.TLS && r.Success.V }, func(r *pop3.Record, _ detect.Reporter) {
			d.note(r, &r.Conn, "POP3", r.User)
		}),
		detect.OnIf(func(r *imap.Record) bool { return r.Auth == "LOGIN" && r.User != "" && !r.TLS && r.Success.V }, func(r *imap.Record, _ detect.Reporter) {
			d.note(r, &r.Conn, "IMAP", r.User)
		}),
		detect.OnIf(func(m *ldap.Message) bool {
			return strings.HasPrefix(m.Opcode, "bind simple") && m.Object != "" && m.Argument == "REDACTED" && m.Result == "success"
		}, func(m *ldap.Message, _ detect.Reporter) { d.note(m, &m.Conn, "LDAP", m.Object) }),
		detect.OnIf(func(r *redis.Command) bool { return strings.EqualFold(r.Name, "AUTH") && r.Success.V }, func(r *redis.Command, _ detect.Reporter) {
			d.note(r, &r.Conn, "Redis", r.User)
		}),
		detect.OnIf(func(r *phttp.Request) bool {
			return r.Username != "" && r.StatusCode.V/100 == 2
		}, func(r *phttp.Request, _ detect.Reporter) { d.note(r, &r.Conn, "HTTP", r.Username) }),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) note(r record.Record, c *record.Conn, service, user string) {
	if c.OrigH.IsLoopback() {
		return
	}
	k := door{c.RespH, c.RespP, service}
	l := d.seen[k]
	if l == nil {
		if len(d.seen) >= maxDoors {
			return
		}
		l = &logins{}
		d.seen[k] = l
	}
	l.trail.Add(r)
	if len(l.clients) < 16 && !slices.Contains(l.clients, c.OrigH) {
		l.clients = append(l.clients, c.OrigH)
	}
	if user != "" && len(l.users) < 16 && !slices.Contains(l.users, user) {
		l.users = append(l.users, user)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, l := range d.seen {
		out.Report(l.trail.Finding(finding.Info, 90,
			finding.Because("%v logged in to %s of %v port %d with passwords that anybody on the way can read; accounts: %q", l.clients, k.service, k.resp, k.port, l.users)))
	}
}
