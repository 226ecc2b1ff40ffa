package asset

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

const (
	unprivileged = 1024  // ports from here on any program may open
	ephemeral    = 32768 // ports from here on are given to clients (RFC 6335 has 49152, Linux 32768)
)

// conn learns from a connection.
func (l *Learner) conn(c *network.Conn) {
	orig, resp := l.host(c.OrigH), l.host(c.RespH)
	from, to := l.at(orig, &c.Head), l.at(resp, &c.Head)
	answered := replied(c)
	if from != nil {
		from.spoke = from.spoke || c.State == "" || originated(c)
		from.vlan(c.VLAN)
	}
	if to != nil {
		to.spoke = to.spoke || answered
		to.vlan(c.VLAN)
	}
	if from == nil || to == nil || from == to || c.Proto != "tcp" && c.Proto != "udp" || c.RespH.IsMulticast() {
		return
	}
	port := c.RespP
	if backwards(c) {
		from, to, orig, resp, port = to, from, resp, orig, c.OrigP
	}
	serves := served(c) || port != c.RespP
	if !serves && (c.Proto != "udp" || !pushed[port] || c.OrigBytes.V == 0) {
		return
	}
	name, kind, byPort := classify(c.Service, c.Proto, port)
	if name == "ftp-data" || kind == Other && port >= ephemeral && name == "" {
		return // the other half of a session, or nobody's service
	}
	use := use{head: &c.Head, udp: c.Proto == "udp", port: port, name: name, kind: kind, byPort: byPort, bytes: c.OrigBytes.V + c.RespBytes.V}
	l.serve(to, orig, !l.own(from.addr), l.use(orig, resp, &use), &use)
}

func (k *known) vlan(v record.Opt[uint16]) {
	if v.Set && v.V != 0 && len(k.vlans) < maxMACs && !slices.Contains(k.vlans, v.V) {
		k.vlans = append(k.vlans, v.V)
	}
}

// originated tells whether the originator was seen to send anything.
func originated(c *network.Conn) bool {
	return !c.OrigPkts.Set || c.OrigPkts.V > 0 || c.OrigBytes.V > 0
}

// replied tells whether the responder was seen to send anything.
func replied(c *network.Conn) bool {
	switch c.State {
	case "S0", "SH", "RSTOS0":
		return c.RespPkts.V > 0
	case "REJ", "SF", "S1", "S2", "S3", "RSTO", "RSTR", "RSTRH", "SHR":
		return true
	}
	return c.RespPkts.V > 0 || c.RespBytes.V > 0
}

// served tells whether the responder gave something to the originator, as far
// as the source tells how much it was.
func served(c *network.Conn) bool {
	if c.RespBytes.Set {
		return c.RespBytes.V > 0
	}
	switch c.State {
	case "SF", "S1", "S2", "S3", "RSTO", "RSTR", "":
		return true
	}
	return false
}

// backwards tells a connection whose beginning was not captured and whose
// responder is the client, by its ports.
func backwards(c *network.Conn) bool {
	switch {
	case c.Proto == "tcp" && (c.State != "OTH" || strings.ContainsAny(c.History, "SsHh")): // its beginning was seen
		return false
	case c.OrigBytes.V == 0:
		return false
	}
	return turned(c.Proto, c.OrigP, c.RespP)
}

// turned tells from its ports alone that the originator of a connection is the
// server: it has a port of a service, the other one that clients are given.
func turned(proto string, orig, resp uint16) bool {
	return resp >= unprivileged && portNames[proto][orig] != "" && portNames[proto][resp] == ""
}

// use is one use of a service.
type use struct {
	head   *record.Head
	udp    bool
	port   uint16
	name   string
	kind   Kind
	byPort bool
	bytes  uint64
}

// serve notes that k answered a client, which is told apart from others while
// there is room for the pair.
func (l *Learner) serve(k *known, client int32, outside, room bool, u *use) {
	key := serviceKey{u.udp, u.port}
	s := k.serves[key]
	if s == nil {
		if len(k.serves) >= maxServices {
			l.beyond.Services++
			return
		}
		if k.serves == nil {
			k.serves = map[serviceKey]*service{}
		}
		s = &service{name: u.name, kind: u.kind, byPort: u.byPort}
		k.serves[key] = s
	}
	if better(s.name, s.kind, s.byPort, u) {
		s.name, s.kind, s.byPort = u.name, u.kind, u.byPort
	}
	if _, ok := s.clients[client]; !ok && client >= 0 {
		switch {
		case !room || len(s.clients) >= maxClients:
			s.more = true
		case s.clients == nil:
			s.clients = map[int32]struct{}{client: {}}
		default:
			s.clients[client] = struct{}{}
		}
	}
	s.outside = s.outside || outside
	s.count++
	s.span.Grow(u.head.TS)
	s.refs.add(u.head)
}

// better tells whether the name of u says more than the one that is kept:
// content more than the port, the closer word more than the carrier.
func better(name string, kind Kind, byPort bool, u *use) bool {
	switch {
	case byPort != u.byPort:
		return byPort
	case name == u.name:
		return false
	case carriers[name] != carriers[u.name]:
		return carriers[name]
	case (kind == Other) != (u.kind == Other):
		return kind == Other
	}
	a, known := rankOf[name]
	b, knownToo := rankOf[u.name]
	if known && knownToo {
		return b < a
	}
	return knownToo || !known && u.name < name
}

// use notes that one host uses a service of another, and tells whether there was
// room for that.
func (l *Learner) use(from, to int32, u *use) bool {
	if from < 0 || to < 0 || from == to {
		return false
	}
	key := edgeKey{from, to, u.udp, u.port}
	e := l.edges[key]
	if e == nil {
		abroad := l.hosts[from].stranger || l.hosts[to].stranger
		if len(l.edges) >= maxEdges || abroad && l.abroad >= maxAbroad {
			l.beyond.Edges++
			return false
		}
		if abroad {
			l.abroad++
		}
		e = &edge{name: u.name, kind: u.kind, byPort: u.byPort}
		l.edges[key] = e
	}
	if better(e.name, e.kind, e.byPort, u) {
		e.name, e.kind, e.byPort = u.name, u.kind, u.byPort
	}
	e.count++
	e.bytes += u.bytes
	e.span.Grow(u.head.TS)
	e.refs.add(u.head)
	e.day(u.head.TS)
	return true
}

// day notes that the edge was used on the day of ts.
func (e *edge) day(ts record.Time) {
	if ts == 0 {
		return
	}
	day := int32(int64(ts) / int64(24*time.Hour)) // #nosec G115 -- days since 1970
	if i, found := slices.BinarySearch(e.days, day); !found && len(e.days) < maxDays {
		e.days = slices.Insert(e.days, i, day)
	}
}
