// Package oddservice finds channels that go out through a port because it is open:
// protocols of remote access and tunnels on the port of another service, and
// long or repeated streams in which nothing known was recognised on the port of a
// well-known service.
package oddservice

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record/network"
)

// Detector reports each pair of hosts and port once a day.
var Detector = detect.Spec{
	ID:         "odd-service",
	Title:      "Another protocol than the port's",
	Techniques: []attack.ID{"T1571", "T1572"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, pairs: recent.New[pair, pairing](24*time.Hour, 1<<12), long: recent.New[string, *network.Conn](24*time.Hour, 1<<12)}
	},
}

const (
	// long is how long an unknown stream must last by itself: transfers and
	// sessions of people are shorter, what is held open is not.
	long = 30 * time.Minute
	// again is how many short ones say the same.
	again = 5
)

// access are protocols that give access to what is behind, and how bad each is
// on the port of another service.
var access = map[string]struct {
	severity   finding.Severity
	confidence uint8
	but        string
}{
	"socks":      {finding.Medium, 60, ""},
	"frp":        {finding.Medium, 70, ""},
	"relay_tool": {finding.Medium, 70, ""},
	"rdp":        {finding.Medium, 60, ""},
	"rfb":        {finding.Medium, 60, ""},
	"telnet":     {finding.Medium, 60, ""},
	"yamux":      {finding.Low, 45, ""},
	"ssh":        {finding.Low, 45, "hosters of source code offer SSH on port 443 too"},
	"openvpn":    {finding.Low, 35, "providers of VPN offer port 443 too"},
	"wireguard":  {finding.Low, 45, "providers of VPN offer ports of others too"},
}

// dnsPort carries name look-ups in nearly every network; Sliver's WireGuard
// listens there by default (server/c2/wireguard.go).
const dnsPort = 53

// detector remembers, for a day, what went wrong between each pair of hosts, and
// which unnamed connections were long.
type detector struct {
	env   detect.Env
	pairs *recent.Map[pair, pairing]
	long  *recent.Map[string, *network.Conn]
}

type pair struct {
	orig, resp netip.Addr
	port       uint16
	service    string
}

type pairing struct {
	trail detect.Trail
	uids  []string // at most again
	told  bool
}

// Handlers subscribes to services on odd ports, and to long connections without a
// name.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(r *network.ServicePort) bool { return len(r.PortServices) > 0 }, d.odd),
		detect.OnIf(func(c *network.Conn) bool { return c.Proto == "tcp" && c.Service == "" && c.Duration.V >= long }, d.unnamed),
	}
}

func (d *detector) outward(orig, resp netip.Addr) bool {
	return d.env.Home(orig) && !d.env.Home(resp)
}

func (d *detector) odd(r *network.ServicePort, out detect.Reporter) {
	if !d.outward(r.OrigH, r.RespH) {
		return
	}
	p := d.pairs.At(pair{r.OrigH, r.RespH, r.RespP, r.Service}, r.TS)
	if p.told || !p.trail.Add(r) {
		return
	}
	if r.Service == "" {
		if r.Proto != "tcp" {
			return // games and calls go through any open port
		}
		if len(p.uids) < again {
			p.uids = append(p.uids, r.UID)
		}
		if c := d.long.Peek(r.UID, r.TS); c != nil {
			d.unknown(r, p, *c, out)
		} else if len(p.uids) == again {
			d.unknown(r, p, nil, out)
		}
		return
	}
	a, known := access[r.Service]
	if !known {
		return
	}
	p.told = true
	f := p.trail.Finding(a.severity, a.confidence, finding.Because("%v spoke %s with %v on port %d, which is the port of %s", r.OrigH, r.Service, r.RespH, r.RespP, strings.Join(r.PortServices, ", ")))
	if r.RespP == dnsPort && a.severity < finding.Medium {
		f.Severity, f.Confidence = finding.Medium, 60
	} else if a.but != "" {
		f.Why = append(f.Why, a.but)
	}
	out.Report(f)
}

// unnamed remembers a long connection; what its port speaks for may be known
// before or after.
func (d *detector) unnamed(c *network.Conn, out detect.Reporter) {
	if !d.outward(c.OrigH, c.RespH) {
		return
	}
	*d.long.At(c.UID, c.TS) = c
	p := d.pairs.Peek(pair{c.OrigH, c.RespH, c.RespP, ""}, c.TS)
	if p != nil && !p.told && slices.Contains(p.uids, c.UID) {
		d.unknown(nil, p, c, out)
	}
}

// unknown reports streams that nobody understands.
func (d *detector) unknown(r *network.ServicePort, p *pairing, c *network.Conn, out detect.Reporter) {
	p.told = true
	if c == nil {
		out.Report(p.trail.Finding(finding.Low, 35, finding.Because("%v had %d connections with %v on port %d, the port of %s, in which no protocol known here was recognised", r.OrigH, len(p.uids), r.RespH, r.RespP, strings.Join(r.PortServices, ", "))))
		return
	}
	p.trail.Add(c)
	out.Report(p.trail.Finding(finding.Medium, 45, finding.Because("%v held a connection with %v on port %d for %v (%d bytes out, %d in), and nothing in it is the protocol of that port or any other known here", c.OrigH, c.RespH, c.RespP, c.Duration.V.Round(time.Second), c.OrigBytes.V, c.RespBytes.V)))
}
