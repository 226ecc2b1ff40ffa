// Package beacon finds hosts that report to somebody outside by the clock: by
// address, by name, by URL behind a proxy, by name asked for in DNS, and by a
// fingerprint that rotating peers share; with jitter up to 90 percent, sleeps
// from seconds to days, missed turns, and hosts that are off at night.
//
// A clock alone is nothing: time service, updates, mail and monitoring have
// one. What few or no other hosts talk to, what began while we watched, what
// has always the same size, what has no name or an odd port makes the
// difference. Memory is fixed: pairs of host and peer that were seen once take
// eight bytes, those followed about half a kilobyte; when there is no more
// room, what many hosts talk to goes first, then what keeps no time.
package beacon

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/domain"
	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/quic"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

// Detector follows every host and peer to the end of the evidence.
var Detector = detect.Spec{
	ID:         "beacon",
	Title:      "Host that reports outside by the clock",
	Techniques: []attack.ID{"T1071.001", "T1029"},
	New:        func(env detect.Env) detect.Detector { return newDetector(env, leastScore) },
}

// Above is Detector with another bound for what it reports, to measure what a
// bound costs: see bench/beacon.
func Above(score float64) detect.Spec {
	s := Detector
	s.New = func(env detect.Env) detect.Detector { return newDetector(env, score) }
	return s
}

const (
	leastMemory = 8 << 20
	popular     = 16               // hosts: what as many talk to is not followed further
	settle      = 24 * time.Hour   // of the evidence, before which nobody can say what is rare
	startWithin = 15 * time.Minute // of a host's coming up: what starts with it
	longName    = 200              // bytes of a name or URL that are kept
	anyPrint    = 16               // added to the kind of what is counted over all peers
	connect     = "CONNECT"        // method of a request to a proxy for a tunnel
	portDNS     = 53
	portNTP     = 123
)

// detector is the state: see the package comment.
type detector struct {
	env      detect.Env
	least    float64 // score of what is reported
	hosts    *hosts
	pairs    *pairs
	crowd    *crowd
	channels map[uint64]*channel
	room     int // channels
	names    map[uint64]nameOf
	span     record.Span
	dropped  int // channels of some promise that were forgotten
}

// nameOf is the name that an address was last reached by.
type nameOf struct{ peer uint64 }

func newDetector(env detect.Env, least float64) *detector {
	m := max(env.Memory, leastMemory)
	return &detector{
		env: env, least: least, hosts: newHosts(), pairs: newPairs(m / 4), crowd: newCrowd(m / 8), channels: map[uint64]*channel{}, room: int(m / 2 / cost),
		names: map[uint64]nameOf{},
	}
}

// maxNames is how many addresses have a name remembered.
func (d *detector) maxNames() int { return d.room }

// Handlers subscribes to whatever leaves the own networks.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *network.Conn) bool { return d.leaves(&c.Conn) && c.OrigH.IsValid() }, d.conn),
		detect.OnIf(func(r *ssl.Record) bool { return d.leaves(&r.Conn) }, d.tls),
		detect.OnIf(func(r *quic.Record) bool { return d.leaves(&r.Conn) }, d.quic),
		detect.OnIf(func(r *http.Request) bool {
			return d.env.Home(r.OrigH) && (!d.env.Home(r.RespH) || proxied(r.Method, r.URI))
		}, d.request),
		detect.OnIf(func(m *dns.Message) bool { return d.env.Home(m.OrigH) && m.Query != "" }, d.query),
		detect.OnIf(func(a *web.Access) bool { return d.env.Home(a.ClientIP) && proxied(a.Method, a.Stem) }, d.access),
		detect.OnIf(func(r *dhcp.Record) bool { return r.HostName != "" && d.env.Home(r.AssignedAddr) }, d.lease),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) leaves(c *record.Conn) bool {
	return d.env.Home(c.OrigH) && !d.env.Home(c.RespH) && c.RespH.IsGlobalUnicast()
}

func (d *detector) lease(r *dhcp.Record, _ detect.Reporter) {
	if i, ok := d.hosts.at(r.AssignedAddr); ok {
		d.hosts.list[i].lease(strings.ToLower(r.HostName), r.TS)
	}
}

