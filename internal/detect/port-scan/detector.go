// Package portscan finds hosts that look for open doors: one port of many
// hosts, many ports of one host, or many addresses that nobody answers for.
package portscan

import (
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector counts what each source tried in vain.
var Detector = detect.Spec{
	ID:         "port-scan",
	Title:      "Scan for open ports",
	Techniques: []attack.ID{"T1046"},
	New: func(env detect.Env) detect.Detector {
		return &detector{
			env: env, config: defaults, sources: recent.New[netip.Addr, source](24*time.Hour, 1<<13),
			sweeps: recent.New[sweepKey, tries](defaults.Pause, 1<<13), climbs: recent.New[climbKey, tries](defaults.Pause, 1<<13),
		}
	},
}

// Config are the thresholds.
type Config struct {
	Pause    time.Duration // between two tries, after which a scan is another one; slower scans than this are not seen
	Hosts    int           // of one port: Zeek's scan script asked for 25
	WebHosts int           // likewise of web ports outside, which a browser without a network tries in vain
	Ports    int           // of one host: Zeek's scan script asked for 15
	Failed   int           // percent of what was tried: a NAT gateway or a monitoring host fails now and then
	Unheard  int           // likewise of addresses asked for an echo: some of any network are there
	Days     int           // a source that scans on as many is somebody's scanner
}

var defaults = Config{Pause: 10 * time.Minute, Hosts: 25, WebHosts: 100, Ports: 15, Failed: 80, Unheard: 50, Days: 3}

const (
	maxPeers = 1024    // hosts or ports counted per scan
	maxRefs  = 12      // records cited per scan
	maxDone  = 1 << 12 // scans kept; later ones are not reported
)

// detector remembers, for ten minutes after the last try, what each source
// tried of each port and of each host, the longest untouched first to go; and
// to the end what was many enough to be a scan.
type detector struct {
	env     detect.Env
	config  Config
	sources *recent.Map[netip.Addr, source]
	sweeps  *recent.Map[sweepKey, tries]
	climbs  *recent.Map[climbKey, tries]
	done    []*scan
}

type sweepKey struct {
	orig  netip.Addr
	proto string
	port  uint16
}

type climbKey struct {
	orig, resp netip.Addr
	proto      string
}

// source is how widely a host failed: programs that talk to each other without
// a server fail at many ports of many hosts.
type source struct {
	ports  []uint16
	failed int
}

// tries are the hosts of a port, or the ports of a host.
type tries struct {
	failed, good peers
	trail        detect.Trail
	scan         *scan
}

// scan is a count of tries that reached the threshold. It grows with them.
type scan struct {
	sweep  *sweepKey // nil: many ports of one host
	climb  *climbKey
	trail  detect.Trail
	end    record.Time
	failed int
	tried  int
	low    int // ports below the ephemeral ones
}

// Handlers subscribes to connections that say whether a door is open.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(tells, d.conn), detect.AtEnd(d.judge)}
}

func tells(c *network.Conn) bool {
	if c.RespH.IsMulticast() || c.OrigH == c.RespH || c.OrigH.IsUnspecified() || isBroadcast(c.RespH) {
		return false
	}
	switch c.Proto {
	case "tcp":
		return c.OrigP >= 1024 // answers of a server whose request is missing look like a scan
	case "udp":
		return c.RespP < 10000 && c.OrigP >= 1024 // traceroute and peers use high ports
	case "icmp":
		return c.OrigP == 8
	}
	return false
}

func isBroadcast(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	b := a.As4()
	return b[3] == 255
}

// failed tells whether nobody opened: no answer to the first packet or a
// refusal. A capture of one direction only shows payload without an answer.
func failed(c *network.Conn) bool {
	if c.Proto != "tcp" {
		return c.RespPkts.V == 0 && c.RespBytes.V == 0 && c.RespIPBytes.V == 0
	}
	switch c.State {
	case "S0", "REJ", "RSTOS0":
		return c.OrigBytes.V == 0
	case "SH":
		return c.History == "F" // a scan with lone FIN packets
	}
	return false
}

