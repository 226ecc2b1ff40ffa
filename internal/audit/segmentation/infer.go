package segmentation

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"longwatch/internal/asset"
)

// subnet is one network with what its hosts were seen to do.
type subnet struct {
	net   netip.Prefix
	hosts int // that answered, or were answered

	controllers, supervisors, commanding int
	offices, directories, servers, users int
	facing, hands, safety                int
	pairs                                int                 // with hosts elsewhere
	faces                                map[netip.Addr]bool // hosts that answer the Internet
	with                                 map[int]*meeting    // of these, by network; -1 the Internet when it asks, -2 when it is asked

	level      Level
	kind       string // name of the zone that it becomes part of
	confidence uint8
	why        []string
}

// meeting is what a network has with another.
type meeting struct {
	pairs int
	hosts map[netip.Addr]bool // of its own that take part
}

const (
	fromInternet = -1
	toInternet   = -2
)

// infer makes zones of what was seen, and of what is known of hosts if anything
// is: networks of 24 bits (64 of IPv6) unless they are seen to be wider, each
// judged by what its hosts do. Networks with controllers, and those that
// nothing is known of, become zones of their own; others of one kind become one
// zone.
func infer(flows []*Flow, by *nets, known *asset.Inventory) *Zoning {
	list := subnets(flows, by, known)
	for _, s := range list {
		s.byHosts()
	}
	for _, s := range list {
		s.byUse(list)
	}
	for _, s := range list {
		s.byOperations(list)
	}
	for _, s := range list {
		s.byBoth(list)
	}
	for _, s := range list {
		s.byOffice(list)
	}
	z := newZoning(merge(list), nil, false)
	z.nets = by
	return z
}

