// Package longconnection finds connections to the outside that last longer than
// work does: one that stays for most of a day, or many to one rare peer that
// come to days together. Tunnels, reverse proxies and hands-on control need a
// line that stays up; most programs close theirs.
package longconnection

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/asn"
	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector adds up how long each own host was connected to each outside one.
var Detector = detect.Spec{
	ID:         "long-connection",
	Title:      "Line to a rare outside host is held for long",
	Techniques: []attack.ID{"T1572", "T1090", "T1071"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, config: defaults, pairs: recent.New[pair, line](defaults.Keep, maxPairs), peers: map[netip.Addr]*peer{}, systems: map[uint32][]netip.Addr{}}
	},
}

// Config are the thresholds.
type Config struct {
	Single time.Duration // of one connection
	Total  time.Duration // in which some connection was up, over the evidence
	Days   int           // on which that was so, for the total to count
	Least  time.Duration // shorter connections do not add to the total
	Users  int           // own hosts that use the outside one: more is a service of the house
	System int           // own hosts that use its network (AS): more is a service of many addresses
	Learn  time.Duration // of evidence before, in which the peer was not used: it is new
	Keep   time.Duration // a pair is forgotten so long after its last connection
}

var defaults = Config{
	Single: 8 * time.Hour, Total: 24 * time.Hour, Days: 3, Least: time.Minute, Users: 1, System: 3, Learn: 48 * time.Hour, Keep: 45 * 24 * time.Hour,
}

// Bounds: pairs forget the longest untouched first; outside hosts beyond the
// bound count as used by many, which is on the quiet side.
const (
	maxPairs = 1 << 15
	maxPeers = 1 << 18
)

type pair struct {
	orig, resp netip.Addr
	port       uint16
}

// line is what was between two hosts on one port.
type line struct {
	trail   detect.Trail
	longest time.Duration
	up      time.Duration // in which at least one connection was there
	until   record.Time   // up to which that is counted
	first   record.Time
	last    record.Time // start of the latest connection
	days    int
	count   int
	known   []string // protocols
	port    bool     // a connection had no protocol that is known
	sent    uint64
	taken   uint64
}

type detector struct {
	env     detect.Env
	config  Config
	begin   record.Time
	pairs   *recent.Map[pair, line]
	peers   map[netip.Addr]*peer
	systems map[uint32][]netip.Addr // own hosts of each AS, at most config.System+1
}

// peer is an outside host.
type peer struct {
	network asn.Network
	users   []netip.Addr // own hosts, at most config.Users+1
}

// Handlers subscribes to connections.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *network.Conn) bool { return c.RespBytes.V > 0 || c.RespPkts.V > 0 }, d.conn),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	if d.begin == 0 {
		d.begin = c.TS
	}
	if !d.env.Home(c.OrigH) || d.env.Home(c.RespH) || !c.RespH.IsGlobalUnicast() {
		return
	}
	p := d.peers[c.RespH]
	if p == nil {
		p = &peer{network: d.env.Networks.Lookup(c.RespH)}
		if len(d.peers) < maxPeers {
			d.peers[c.RespH] = p
		}
	}
	p.users = with(p.users, c.OrigH, d.config.Users+1)
	if n := p.network.ASN; n != 0 {
		d.systems[n] = with(d.systems[n], c.OrigH, d.config.System+1)
	}
	if c.Duration.V >= d.config.Least {
		d.pairs.At(pair{c.OrigH, c.RespH, c.RespP}, c.TS).add(c)
	}
}

// with is hosts and one more, of which most are told apart.
func with(hosts []netip.Addr, host netip.Addr, most int) []netip.Addr {
	if len(hosts) < most && !slices.Contains(hosts, host) {
		hosts = append(hosts, host)
	}
	return hosts
}

// add counts a connection. They come in the order of their starts, so the time
// in which some connection is up grows by what reaches beyond the latest end.
func (l *line) add(c *network.Conn) {
	if !l.trail.Add(c) {
		return
	}
	end := c.TS.Add(c.Duration.V)
	if from := max(l.until, c.TS); end > from {
		l.up += end.Sub(from)
		l.until = end
	}
	if l.count == 0 {
		l.first = c.TS
	}
	if l.count == 0 || baseline.DayOf(c.TS) != baseline.DayOf(l.last) {
		l.days++
	}
	l.last = c.TS
	l.count++
	l.longest = max(l.longest, c.Duration.V)
	l.sent, l.taken = l.sent+c.OrigBytes.V, l.taken+c.RespBytes.V
	switch {
	case c.Service == "":
		l.port = true
	case len(l.known) < 4 && !slices.Contains(l.known, c.Service):
		l.known = append(l.known, c.Service)
	}
}

func (d *detector) judge(out detect.Reporter) {
	d.pairs.All(func(k pair, l *line) {
		single := l.longest >= d.config.Single
		total := l.up >= d.config.Total && l.days >= d.config.Days
		p := d.peers[k.resp]
		if !single && !total || p == nil || len(p.users) > d.config.Users || len(d.systems[p.network.ASN]) > d.config.System {
			return
		}
		n := p.network
		why := []string{finding.Because("%v held port %d of %v, which no other own host used: %d connections of a minute or more on %d days, up for %s together, the longest for %s", k.orig, k.port, k.resp, l.count, l.days, spell(l.up), spell(l.longest))}
		why = append(why, finding.Because("%d bytes went out, %d came in", l.sent, l.taken))
		if n.ASN != 0 {
			why = append(why, finding.Because("its network is %s (AS%d, %s)", n.Name, n.ASN, cmp.Or(n.Country, "country unknown")))
		}
		severity, confidence := finding.Low, uint8(35)
		nameless := len(l.known) == 0
		if nameless {
			confidence += 15
			why = append(why, "no known protocol was recognised in them")
		} else {
			why = append(why, finding.Because("they carried %s", strings.Join(l.known, ", ")))
		}
		fresh, since := d.fresh(k, l.first)
		if since != "" {
			why = append(why, since)
		}
		if fresh && (nameless || l.port) {
			severity, confidence = finding.Medium, confidence+10
		}
		out.Report(l.trail.Finding(severity, confidence, why...))
	})
}

// fresh tells whether the peer is new, by the evidence or by hunts before.
func (d *detector) fresh(k pair, t record.Time) (fresh bool, why string) {
	since, knew := d.env.Past.Knew(baseline.Peer, baseline.Host(k.orig.String()), k.resp.String(), t)
	switch watched := d.env.Past.Watched(t); {
	case knew:
		return false, finding.Because("it is used since %v, as hunts before have seen", since)
	case watched != 0:
		return true, finding.Because("since %v, when hunts began to watch, it is not this host's habit", watched)
	}
	if before := t.Sub(d.begin); before >= d.config.Learn {
		return true, finding.Because("it was not used in the %s of evidence before", spell(before))
	}
	return false, ""
}

// spell is a duration in hours, or in days when there are many.
func spell(d time.Duration) string {
	if d >= 72*time.Hour {
		return finding.Because("%d days", int(d.Hours()/24))
	}
	return finding.Because("%.1f hours", d.Hours())
}