// proxied tells a request to a proxy by what it asks for.
func proxied(method, target string) bool {
	return method == connect || strings.Contains(target, "://")
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	i, ok := d.hosts.at(c.OrigH)
	if !ok {
		return
	}
	d.span.Grow(c.TS)
	d.hosts.list[i].active(c.TS, c.TS.Add(c.Duration.V))
	if c.Proto == "udp" && (c.RespP == portNTP || c.RespP == portDNS) {
		return // time has a protocol of its own; names are followed as names
	}
	if c.Proto == "icmp" && !asks(c) {
		return // the others keep the time
	}
	x := contact{ref: c.Ref, at: c.TS, peer: c.RespH, port: c.RespP, size: c.OrigBytes.V, reply: c.RespBytes.V, sized: c.OrigBytes.Set, answered: c.RespBytes.V > 0 || c.RespPkts.V > 0}
	ch, hosts := d.follow(i, byAddress, c.RespH.String(), hashAddr(c.RespH), x)
	if ch != nil {
		if n, known := d.names[hashAddr(c.RespH)]; known {
			ch.named++
			if d.crowd.hosts(n.peer) >= popular {
				return // a popular name that moves among addresses
			}
		}
	}
	if hosts <= rarest && c.Proto == "tcp" && d.settled() {
		d.shape(i, c, x)
	}
}

// asks tells whether an ICMP message asks for something. Replies and errors answer
// what others have sent (RFC 792, RFC 950, RFC 4443).
func asks(c *network.Conn) bool {
	switch c.OrigP { // the type
	case 8, 13, 15, 17, 128: // echo, timestamp, information, address mask; echo of ICMPv6
		return true
	}
	return false
}

// shape follows what all rare peers on one port are sent, when that is always
// as much: a fingerprint where nothing better can be seen.
func (d *detector) shape(i uint32, c *network.Conn, x contact) {
	if !c.OrigBytes.Set || c.OrigBytes.V == 0 {
		return
	}
	x.owner = hashAddr(c.RespH)
	if n, known := d.names[x.owner]; known {
		if d.crowd.hosts(n.peer) > rarest {
			return
		}
		x.owner = n.peer
	}
	d.follow(i, byPrint, shapeName(c.RespP, c.OrigBytes.V), 0, x)
}

func (d *detector) settled() bool { return d.span.End.Sub(d.span.Start) >= settle }

// name follows a host by the name of its peer, and remembers it for the address.
func (d *detector) name(i uint32, name string, x contact) (hosts int) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" {
		return 0
	}
	peer := hashString(uint64(byName), name)
	if x.peer.IsValid() && !d.env.Home(x.peer) {
		d.remember(x.peer, peer)
	}
	_, hosts = d.follow(i, byName, name, peer, x)
	return hosts
}

func (d *detector) remember(a netip.Addr, peer uint64) {
	k := hashAddr(a)
	if _, known := d.names[k]; known || len(d.names) < d.maxNames() {
		d.names[k] = nameOf{peer}
	}
}

func (d *detector) tls(r *ssl.Record, _ detect.Reporter) {
	i, ok := d.hosts.at(r.OrigH)
	if !ok {
		return
	}
	x := contact{ref: r.Ref, at: r.TS, peer: r.RespH, port: r.RespP, answered: r.Version != ""}
	hosts := d.name(i, r.ServerName, x)
	if r.ServerName == "" {
		hosts = d.crowd.hosts(hashAddr(r.RespH))
	}
	cert := ""
	if len(r.CertChain) > 0 {
		cert = r.CertChain[0]
	}
	x.owner = ownerOf(r.ServerName, r.RespH)
	d.prints(i, hosts, x, "certificate "+cert, "ja4 "+r.JA4, "ja3 "+r.JA3)
}

func (d *detector) quic(r *quic.Record, _ detect.Reporter) {
	i, ok := d.hosts.at(r.OrigH)
	if !ok {
		return
	}
	x := contact{ref: r.Ref, at: r.TS, peer: r.RespH, port: r.RespP, answered: r.ServerSCID.Set}
	x.owner = ownerOf(r.ServerName, r.RespH)
	d.prints(i, d.name(i, r.ServerName, x), x, "ja4 "+r.JA4)
}

