// Package rentedserverbeacon finds hosts that return again and again to a new
// name of a cheap kind on a rented server: TLS to a domain under .me, .live,
// .help or .tech that nobody used before and hardly anybody else uses, whose
// address belongs to a hoster. TGR-STA-1030's servers look so, and so do those
// of many others.
package rentedserverbeacon

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/asn"
	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
)

// Detector measures how regular sessions with such names are.
var Detector = detect.Spec{
	ID:         "rented-server-beacon",
	Title:      "Host returns to a new, cheap name on a rented server",
	Techniques: []attack.ID{"T1071.001", "T1583.003"},
	Dossier:    []string{"TG-18"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, names: map[string]*name{}}
	},
}

const (
	leastSessions = 12
	leastSpan     = 2 * time.Hour
	variation     = 0.6              // of the gaps, as detect.Pace gives it: cheap beacons jitter up to half
	leastGap      = 10 * time.Second // below, it is one visit
	mostHosts     = 2                // own hosts that use the name: more is a service
	settled       = 7 * 24 * time.Hour
	maxNames      = 1 << 13
	maxTimes      = 2048
)

// cheap are the endings that the published names have (dossier TG-18).
var cheap = []string{".me", ".live", ".help", ".tech"}

// detector keeps, to the end, the sessions with each such name.
type detector struct {
	env   detect.Env
	begin record.Time // of the first TLS seen
	names map[string]*name
}

type name struct {
	first record.Time
	hosts []netip.Addr
	by    map[netip.Addr]*series // of the first hosts
	addr  netip.Addr
}

type series struct {
	trail  detect.Trail
	starts []record.Time
}

// Handlers subscribes to TLS.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.On(d.session), detect.AtEnd(d.judge)}
}

func (d *detector) session(s *ssl.Record, _ detect.Reporter) {
	if d.begin == 0 {
		d.begin = s.TS
	}
	host := strings.ToLower(s.ServerName)
	if !slices.ContainsFunc(cheap, func(e string) bool { return strings.HasSuffix(host, e) }) || !d.env.Home(s.OrigH) || d.env.Home(s.RespH) {
		return
	}
	host = domain.Registrable(host)
	n := d.names[host]
	if n == nil {
		if len(d.names) >= maxNames {
			return
		}
		n = &name{first: s.TS, by: map[netip.Addr]*series{}}
		d.names[host] = n
	}
	n.addr = s.RespH
	x := n.by[s.OrigH]
	if x == nil {
		if len(n.hosts) > mostHosts {
			return
		}
		n.hosts = append(n.hosts, s.OrigH)
		x = &series{}
		n.by[s.OrigH] = x
	}
	if x.trail.Add(s) && len(x.starts) < maxTimes {
		x.starts = append(x.starts, s.TS)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for host, n := range d.names {
		if len(n.hosts) > mostHosts {
			continue
		}
		where := d.env.Networks.Lookup(n.addr)
		if where.Known() && where.Guess() != asn.Hosting {
			continue
		}
		for _, orig := range n.hosts {
			d.report(host, n, orig, where, out)
		}
	}
}

func (d *detector) report(host string, n *name, orig netip.Addr, where asn.Network, out detect.Reporter) {
	x := n.by[orig]
	mean, vary := detect.Pace(x.starts)
	if len(x.starts) < leastSessions || vary >= variation || mean < leastGap || x.trail.Span.End.Sub(x.trail.Span.Start) < leastSpan {
		return
	}
	severity, confidence := finding.Low, uint8(40)
	why := []string{finding.Because("%v opened TLS to %q every %v, %d times; the gaps vary by %.0f %%, and %s", orig, host, mean.Round(time.Second), len(x.starts), 100*vary, fewHosts(len(n.hosts)))}
	if n.first.Sub(d.begin) > settled {
		severity, confidence = finding.Medium, 55
		why = append(why, finding.Because("nobody asked for the name in the %.0f days before", n.first.Sub(d.begin).Hours()/24))
	} else {
		why = append(why, "how old the name is cannot be said: the evidence begins less than a week before it")
	}
	if where.Known() {
		confidence += 10
		why = append(why, finding.Because("its server %v stands with %v, where servers are rented", n.addr, where))
	}
	f := x.trail.Finding(severity, confidence, append(why, "could also be: a small service that some program of the host belongs to")...)
	if severity == finding.Low {
		f.Dossier = []string{} // a name that may be old is not what the dossier means
	}
	f.Ask = []string{"When was the domain registered, and which program on the host asks for it?"}
	out.Report(f)
}

func fewHosts(n int) string {
	if n == 1 {
		return "no other own host uses it"
	}
	return "only one other own host uses it"
}
