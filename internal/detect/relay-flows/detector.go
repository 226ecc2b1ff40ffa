// Package relayflows finds servers that pass on what they receive: a connection
// comes in, within two seconds one goes out, and both carry the same number of
// bytes in both directions. It is the network side of port proxies and tunnels.
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
		return &detector{env: env, in: map[netip.Addr][]*network.Conn{}, relays: map[netip.Addr]*relay{}}
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

// detector remembers, per host, the connections that came in during the last
// two seconds, and to the end what looked passed on.
type detector struct {
	env    detect.Env
	in     map[netip.Addr][]*network.Conn
	relays map[netip.Addr]*relay
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
			d.pair(in, c)
			break
		}
	}
	if !d.env.Home(c.RespH) || (d.in[c.RespH] == nil && len(d.in) >= maxHosts) {
		return
	}
	list := slices.DeleteFunc(d.in[c.RespH], func(o *network.Conn) bool { return c.TS.Sub(o.TS) > delay })
	if len(list) < maxRecent {
		d.in[c.RespH] = append(list, c)
	}
}

func near(a, b uint64) bool {
	return 100*max(a, b) <= (100+tolerance)*min(a, b)
}

func (d *detector) pair(in, out *network.Conn) {
	r := d.relays[out.OrigH]
	if r == nil {
		r = &relay{port: in.RespP, next: out.RespP}
		d.relays[out.OrigH] = r
	}
	if !r.trail.Add(in) {
		return
	}
	r.trail.Add(out)
	r.pairs++
	r.bytes = max(r.bytes, size(in))
	if len(r.from) <= mostPeers && !slices.Contains(r.from, in.OrigH) {
		r.from = append(r.from, in.OrigH)
	}
	if len(r.to) <= mostPeers && !slices.Contains(r.to, out.RespH) {
		r.to = append(r.to, out.RespH)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for host, r := range d.relays {
		proxy := len(r.from) > mostPeers || len(r.to) > mostPeers || (r.port == r.next && (r.port == 80 || r.port == 443))
		if proxy || (r.pairs < leastPairs && r.bytes < bigTransfer) {
			continue
		}
		out.Report(r.trail.Finding(finding.Medium, 55,
			finding.Because("%v took connections on port %d and within %v opened others to port %d, with the same number of bytes both ways (%d pairs, within %d %%)", host, r.port, delay, r.next, r.pairs, tolerance),
			finding.Because("it passed on what %v sent to %v", r.from, r.to)))
	}
}