// prints follows fingerprints over all rare peers, and notes who has one at any
// peer. A fingerprint of which there is none ends with a space.
func (d *detector) prints(i uint32, hosts int, x contact, list ...string) {
	for _, p := range list {
		if strings.HasSuffix(p, " ") {
			continue
		}
		d.crowd.add(anyPeer(p), i, x.at)
		if hosts <= rarest && d.settled() {
			d.follow(i, byPrint, p, hashString(uint64(byPrint), p), x)
		}
	}
}

// ownerOf is the hash of the party that a peer belongs to: of the part of its
// name that one party registered, else of its address. Many names of one party
// with one program are how any service is built.
func ownerOf(name string, peer netip.Addr) uint64 {
	if name = strings.ToLower(strings.TrimSuffix(name, ".")); name == "" {
		return hashAddr(peer)
	}
	if owned := domain.Registrable(name); owned != "" {
		name = owned
	}
	return hashString(uint64(byDomain), name)
}

// anyPeer is the key under which the hosts are counted that have a fingerprint
// at any peer, rare or not.
func anyPeer(print string) uint64 { return hashString(uint64(byPrint)+anyPrint, print) }

func (d *detector) request(r *http.Request, _ detect.Reporter) {
	i, ok := d.hosts.at(r.OrigH)
	if !ok {
		return
	}
	peer, port := r.RespH, r.RespP
	if d.env.Home(peer) {
		peer, port = netip.Addr{}, 0 // a proxy
	}
	size := r.ReqBodyLen + r.RespBodyLen
	if r.Method != connect { // which is as long as the name
		size += uint64(len(r.URI))
	}
	x := contact{ref: r.Ref, at: r.TS, peer: peer, port: port, size: size, sized: size > 0, answered: r.StatusCode.Set}
	d.web(i, r.Method, r.Host, r.URI, r.UserAgent, x)
}

func (d *detector) access(a *web.Access, _ detect.Reporter) {
	i, ok := d.hosts.at(a.ClientIP)
	if !ok {
		return
	}
	d.span.Grow(a.TS)
	d.hosts.list[i].active(a.TS, a.TS)
	x := contact{ref: a.Ref, at: a.TS, size: a.RecvBytes.V + a.SentBytes.V, sized: a.RecvBytes.Set || a.SentBytes.Set, answered: a.Status > 0 && a.Status < 500}
	d.web(i, a.Method, a.Host, a.Stem, a.UserAgent, x)
}

// web follows a request by name, by URL and by user agent.
func (d *detector) web(i uint32, method, name, target, agent string, x contact) {
	path := target
	switch _, rest, absolute := strings.Cut(target, "://"); {
	case absolute:
		name, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	case method == connect:
		name, path = target, ""
	}
	if j := strings.LastIndexByte(name, ':'); j > 0 && !strings.HasSuffix(name, "]") {
		name = name[:j]
	}
	hosts := 0
	x.owner = ownerOf(name, x.peer)
	if a, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		x.owner = hashAddr(a)
		if x.peer.IsValid() {
			hosts = d.crowd.hosts(hashAddr(a))
		} else { // the proxy's log is all that tells of it
			_, hosts = d.follow(i, byAddress, a.String(), hashAddr(a), x)
		}
	} else {
		x.name = name
		hosts = d.name(i, name, x)
	}
	if path, _, _ = strings.Cut(path, "?"); len(path) > 1 {
		url := name + path
		url = url[:min(len(url), longName)]
		d.follow(i, byURL, url, hashString(uint64(byURL), url), x)
	}
	d.prints(i, hosts, x, "user agent "+agent)
}

