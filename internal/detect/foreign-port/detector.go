// Package foreignport finds administration services on ports that speak for
// something else: a shell or a desktop on the port of the web or of names goes
// through filters that would stop it on its own.
package foreignport

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record/network"
)

// Detector judges services that are not at home where they are met.
var Detector = detect.Spec{
	ID:         "foreign-port",
	Title:      "Administration service on the port of something else",
	Techniques: []attack.ID{"T1571"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, seen: map[door]*visits{}}
	},
}

const maxDoors = 1 << 13

// administration are services with which hosts are run; what else is on odd
// ports is mostly somebody's choice.
var administration = []string{"ssh", "rdp", "rfb", "telnet", "smb", "socks", "dce_rpc", "openvpn", "wireguard"}

// trusted are ports that filters let through.
var trusted = []uint16{53, 80, 123, 443, 587, 993, 995, 8080, 8443}

// detector keeps, to the end, who used such a door; once full, later ones are
// not judged.
type detector struct {
	env  detect.Env
	seen map[door]*visits
}

type door struct {
	resp    netip.Addr
	port    uint16
	proto   string
	service string
}

type visits struct {
	trail   detect.Trail
	clients []netip.Addr
	count   int
	across  bool // the border of the own networks
	usual   []uint16
}

// Handlers subscribes to services met elsewhere.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(s *network.ServicePort) bool {
			return slices.Contains(trusted, s.RespP) && slices.Contains(administration, s.Service) && s.OrigH != s.RespH
		}, d.service),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) service(s *network.ServicePort, _ detect.Reporter) {
	from, to := d.env.Home(s.OrigH), d.env.Home(s.RespH)
	if !from && !to {
		return
	}
	k := door{s.RespH, s.RespP, s.Proto, s.Service}
	v := d.seen[k]
	if v == nil {
		if len(d.seen) >= maxDoors {
			return
		}
		v = &visits{usual: s.UsualPorts}
		d.seen[k] = v
	}
	if !v.trail.Add(s) {
		return
	}
	v.count++
	v.across = v.across || from != to
	if len(v.clients) < 16 && !slices.Contains(v.clients, s.OrigH) {
		v.clients = append(v.clients, s.OrigH)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, v := range d.seen {
		severity, confidence := finding.Low, uint8(45)
		why := []string{finding.Because("%v answered as %s on port %d/%s, %d times, to %v", k.resp, strings.ToUpper(k.service), k.port, k.proto, v.count, v.clients)}
		if len(v.usual) > 0 {
			why = append(why, finding.Because("its own port is %d", v.usual[0]))
		}
		if v.across && (k.service == "rdp" || k.service == "rfb" || k.service == "telnet" || k.service == "smb" || k.service == "dce_rpc") {
			severity, confidence = finding.Medium, 55
			why = append(why, "it crosses the border of the own networks on a port that filters let through; nobody offers this there to be found")
		}
		if v.across && (k.service == "ssh" || k.service == "socks") {
			why = append(why, "it crosses the border of the own networks; hosting services offer SSH on 443 for the same reason")
		}
		out.Report(v.trail.Finding(severity, confidence, why...))
	}
}