// touched tells whether a connection was opened and dropped at once.
func touched(c *network.Conn) bool {
	return c.Proto == "tcp" && c.OrigBytes.V == 0 && c.RespBytes.V == 0 && (c.State == "RSTO" || c.State == "SF" || c.State == "S1")
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	bad := failed(c)
	sk := sweepKey{c.OrigH, c.Proto, c.RespP}
	if c.Proto == "icmp" {
		sk.port = 0
	}
	ck := climbKey{c.OrigH, c.RespH, c.Proto}
	sweep, climb := d.sweeps.Peek(sk, c.TS), d.climbs.Peek(ck, c.TS)
	if !bad && sweep == nil && climb == nil {
		return // only what follows a failure matters, so that good connections need no memory
	}
	if bad {
		sweep, climb = d.sweeps.At(sk, c.TS), d.climbs.At(ck, c.TS)
		d.wide(c)
	}
	peer := netip.AddrPortFrom(c.RespH, c.RespP)
	if sweep != nil && sweep.note(c, peer, bad) && sweep.scan == nil && d.enough(sweep, d.leastHosts(sk), d.leastFailed(sk)) {
		sweep.scan = d.begin(&scan{sweep: &sk}, sweep)
	}
	if climb != nil && c.Proto != "icmp" && climb.note(c, peer, bad) && climb.scan == nil && d.enough(climb, d.config.Ports, d.config.Failed) {
		climb.scan = d.begin(&scan{climb: &ck}, climb)
	}
}

func (d *detector) wide(c *network.Conn) {
	s := d.sources.At(c.OrigH, c.TS)
	s.failed++
	if len(s.ports) < 64 && !slices.Contains(s.ports, c.RespP) {
		s.ports = append(s.ports, c.RespP)
	}
}

// note counts a peer once and tells whether it failed for the first time.
func (t *tries) note(c *network.Conn, peer netip.AddrPort, bad bool) bool {
	switch {
	case !bad:
		if !touched(c) && t.good.len() < maxPeers {
			t.good.add(peer)
		}
	case t.failed.len() < maxPeers && t.failed.add(peer):
		if len(t.trail.Refs) < maxRefs {
			t.trail.Add(c)
		}
		t.grow(c.TS)
		return true
	}
	t.grow(c.TS)
	return false
}

// grow brings the scan that was begun up to date.
func (t *tries) grow(ts record.Time) {
	if t.scan == nil {
		return
	}
	t.scan.failed, t.scan.tried, t.scan.end = t.failed.len(), t.failed.len()+t.good.len(), ts
}

func (d *detector) enough(t *tries, least, percent int) bool {
	return t.failed.len() >= least && t.failed.len()*100 >= percent*(t.failed.len()+t.good.len())
}

// leastHosts is how many hosts make a sweep.
func (d *detector) leastHosts(k sweepKey) int {
	if k.proto == "tcp" && (k.port == 80 || k.port == 443) {
		return d.config.WebHosts
	}
	return d.config.Hosts
}

func (d *detector) leastFailed(k sweepKey) int {
	if k.proto == "icmp" {
		return d.config.Unheard
	}
	return d.config.Failed
}

func (d *detector) begin(s *scan, t *tries) *scan {
	s.trail, s.failed, s.tried, s.end = t.trail, t.failed.len(), t.failed.len()+t.good.len(), t.trail.Span.End
	for p := range t.failed.all() {
		if p.Port() < 10000 {
			s.low++
		}
	}
	if s.climb != nil && s.low*3 < s.failed {
		return s // ephemeral ports: what is left of somebody's answers
	}
	if len(d.done) < maxDone {
		d.done = append(d.done, s)
	}
	return s
}