func (d *detector) query(m *dns.Message, _ detect.Reporter) {
	if d.env.Home(m.RespH) {
		if r, ok := d.hosts.at(m.RespH); ok && !m.RespH.IsMulticast() {
			d.hosts.list[r].resolver = true
		}
	}
	i, ok := d.hosts.at(m.OrigH)
	if !ok {
		return
	}
	d.span.Grow(m.TS)
	d.hosts.list[i].active(m.TS, m.TS)
	name := strings.ToLower(strings.TrimSuffix(m.Query, "."))
	if strings.HasSuffix(name, ".arpa") || !strings.Contains(name, ".") || strings.HasSuffix(name, ".local") {
		return
	}
	peer := hashString(uint64(byName), name)
	for _, a := range m.Addresses {
		if !d.env.Home(a) {
			d.remember(a, peer)
		}
	}
	// The part of a name that one party registered: what comes before it may
	// be other with every query.
	owned := domain.Registrable(name)
	if owned == "" {
		owned = name
	}
	x := contact{ref: m.Ref, at: m.TS, port: m.RespP, answered: m.RCode.Set} // of one size when for one name, which says nothing
	d.follow(i, byDomain, owned, hashString(uint64(byDomain), owned), x)
}

// follow takes note that host i was in contact with a peer and returns the
// channel, nil the first time, and how many hosts have that peer.
func (d *detector) follow(i uint32, k kind, value string, peer uint64, x contact) (ch *channel, hosts int) {
	if peer != 0 {
		if hosts = d.crowd.add(peer, i, x.at); hosts >= popular {
			return nil, hosts
		}
	}
	id := channelID(i, k, value)
	if ch = d.channels[id]; ch == nil {
		first := d.pairs.seen(id, x.at)
		if first == 0 || x.at.Sub(first) < nearEvents {
			return nil, hosts
		}
		if len(d.channels) >= d.room {
			d.makeRoom(x.at)
		}
		ch = &channel{kind: k, host: i, value: strings.Clone(value[:min(len(value), longName)]), peer: peer, first: first, last: first, events: 1, contacts: 1, startsBefore: d.hosts.list[i].starts, hoursBefore: d.hosts.list[i].hours}
		d.channels[id] = ch
	}
	h := &d.hosts.list[i]
	ch.add(x, h.off, h.up)
	if h.starts != ch.startSeen && x.at.Sub(h.up) <= startWithin {
		ch.starts, ch.startSeen = ch.starts+1, h.starts
	}
	return ch, hosts
}

// channelID is the key of the channel of host i and what it is followed by.
func channelID(i uint32, k kind, value string) uint64 {
	return mix(hashString(uint64(k)+1, value) ^ mix(uint64(i)+1))
}

// makeRoom forgets an eighth of the channels: those that many hosts have, then
// those that have kept silent for longest by their own measure.
func (d *detector) makeRoom(now record.Time) {
	type worth struct {
		id uint64
		v  float64
	}
	list := make([]worth, 0, len(d.channels))
	for id, c := range d.channels {
		list = append(list, worth{id, c.worth(now, d.hostsOf(c))})
	}
	slices.SortFunc(list, func(a, b worth) int {
		switch {
		case a.v < b.v:
			return -1
		case a.v > b.v:
			return 1
		case a.id < b.id:
			return -1
		}
		return 1
	})
	for _, w := range list[:len(list)/8+1] {
		if w.v >= 1 {
			d.dropped++
		}
		delete(d.channels, w.id)
	}
}

// Forgot implements detect.Bounded. Channels to what many hosts talk to, and
// those without a rhythm, are no loss.
func (d *detector) Forgot() (n int, what string) {
	return d.dropped, "hosts and rare ends outside, which might have been beacons,"
}

// hostsOf is how many hosts have the peer of c.
func (d *detector) hostsOf(c *channel) int {
	if c.peer == 0 {
		return 1
	}
	return d.crowd.hosts(c.peer)
}

// worth is how much a channel promises: below 1 little.
func (c *channel) worth(now record.Time, hosts int) float64 {
	if hosts > rarest {
		return 0
	}
	usual := c.last.Sub(c.first).Seconds() / float64(max(c.events-1, 1))
	silent := now.Sub(c.last).Seconds() / max(usual, 60)
	v := float64(min(c.events, 64)) / (1 + silent)
	if c.hist != nil {
		if r, _, _ := c.best(false); r.Evidence < 0 || r.Cover < 0.3 {
			return v / 100
		}
	}
	return v
}
