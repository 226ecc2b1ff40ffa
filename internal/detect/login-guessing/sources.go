package loginguessing

import (
	"net/http"
	"net/netip"
	"strings"

	"longwatch/internal/detect"
	"longwatch/internal/proto/ftp"
	phttp "longwatch/internal/proto/http"
	"longwatch/internal/proto/imap"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ldap"
	"longwatch/internal/proto/mysql"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/pop3"
	"longwatch/internal/proto/postgresql"
	"longwatch/internal/proto/radius"
	"longwatch/internal/proto/rdp"
	"longwatch/internal/proto/redis"
	"longwatch/internal/proto/rfb"
	"longwatch/internal/proto/sip"
	"longwatch/internal/proto/ssh"
	"longwatch/internal/proto/tds"
	"longwatch/internal/proto/telnet"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// smallShell is how much a server says in an SSH connection at most whose
// login failed: keys, a banner and a few refusals. A command's output or a
// window of a shell adds to that.
const smallShell = 6000

// Handlers subscribes to logins of all kinds.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *network.Conn) bool {
			return strings.Contains(c.Service, "ssh") && c.RespBytes.V <= smallShell && c.OrigBytes.V <= smallShell
		}, func(c *network.Conn, _ detect.Reporter) { *d.shells.At(c.UID, c.TS) = true }),
		detect.OnIf(func(r *ssh.Record) bool { return r.Client != "" }, d.ssh),
		detect.OnIf(func(r *rdp.Session) bool { return r.OrigH != r.RespH }, func(r *rdp.Session, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "RDP", r.Cookie, attempt{unclear: 1}))
		}),
		detect.OnIf(func(r *ftp.Record) bool { return r.User != "anonymous" && r.User != "<unknown>" }, func(r *ftp.Record, _ detect.Reporter) {
			refused := r.Command == "PASS" && r.ReplyCode.V/100 == 5 || r.ReplyCode.V == 530
			d.note(over(&r.Conn, r, "FTP", r.User, outcome(!refused, 1)))
		}),
		detect.OnIf(func(r *telnet.Record) bool { return r.Attempts > 0 }, func(r *telnet.Record, _ detect.Reporter) {
			a := attempt{failed: int(min(r.Failures, 100)), good: r.Success.V}
			if a.failed == 0 && !r.Success.Set {
				a.unclear = 1
			}
			d.note(over(&r.Conn, r, "Telnet", r.User, a))
		}),
		detect.OnIf(func(r *pop3.Record) bool { return r.Failures > 0 || r.Success.Set }, func(r *pop3.Record, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "POP3", r.User, attempt{failed: int(min(r.Failures, 100)), good: r.Success.V}))
		}),
		detect.OnIf(func(r *imap.Record) bool { return r.Failures > 0 || r.Success.Set }, func(r *imap.Record, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "IMAP", r.User, attempt{failed: int(min(r.Failures, 100)), good: r.Success.V}))
		}),
		detect.OnIf(func(r *rfb.Session) bool { return r.Auth.Set && r.Method != "None" }, func(r *rfb.Session, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "VNC", "", outcome(r.Auth.V, 1)))
		}),
		detect.OnIf(func(r *tds.Session) bool { return r.Success.Set }, func(r *tds.Session, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "SQL Server", r.User, outcome(r.Success.V, 1)))
		}),
		detect.OnIf(func(r *mysql.Command) bool { return r.Cmd == "login" && r.Success.Set }, func(r *mysql.Command, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "MySQL", r.User, outcome(r.Success.V, 1)))
		}),
		detect.OnIf(func(r *postgresql.Exchange) bool {
			return r.Backend == "auth_ok" || strings.Contains(r.BackendArg.V, "28P01") || strings.Contains(r.BackendArg.V, "28000")
		}, func(r *postgresql.Exchange, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "PostgreSQL", r.User, outcome(r.Backend == "auth_ok", 1)))
		}),
		detect.OnIf(func(r *redis.Command) bool { return strings.EqualFold(r.Name, "AUTH") && r.Success.Set }, func(r *redis.Command, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "Redis", r.User, outcome(r.Success.V, 1)))
		}),
		detect.OnIf(func(r *sip.Record) bool {
			return r.Method == "REGISTER" && r.AuthUser != "" && (r.StatusCode.V == 200 || r.StatusCode.V == http.StatusUnauthorized || r.StatusCode.V == http.StatusForbidden)
		}, func(r *sip.Record, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "SIP", r.AuthUser, outcome(r.StatusCode.V == http.StatusOK, 1)))
		}),
		detect.OnIf(func(r *phttp.Request) bool { return r.Username != "" && r.StatusCode.Set }, func(r *phttp.Request, _ detect.Reporter) {
			d.note(over(&r.Conn, r, "HTTP", r.Username, outcome(r.StatusCode.V != http.StatusUnauthorized && r.StatusCode.V != http.StatusForbidden, 1)))
		}),
		detect.OnIf(func(m *ldap.Message) bool {
			return strings.HasPrefix(m.Opcode, "bind simple") && m.Object != "" && (m.Result == "success" || m.Result == "invalid credentials")
		}, func(m *ldap.Message, _ detect.Reporter) {
			d.note(asDirectory(over(&m.Conn, m, "LDAP", m.Object, outcome(m.Result == "success", 1))))
		}),
		detect.OnIf(func(x *kerberos.Exchange) bool {
			return x.RequestType == "AS" && (x.Success.V || x.ErrorMsg == "KDC_ERR_PREAUTH_FAILED" || x.ErrorMsg == "KDC_ERR_C_PRINCIPAL_UNKNOWN")
		}, func(x *kerberos.Exchange, _ detect.Reporter) {
			d.note(asDirectory(over(&x.Conn, x, "Kerberos", x.Client, outcome(x.Success.V, 1))))
		}),
		detect.OnIf(func(a *ntlm.Auth) bool { return a.Username != "" && (a.Success.Set || a.Accepted.Set) }, func(a *ntlm.Auth, _ detect.Reporter) {
			d.note(asDirectory(over(&a.Conn, a, "NTLM", a.Username, outcome(a.Success.V || a.Accepted.V, 1))))
		}),
		detect.OnIf(func(r *radius.Record) bool {
			return r.Username != "" && (r.Result == "success" || r.Result == "failed")
		}, func(r *radius.Record, _ detect.Reporter) {
			a := over(&r.Conn, r, "RADIUS", r.Username, outcome(r.Result == "success", 1))
			if r.Calling != "" {
				a.source = r.Calling // the access server asks for everybody
			}
			d.note(asDirectory(a))
		}),
		detect.OnIf(func(l *host.Logon) bool {
			return l.Source.IsValid() && !l.Source.IsLoopback() && (l.Outcome == "failure" || l.Outcome == "success") && l.Target != ""
		}, func(l *host.Logon, _ detect.Reporter) {
			a := outcome(l.Outcome == "success", 1)
			a.rec, a.source, a.target, a.user, a.service, a.directory = l, l.Source.String(), l.Host, l.Target, "logons", true
			d.note(a)
		}),
		detect.AtEnd(d.judge),
	}
}

// ssh takes what the parser inferred from the sizes of packets. Where that is
// unclear, a session too small to be of use counts as half a refusal.
func (d *detector) ssh(r *ssh.Record, _ detect.Reporter) {
	a := attempt{}
	switch {
	case r.AuthSuccess.V:
		a.good = true
	case r.AuthSuccess.Set || r.Attempts > 0:
		a.failed = int(max(1, min(r.Attempts, 100)))
	case d.shells.Peek(r.UID, r.TS) != nil:
		a.unclear = 1
	default:
		return
	}
	d.note(over(&r.Conn, r, "SSH", "", a))
}

func outcome(good bool, n int) attempt {
	if good {
		return attempt{good: true}
	}
	return attempt{failed: n}
}

func over(c *record.Conn, r record.Record, service, user string, a attempt) attempt {
	a.rec, a.source, a.target, a.service, a.user = r, c.OrigH.String(), c.RespH.String(), service, user
	return a
}

func asDirectory(a attempt) attempt {
	a.directory = true
	return a
}

// inHome tells whether a source is an own address; what is no address is taken
// for one's own.
func inHome(env detect.Env, source string) bool {
	a, err := netip.ParseAddr(source)
	return err != nil || env.Home(a)
}
