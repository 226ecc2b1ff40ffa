// Package appliancelogin finds logins to network appliances and their VPNs that
// an intruder makes: the console reached from outside, an account that comes in
// by VPN from where it never came from and goes on to administer inner hosts,
// and the first login or account after the VPN's daemon crashed.
package appliancelogin

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// Detector joins logins with what comes before and after them.
var Detector = detect.Spec{
	ID:         "appliance-login",
	Title:      "Login to an appliance as an intruder makes it",
	Techniques: []attack.ID{"T1133", "T1078"},
	Dossier:    []string{"VT-04", "TH-03"},
	New: func(env detect.Env) detect.Detector {
		return &detector{
			env: env, known: map[origin]arrival{}, users: map[string]bool{}, consoles: recent.New[console, knocks](24*time.Hour, 1<<12),
			tunnels: recent.New[netip.Addr, tunnel](12*time.Hour, 1<<13), crashes: recent.New[string, crash](24*time.Hour, 1<<10),
		}
	},
}

const (
	settled      = 24 * time.Hour     // an origin seen so long ago is the account's own
	learning     = 7 * 24 * time.Hour // before that, an account's first login says nothing: the log has only begun
	leastTargets = 2                  // inner hosts administered through one tunnel
	maxKnown     = 1 << 17            // origins of accounts; later ones count as known
)

// remote are the ports through which hosts are administered.
var remote = []uint16{22, 135, 139, 445, 3389, 5985, 5986}

// detector keeps, to the end, from which networks each account came; for half a
// day what each tunnel's address opened; for a day crashes and refused logins.
type detector struct {
	env      detect.Env
	known    map[origin]arrival
	users    map[string]bool // accounts that came in by VPN
	begin    record.Time     // of the first login seen
	consoles *recent.Map[console, knocks]
	tunnels  *recent.Map[netip.Addr, tunnel]
	crashes  *recent.Map[string, crash]
}

type origin struct {
	user string
	net  netip.Prefix
}

// arrival is when an account first came from somewhere.
type arrival struct {
	first   record.Time
	strange bool // it had come from elsewhere before, or logins had been seen for long
}

type console struct {
	host string
	from netip.Addr
}

type knocks struct {
	trail   detect.Trail
	refused int
	told    bool
}

type tunnel struct {
	trail   detect.Trail
	user    string
	from    netip.Addr
	targets []netip.Addr
	told    bool
}

type crash struct {
	trail detect.Trail
	what  string
	told  bool
}

// Handlers subscribes to logins, crashes, changes and inner connections.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(l *host.Logon) bool { return gate(l) != "" && l.Source.IsValid() }, d.login),
		detect.OnIf(func(s *host.Service) bool { return s.Action == "crashed" && edgeDaemon(s.Name) }, d.crashed),
		detect.OnIf(func(c *host.ConfigChange) bool {
			return c.Action == "created" && strings.Contains(strings.ToLower(c.Object), "user") || c.Object == "system.admin"
		}, d.created),
		detect.OnIf(func(c *network.Conn) bool {
			return slices.Contains(remote, c.RespP) && c.State != "S0" && c.State != "REJ"
		}, d.conn),
	}
}

// gate is "vpn" or "admin" for logins to appliances, empty for others.
func gate(l *host.Logon) string {
	kind, _, ok := strings.Cut(l.Process, ":")
	if ok && (kind == "vpn" || kind == "admin") {
		return kind
	}
	return ""
}

// edgeDaemon tells whether a program is one that a VPN appliance faces the
// internet with.
func edgeDaemon(name string) bool {
	name = strings.ToLower(name)
	for _, n := range []string{"sslvpn", "httpsd", "fnbamd", "gpsvc", "nsppe", "nsaaad", "web", "dsserver", "httpd", "charon", "iked"} {
		if strings.HasPrefix(name, n) {
			return true
		}
	}
	return false
}

func (d *detector) outside(a netip.Addr) bool {
	return a.IsValid() && !d.env.Home(a) && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// network is the block that an address belongs to: a provider's customers move
// within it.
func block(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits)
	return p
}

