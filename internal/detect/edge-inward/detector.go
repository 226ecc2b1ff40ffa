// Package edgeinward finds an edge appliance that turns inward: a host that
// answers strangers on the ports of gateways and then opens file shares, RPC,
// remote desktops or WinRM of several inner hosts.
package edgeinward

import (
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// Detector joins what a host answers with what it opens.
var Detector = detect.Spec{
	ID:         "edge-inward",
	Title:      "Edge appliance opens connections to inner hosts",
	Techniques: []attack.ID{"T1133", "T1021"},
	Dossier:    []string{"TH-01"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, edges: map[netip.Addr]*edge{}, inner: recent.New[netip.Addr, inward](keep, 1<<13)}
	},
}

const (
	leastStrangers = 2                    // distinct outside addresses that were answered
	leastTargets   = 2                    // inner hosts
	keep           = 180 * 24 * time.Hour // what a gateway opened is judged at the end
	maxEdges       = 1 << 14              // hosts that answer strangers; later ones are not learned
)

// gateway are the ports on which VPN gateways and appliance consoles answer.
var gateway = []uint16{443, 4433, 8443, 10443, 500, 4500, 1194, 51820}

// remote are the ports through which hosts are administered; directory and
// authentication ports are left out, since gateways need them.
var remote = []uint16{445, 135, 139, 3389, 5985, 5986, 22}

// detector keeps who answers strangers, to the end, and for half a year what
// hosts opened inside.
type detector struct {
	env   detect.Env
	edges map[netip.Addr]*edge
	inner *recent.Map[netip.Addr, inward]
}

type edge struct {
	strangers []netip.Addr
	syslog    bool // sends messages of a network appliance
}

type inward struct {
	trail   detect.Trail
	targets []netip.Addr
	ports   []uint16
}

// Handlers subscribes to connections and to messages of appliances.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(answered, d.conn), detect.OnIf(appliance, d.message), detect.AtEnd(d.judge)}
}

func answered(c *network.Conn) bool {
	return (slices.Contains(gateway, c.RespP) || slices.Contains(remote, c.RespP)) && c.RespBytes.Set && c.RespBytes.V > 0
}

// appliance tells whether a message comes from a gateway's own address.
func appliance(s *host.Syslog) bool {
	if _, err := netip.ParseAddr(s.Host); err != nil {
		return false
	}
	for _, kv := range s.Fields {
		if kv.Name == "devname" || kv.Name == "devid" {
			return true
		}
	}
	return len(s.Message) > 4 && (s.Message[:4] == "%ASA" || s.Message[:4] == "%SYS")
}

func (d *detector) at(a netip.Addr) *edge {
	e := d.edges[a]
	if e == nil && len(d.edges) < maxEdges {
		e = &edge{}
		d.edges[a] = e
	}
	return e
}

func (d *detector) message(s *host.Syslog, _ detect.Reporter) {
	a, _ := netip.ParseAddr(s.Host)
	if e := d.at(a); e != nil {
		e.syslog = true
	}
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	from, to := d.env.Home(c.OrigH), d.env.Home(c.RespH)
	switch {
	case !from && to && slices.Contains(gateway, c.RespP):
		if e := d.at(c.RespH); e != nil && len(e.strangers) < leastStrangers && !slices.Contains(e.strangers, c.OrigH) {
			e.strangers = append(e.strangers, c.OrigH)
		}
	case from && to && slices.Contains(remote, c.RespP) && c.OrigH != c.RespH:
		i := d.inner.At(c.OrigH, c.TS)
		i.trail.Add(c)
		if len(i.targets) < 64 && !slices.Contains(i.targets, c.RespH) {
			i.targets = append(i.targets, c.RespH)
		}
		if !slices.Contains(i.ports, c.RespP) {
			i.ports = append(i.ports, c.RespP)
		}
	}
}

func (d *detector) judge(out detect.Reporter) {
	d.inner.All(func(a netip.Addr, i *inward) {
		e := d.edges[a]
		if e == nil || len(i.targets) < leastTargets || (len(e.strangers) < leastStrangers && !e.syslog) {
			return
		}
		severity, confidence := finding.Medium, uint8(55)
		why := []string{finding.Because("%v answers strangers like a gateway, and opened connections to %d inner hosts on ports %v", a, len(i.targets), i.ports)}
		if e.syslog {
			severity, confidence = finding.High, 75
			why = append(why, "its messages are those of a network appliance, which has no business with shares and desktops")
		} else if len(i.ports) >= 2 && len(i.targets) >= 3 {
			severity, confidence = finding.High, 65
		}
		f := i.trail.Finding(severity, confidence, why...)
		f.Entities = append(f.Entities, record.Entity{Kind: "address", Value: a.String(), Role: "originator"})
		out.Report(f)
	})
}
