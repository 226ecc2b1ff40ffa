// Package rdpfirst finds remote desktop sessions from hosts that never opened
// one: servers, from which nobody works, and hosts that suddenly go to a domain
// controller or to several hosts.
package rdpfirst

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/detect/lease"
	"longwatch/internal/detect/roles"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dhcp"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector learns who opens remote desktops.
var Detector = detect.Spec{
	ID:         "rdp-first",
	Title:      "Remote desktop opened by a host that never did so",
	Techniques: []attack.ID{"T1021.001"},
	Dossier:    []string{"VT-20"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, config: defaults, first: map[netip.Addr]record.Time{}, users: map[netip.Addr]bool{}, controllers: map[netip.Addr]bool{}, found: map[netip.Addr]*sessions{}}
	},
}

// Config are the thresholds.
type Config struct {
	Learn   time.Duration // in which the host was seen and opened none
	Targets int           // hosts reached by a newcomer that is no server
	Bytes   uint64        // taken from the target: less is no session, or a refused one
}

var defaults = Config{Learn: 24 * time.Hour, Targets: 3, Bytes: 10_000}

const (
	maxHosts = 1 << 16
	maxFound = 1 << 12
)

// detector keeps, to the end, since when each own host is seen, who opens
// remote desktops, and who serves a domain.
type detector struct {
	env         detect.Env
	config      Config
	first       map[netip.Addr]record.Time
	users       map[netip.Addr]bool // opened one before they were watched for long
	controllers map[netip.Addr]bool
	roles       roles.Servers
	leases      lease.Names
	found       map[netip.Addr]*sessions
}

type sessions struct {
	trail   detect.Trail
	targets []netip.Addr
	quiet   time.Duration // for how long it was seen without one
}

// Handlers subscribes to answered connections.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.On(func(r *dhcp.Record, _ detect.Reporter) { d.leases.Learn(r) }),
		detect.OnIf(func(c *network.Conn) bool { return c.Proto == "tcp" && c.RespBytes.V > 0 && c.OrigH != c.RespH }, d.conn),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	if roles.Serves(c) {
		d.roles.Learn(c)
	}
	d.see(c.OrigH, c.TS)
	d.see(c.RespH, c.TS)
	if (c.RespP == 88 || c.RespP == 389) && (strings.Contains(c.Service, "krb") || strings.Contains(c.Service, "ldap")) && len(d.controllers) < maxHosts {
		d.controllers[c.RespH] = true
	}
	if !strings.Contains(c.Service, "rdp") && (c.RespP != 3389 || c.Service != "" && c.Service != "ssl") {
		return
	}
	since, seen := d.first[c.OrigH]
	if !seen || d.users[c.OrigH] || !d.env.Home(c.RespH) || c.RespBytes.V < d.config.Bytes {
		return
	}
	s := d.found[c.OrigH]
	if s == nil {
		quiet, before := d.quiet(c, since)
		if before || quiet < d.config.Learn || len(d.found) >= maxFound {
			d.users[c.OrigH] = true
			return
		}
		s = &sessions{quiet: quiet}
		d.found[c.OrigH] = s
	}
	s.trail.Add(c)
	if len(s.targets) < 64 && !slices.Contains(s.targets, c.RespH) {
		s.targets = append(s.targets, c.RespH)
	}
}

// quiet is for how long the originator is known without a remote desktop, and
// whether hunts before have seen it open one.
func (d *detector) quiet(c *network.Conn, since record.Time) (time.Duration, bool) {
	who := baseline.Host(d.leases.Name(c.OrigH, c.TS))
	if _, knew := d.env.Past.Knew(baseline.Service, who, baseline.AnyHost(c.RespP), c.TS); knew {
		return 0, true
	}
	if span, known := d.env.Past.Memory().Span(who); known && d.env.Past.Settled(who, c.TS) {
		since = min(since, span.First.Time())
	}
	return c.TS.Sub(since), false
}

// see notes since when an own host is seen.
func (d *detector) see(a netip.Addr, ts record.Time) {
	if _, known := d.first[a]; !known && len(d.first) < maxHosts && d.env.Home(a) {
		d.first[a] = ts
	}
}

func (d *detector) judge(out detect.Reporter) {
	for host, s := range d.found {
		server := d.roles.Is(host)
		domain := slices.ContainsFunc(s.targets, func(a netip.Addr) bool { return d.controllers[a] })
		if !server && !domain && len(s.targets) < d.config.Targets {
			continue // somebody's first remote desktop
		}
		severity, confidence := finding.Low, uint8(40)
		why := []string{finding.Because("%v opened remote desktops of %v, and none in the %v before", host, s.targets[:min(8, len(s.targets))], s.quiet.Round(time.Hour))}
		if server {
			severity, confidence = finding.Medium, 50
			why = append(why, "it is a server that several hosts use, from which nobody works")
		}
		if domain {
			confidence += 10
			why = append(why, "one of them is a domain controller")
		}
		if !server && len(s.targets) >= d.config.Targets {
			why = append(why, finding.Because("it went to %d hosts", len(s.targets)))
		}
		out.Report(s.trail.Finding(severity, confidence, why...))
	}
}