func (d *detector) login(l *host.Logon, out detect.Reporter) {
	if gate(l) == "admin" {
		d.console(l, out)
		return
	}
	if l.Outcome != "success" {
		return
	}
	if d.begin == 0 {
		d.begin = l.TS
	}
	user := strings.ToLower(l.Target)
	o := origin{user, block(l.Source)}
	a, seen := d.known[o]
	if !seen {
		if len(d.known) >= maxKnown {
			return
		}
		a = arrival{first: l.TS, strange: d.users[user] || l.TS.Sub(d.begin) > learning}
		d.known[o] = a
		d.users[user] = true
	}
	if l.TS.Sub(a.first) > settled || !d.outside(l.Source) {
		return
	}
	if a.strange || privileged(user) {
		d.afterCrash(l, out)
	}
	if l.Assigned.IsValid() && (a.strange || d.crashes.Peek(l.Host, l.TS) != nil) {
		t := d.tunnels.At(l.Assigned, l.TS)
		*t = tunnel{user: l.Target, from: l.Source}
		t.trail.Add(l)
	}
}

// privileged tells whether an account's name is one of administration or of a
// service, which have no business with a VPN.
func privileged(user string) bool {
	if i := strings.LastIndexAny(user, `\/`); i >= 0 {
		user = user[i+1:]
	}
	for _, n := range []string{"adm", "svc", "service", "root", "backup", "ldap", "sql"} {
		if strings.HasPrefix(user, n) || strings.HasSuffix(user, "-"+n) || strings.HasSuffix(user, "_"+n) || strings.HasSuffix(user, ".adm") {
			return true
		}
	}
	return false
}

// console is an administrator's login; from outside there should be none.
func (d *detector) console(l *host.Logon, out detect.Reporter) {
	if !d.outside(l.Source) {
		return
	}
	k := d.consoles.At(console{l.Host, l.Source}, l.TS)
	if !k.trail.Add(l) {
		return
	}
	if l.Outcome != "success" {
		k.refused++
		return
	}
	if k.told {
		return
	}
	k.told = true
	severity, confidence := finding.Medium, uint8(65)
	why := []string{finding.Because("the administration of %s (%s) was reached from %v, outside the own networks, and let in %q", l.Host, strings.TrimPrefix(l.Process, "admin:"), l.Source, l.Target)}
	if k.refused >= 5 {
		severity, confidence = finding.High, 80
		why = append(why, finding.Because("%d logins of the same address were refused before", k.refused))
	}
	f := k.trail.Finding(severity, confidence, append(why, "consoles of appliances belong to a network of their own; ask whose address it is")...)
	f.Title, f.Dossier = "Console of an appliance reached from outside", nil
	out.Report(f)
}

func (d *detector) crashed(s *host.Service, _ detect.Reporter) {
	c := d.crashes.At(s.Host, s.TS)
	c.trail.Add(s)
	c.what = s.Name
}

// afterCrash reports the first login from a new place within a day of a crash.
func (d *detector) afterCrash(l *host.Logon, out detect.Reporter) {
	c := d.crashes.Peek(l.Host, l.TS)
	if c == nil || c.told {
		return
	}
	c.told = true
	c.trail.Add(l)
	f := c.trail.Finding(finding.Medium, 55,
		finding.Because("%q of %s crashed, and within a day %q came in by VPN from %v, from where it never came before", c.what, l.Host, l.Target, l.Source))
	f.Title, f.Dossier = "New VPN login after the VPN's daemon crashed", []string{"TH-03", "VT-04"}
	out.Report(f)
}

// created reports an account that was made within a day of a crash.
func (d *detector) created(c *host.ConfigChange, out detect.Reporter) {
	k := d.crashes.Peek(c.Host, c.TS)
	if k == nil || k.told {
		return
	}
	k.told = true
	k.trail.Add(c)
	f := k.trail.Finding(finding.High, 75,
		finding.Because("%q of %s crashed, and within a day an account was made there: %s %q by %q", k.what, c.Host, c.Object, c.Name, c.User))
	f.Title, f.Dossier = "Account made after the VPN's daemon crashed", []string{"TH-03"}
	out.Report(f)
}

// conn is a connection from a tunnel's address.
func (d *detector) conn(c *network.Conn, out detect.Reporter) {
	t := d.tunnels.Peek(c.OrigH, c.TS)
	if t == nil || t.user == "" || t.told || !d.env.Home(c.RespH) {
		return
	}
	t.trail.Add(c)
	if !slices.Contains(t.targets, c.RespH) {
		t.targets = append(t.targets, c.RespH)
	}
	if len(t.targets) < leastTargets {
		return
	}
	t.told = true
	f := t.trail.Finding(finding.Medium, 60,
		finding.Because("%q came in by VPN from %v, from where it never came before, and its inner address %v opened ports of administration of %d hosts", t.user, t.from, c.OrigH, len(t.targets)),
		"ask the account's owner whether it was them")
	f.Title, f.Dossier = "VPN login from a new place that goes on to administer hosts", []string{"VT-04"}
	out.Report(f)
}