// subnets are the networks seen, in order.
func subnets(flows []*Flow, by *nets, known *asset.Inventory) []*subnet {
	index := map[netip.Prefix]int{}
	var nets []netip.Prefix
	hosts := map[netip.Addr]bool{}
	for _, f := range flows {
		for _, a := range []netip.Addr{f.Orig, f.Resp} {
			if a.IsValid() && f.outcome == passed {
				if !f.Folded {
					hosts[a] = true
				}
				if _, ok := index[by.of(a)]; !ok {
					index[by.of(a)] = 0
					nets = append(nets, by.of(a))
				}
			}
		}
	}
	slices.SortFunc(nets, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	out := make([]*subnet, len(nets))
	for i, n := range nets {
		index[n], out[i] = i, &subnet{net: n, with: map[int]*meeting{}, faces: map[netip.Addr]bool{}, level: Unknown}
	}
	for a := range hosts {
		out[index[by.of(a)]].hosts++
	}
	for a, t := range hostTraits(flows, by, known) {
		s := out[index[by.of(a)]]
		s.add(t)
		if t.facing {
			s.faces[a] = true
		}
	}
	pairs := map[pair]bool{}
	for _, f := range flows {
		if f.outcome != passed || classes[f.Protocol] == basic || pairs[pair{f.Orig, f.Resp}] {
			continue
		}
		pairs[pair{f.Orig, f.Resp}] = true
		from, to := fromInternet, toInternet
		if f.Orig.IsValid() {
			from = index[by.of(f.Orig)]
		}
		if f.Resp.IsValid() {
			to = index[by.of(f.Resp)]
		}
		if from == to {
			continue
		}
		if from >= 0 {
			out[from].meets(to, f.Orig)
		}
		if to >= 0 {
			out[to].meets(from, f.Resp)
		}
	}
	return out
}

func (s *subnet) meets(other int, own netip.Addr) {
	m := s.with[other]
	if m == nil {
		m = &meeting{hosts: map[netip.Addr]bool{}}
		s.with[other] = m
	}
	m.pairs++
	m.hosts[own] = true
	s.pairs++
}

func (s *subnet) add(t *traits) {
	one := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	one(&s.controllers, t.controller())
	one(&s.supervisors, t.supervisor() && !t.office())
	one(&s.commanding, t.commands > 0)
	one(&s.offices, t.office())
	one(&s.directories, t.directoryServer())
	one(&s.servers, t.server())
	one(&s.users, t.user())
	one(&s.facing, t.facing)
	one(&s.hands, t.hands > 0)
	one(&s.safety, t.safety)
}

func (s *subnet) is(kind string, l Level, confidence int, why string, args ...any) {
	s.kind, s.level, s.confidence = kind, l, uint8(max(5, min(95, confidence)))
	s.why = append(s.why, fmt.Sprintf(why, args...))
}

// Kinds of zone, which are their names.
const (
	kindControl     = "control"
	kindSupervision = "supervision"
	kindOperations  = "operations"
	kindDMZ         = "dmz"
	kindEnterprise  = "enterprise"
	kindFacing      = "internet-facing"
	kindUnknown     = "unknown"
)

// byHosts judges a network by its hosts alone, when they tell.
func (s *subnet) byHosts() {
	plant := s.controllers + s.supervisors
	switch {
	case s.controllers > 0 && (s.offices < 3 || s.offices <= plant):
		l := Control
		if s.supervisors > 0 {
			l = Supervision // of two levels, the one that others may come from
		}
		s.is(kindControl, l, 60+10*min(3, s.controllers)-10*min(3, s.offices), "of its %s, %d answer field protocols and %d command others by them", several(s.hosts, "host"), s.controllers, s.supervisors)
		if s.offices > 0 {
			s.why = append(s.why, fmt.Sprintf("%d of them behave as in an office: to log on to a directory or browse, and serve nobody", s.offices))
		}
	case s.directories > 0 || s.offices > s.servers && s.offices > s.supervisors:
		s.is(kindEnterprise, Enterprise, 50+5*min(6, s.offices)+10*min(1, s.directories)-10*min(2, s.controllers), "of its %s, %d log on to directories or browse and serve nobody, and %d are directories that others log on by", several(s.hosts, "host"), s.offices, s.directories)
		if s.controllers > 0 {
			s.why = append(s.why, fmt.Sprintf("%d of them answer field protocols", s.controllers))
		}
	}
	if s.safety > 0 {
		s.why = append(s.why, fmt.Sprintf("%d of them speak the protocol of a safety system", s.safety))
	}
}

// share counts how many pairs of hosts a network has with others of these
// levels, and whether that is a habit: one pair among many, of one host among
// many, may be what should not be.
func (s *subnet) share(all []*subnet, want func(*subnet) bool, also ...int) (n int, habit bool) {
	hosts := map[netip.Addr]bool{}
	for i, m := range s.with {
		if i >= 0 && want(all[i]) || slices.Contains(also, i) {
			n += m.pairs
			maps.Copy(hosts, m.hosts)
		}
	}
	return n, n >= 3 || n > 0 && (5*n >= s.pairs || 3*len(hosts) >= s.hosts)
}

// behind tells whether a host that does not answer the Internet itself meets
// those networks. One that answers the Internet and goes on into the plant is
// what a DMZ is there to prevent.
func (s *subnet) behind(all []*subnet, want func(*subnet) bool) bool {
	for i, m := range s.with {
		if i < 0 || !want(all[i]) {
			continue
		}
		for a := range m.hosts {
			if !s.faces[a] {
				return true
			}
		}
	}
	return false
}

func low(s *subnet) bool    { return s.level.low() }
func plants(s *subnet) bool { return s.level.ot() }
func office(s *subnet) bool { return s.level.it() }

// byUse finds networks of people where neither a directory nor the Internet is
// seen: most hosts use pages, shares, desktops or mail elsewhere and serve
// nobody, and most meet no controller.
func (s *subnet) byUse(all []*subnet) {
	if s.level != Unknown || 2*s.users <= s.hosts {
		return
	}
	hosts := map[netip.Addr]bool{}
	for i, m := range s.with {
		if i >= 0 && low(all[i]) {
			maps.Copy(hosts, m.hosts)
		}
	}
	if 2*len(hosts) < s.hosts {
		s.is(kindEnterprise, Enterprise, 40+5*min(4, s.users), "of its %s, %d use pages, shares, desktops or mail of other networks and serve nobody, and %d meet a control network", several(s.hosts, "host"), s.users, len(hosts))
	}
}

// byOperations finds what is above the controllers and meets no office: those
// who command controllers elsewhere, and what serves them.
func (s *subnet) byOperations(all []*subnet) {
	if s.level != Unknown {
		return
	}
	n, near := s.share(all, low)
	_, it := s.share(all, office, fromInternet)
	switch {
	case !near || it:
	case 2*s.commanding > s.hosts:
		s.is(kindSupervision, Supervision, 60, "of its %s, %d command controllers in other networks, and none meets an office", several(s.hosts, "host"), s.commanding)
	default:
		s.is(kindOperations, Operations, 50, "its hosts meet those of control networks (%s), and no office", several(n, "pair"))
	}
}

// byBoth finds what stands between plant and office.
func (s *subnet) byBoth(all []*subnet) {
	if s.level != Unknown {
		return
	}
	down, ot := s.share(all, plants)
	ot = ot && s.behind(all, plants)
	up, it := s.share(all, office)
	in, out := s.share(all, func(*subnet) bool { return false }, fromInternet)
	switch {
	case ot && it:
		s.is(kindDMZ, DMZ, 60+10*min(1, s.servers), "its hosts meet plant (%s) and office (%s)", several(down, "pair"), several(up, "pair"))
	case ot && out:
		s.is(kindDMZ, DMZ, 50, "its hosts meet the plant (%s) and answer the Internet (%s)", several(down, "pair"), several(in, "pair"))
	case s.facing > 0:
		s.is(kindFacing, Corporate, 60, "of its %s, %d answer the Internet", several(s.hosts, "host"), s.facing)
	}
}

// byOffice finds what only offices use.
func (s *subnet) byOffice(all []*subnet) {
	if s.level != Unknown {
		s.described()
		return
	}
	n, it := s.share(all, office)
	_, ot := s.share(all, plants)
	switch {
	case it && !ot:
		s.is(kindEnterprise, Enterprise, 40, "its hosts meet those of office networks (%s), and no plant", several(n, "pair"))
	case ot:
		s.is(kindOperations, Operations, 35, "its hosts meet those of plant networks")
	default:
		s.is(kindUnknown, Unknown, 0, "nothing that its %s did tells the level", several(s.hosts, "host"))
		s.confidence = 0
	}
	s.described()
}

// described puts the network before its reasons.
func (s *subnet) described() {
	for i := range s.why {
		s.why[i] = s.net.String() + ": " + s.why[i]
	}
}

// merge makes zones of networks.
func merge(list []*subnet) []*Zone {
	alone := map[string]int{}
	for _, s := range list {
		alone[s.kind]++
	}
	byName := map[string]*Zone{}
	var out []*Zone
	for _, s := range list {
		name := s.kind
		if (s.kind == kindControl || s.kind == kindUnknown) && alone[s.kind] > 1 {
			name += " " + s.net.String()
		}
		z := byName[name]
		if z == nil {
			z = &Zone{Name: name, Level: s.level, Confidence: s.confidence, sure: map[netip.Prefix]uint8{}}
			byName[name] = z
			out = append(out, z)
		}
		z.Networks = append(z.Networks, s.net)
		z.sure[s.net] = s.confidence
		z.Why = append(z.Why, s.why...)
		z.Confidence = min(z.Confidence, s.confidence)
		z.Safety = z.Safety || s.safety > 0 && s.controllers == s.safety
	}
	slices.SortStableFunc(out, func(a, b *Zone) int { return int(b.Level) - int(a.Level) })
	return out
}
