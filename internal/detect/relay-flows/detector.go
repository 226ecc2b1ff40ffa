// Package relayflows finds hosts that pass on what they receive: a connection
// comes in, within two seconds one goes out, and both carry the same number of
// bytes in both directions. It is the network side of port proxies and tunnels.
// Reverse tunnels (FRP, EarthWorm, iox) show it with both connections going out,
// one to the outside and one further in, and the directions exchanged.
package relayflows

import (
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record/network"
)

// Detector pairs connections by host, time and size.
var Detector = detect.Spec{
	ID:         "relay-flows",
	Title:      "Host relays connections",
	Techniques: []attack.ID{"T1090.001"},
	Dossier:    []string{"VT-24", "TG-15"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, in: recentConns{}, out: recentConns{}, relays: map[via]*relay{}}
	},
}

const (
	delay       = 2 * time.Second // from the one opening to the other
	tolerance   = 5               // percent, dossier VT-24
	leastBytes  = 20_000          // both directions: small exchanges are alike by chance
	maxRecent   = 256             // openings remembered per host
	mostPeers   = 8               // more is a proxy or a load balancer
	leastPairs  = 2               // one pair may be chance
	bigTransfer = 1_000_000       // a pair of this size is not
	maxHosts    = 1 << 14
)

// detector remembers, per host, the connections that came in, and those that it
// opened to the outside, during the last two seconds, and to the end what looked
// passed on.
type detector struct {
	env     detect.Env
	in, out recentConns
	relays  map[via]*relay
}

// via is a host that passes on; reverse says that it dialled both ends.
type via struct {
	host    netip.Addr
	reverse bool
}

// recentConns are the connections of a host that began during the last two seconds.
type recentConns map[netip.Addr][]*network.Conn

func (m recentConns) add(host netip.Addr, c *network.Conn) {
	if m[host] == nil && len(m) >= maxHosts {
		return
	}
	list := slices.DeleteFunc(m[host], func(o *network.Conn) bool { return c.TS.Sub(o.TS) > delay })
	if len(list) < maxRecent {
		m[host] = append(list, c)
	}
}

type relay struct {
	trail      detect.Trail
	from, to   []netip.Addr
	port, next uint16
	pairs      int
	bytes      uint64
}

// Handlers subscribes to connections with payload.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *network.Conn) bool { return c.Proto == "tcp" && size(c) >= leastBytes && len(c.Parents) == 0 }, d.conn),
		detect.AtEnd(d.judge),
	}
}

func size(c *network.Conn) uint64 { return c.OrigBytes.V + c.RespBytes.V }

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	for _, in := range d.in[c.OrigH] {
		if c.TS.Sub(in.TS) <= delay && in.UID != c.UID && in.OrigH != c.RespH && near(in.OrigBytes.V, c.OrigBytes.V) && near(in.RespBytes.V, c.RespBytes.V) {
			d.pair(in, c, in.OrigH, false)
			break
		}
	}
	from, to := d.env.Home(c.OrigH), d.env.Home(c.RespH)
	if from && to {
		for _, out := range d.out[c.OrigH] {
			if c.TS.Sub(out.TS) <= delay && near(out.RespBytes.V, c.OrigBytes.V) && near(out.OrigBytes.V, c.RespBytes.V) {
				d.pair(out, c, out.RespH, true)
				break
			}
		}
	}
	if to {
		d.in.add(c.RespH, c)
	}
	if from && !to {
		d.out.add(c.OrigH, c)
	}
}

func near(a, b uint64) bool {
	return 100*max(a, b) <= (100+tolerance)*min(a, b)
}

// pair notes that what peer sent over in went on over out.
func (d *detector) pair(in, out *network.Conn, peer netip.Addr, reverse bool) {
	k := via{out.OrigH, reverse}
	r := d.relays[k]
	if r == nil {
		if len(d.relays) >= maxHosts {
			return
		}
		r = &relay{port: in.RespP, next: out.RespP}
		d.relays[k] = r
	}
	if !r.trail.Add(in) {
		return
	}
	r.trail.Add(out)
	r.pairs++
	r.bytes = max(r.bytes, size(in))
	if len(r.from) <= mostPeers && !slices.Contains(r.from, peer) {
		r.from = append(r.from, peer)
	}
	if len(r.to) <= mostPeers && !slices.Contains(r.to, out.RespH) {
		r.to = append(r.to, out.RespH)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, r := range d.relays {
		proxy := len(r.from) > mostPeers || len(r.to) > mostPeers || (!k.reverse && r.port == r.next && (r.port == 80 || r.port == 443))
		if proxy || (r.pairs < leastPairs && r.bytes < bigTransfer) {
			continue
		}
		why := finding.Because("%v took connections on port %d and within %v opened others to port %d, with the same number of bytes both ways (%d pairs, within %d %%)", k.host, r.port, delay, r.next, r.pairs, tolerance)
		if k.reverse {
			why = finding.Because("%v opened connections to the outside, port %d, and within %v others to port %d of own hosts; what came over one went out over the other, both ways (%d pairs, within %d %%)", k.host, r.port, delay, r.next, r.pairs, tolerance)
		}
		f := r.trail.Finding(finding.Medium, 55, why, finding.Because("it passed on what %v sent to %v", r.from, r.to))
		if k.reverse {
			f.Title = "Host relays the outside to own hosts"
			f.Severity, f.Confidence = finding.High, 65
		}
		out.Report(f)
	}
}
