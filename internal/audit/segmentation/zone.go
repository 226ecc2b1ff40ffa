package segmentation

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Zone is hosts that need the same protection (IEC 62443-3-2).
type Zone struct {
	Name       string
	Level      Level
	Networks   []netip.Prefix
	Hosts      []netip.Addr // besides those of the networks, and before them
	Safety     bool         // holds a safety system
	Confidence uint8        // 0 to 100, of the network that is least sure; 100 when the zone was given
	Why        []string     // what it was inferred from

	members map[netip.Addr]bool    // hosts that were seen
	sure    map[netip.Prefix]uint8 // confidence of each network, when inferred
}

// Names of zones that are always there.
const (
	internetZone = "internet"
	noZone       = "unassigned"
)

// Zoning says of every address which zone it is in. The first zone is the
// Internet, the last holds what is in no other.
type Zoning struct {
	Zones    []*Zone
	Conduits []Conduit
	Given    bool // by the user; else inferred

	nets  *nets // which hosts hear one another
	host  map[netip.Addr]int
	net   map[netip.Prefix]int
	bits4 []int // lengths of networks, longest first
	bits6 []int
}

// newZoning joins zones. The Internet and what is in no zone are added.
func newZoning(zones []*Zone, conduits []Conduit, given bool) *Zoning {
	z := &Zoning{Given: given, Conduits: conduits, host: map[netip.Addr]int{}, net: map[netip.Prefix]int{}}
	z.Zones = append(z.Zones, &Zone{Name: internetZone, Level: Outside, Confidence: 100})
	for _, x := range zones {
		if x.Name == internetZone || x.Name == noZone {
			continue
		}
		z.Zones = append(z.Zones, x)
	}
	z.Zones = append(z.Zones, &Zone{Name: noZone, Level: Unknown})
	for i, x := range z.Zones {
		x.members = map[netip.Addr]bool{}
		for _, h := range x.Hosts {
			z.host[h] = i
		}
		for _, n := range x.Networks {
			z.net[n] = i
			bits := &z.bits4
			if n.Addr().Is6() {
				bits = &z.bits6
			}
			if !slices.Contains(*bits, n.Bits()) {
				*bits = append(*bits, n.Bits())
			}
		}
	}
	for _, bits := range [][]int{z.bits4, z.bits6} {
		slices.SortFunc(bits, func(a, b int) int { return cmp.Compare(b, a) })
	}
	return z
}

// Of is the index of the zone of an address. An invalid one is the Internet.
func (z *Zoning) Of(a netip.Addr) int {
	if !a.IsValid() {
		return 0
	}
	if i, ok := z.host[a]; ok {
		return i
	}
	bits := z.bits4
	if a.Is6() {
		bits = z.bits6
	}
	for _, n := range bits {
		if p, err := a.Prefix(n); err == nil {
			if i, ok := z.net[p]; ok {
				return i
			}
		}
	}
	return len(z.Zones) - 1
}

// place sorts the ends of flows into their zones.
func (z *Zoning) place(flows []*Flow) {
	for _, f := range flows {
		f.from, f.to = z.Of(f.Orig), z.Of(f.Resp)
	}
}

// seen does so, and takes note of the hosts.
func (z *Zoning) seen(flows []*Flow) {
	z.place(flows)
	for _, f := range flows {
		for _, e := range []struct {
			a netip.Addr
			i int
		}{{f.Orig, f.from}, {f.Resp, f.to}} {
			if e.a.IsValid() && !f.Folded && (f.outcome == passed || e.a == f.Orig && f.outcome == tried) {
				z.Zones[e.i].members[e.a] = true
			}
		}
	}
}

// confidence is how sure it is that an address belongs here.
func (z *Zone) confidence(a netip.Addr, by *nets) uint8 {
	if n, ok := z.sure[by.of(a)]; ok && a.IsValid() {
		return n
	}
	return z.Confidence
}

// Members are the hosts that were seen in a zone, in order.
func (z *Zone) Members() []netip.Addr {
	out := make([]netip.Addr, 0, len(z.members))
	for a := range z.members {
		out = append(out, a)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// Conduit is what may pass from one zone to another.
type Conduit struct {
	From, To  string       // zones
	Both      bool         // either end may open connections
	FromHosts []netip.Addr // only these; none: all of the zone
	ToHosts   []netip.Addr // likewise
	Protocols []string     // as this package names them; none: any
	Ports     []PortRange  // none: any
	Why       string       // the user's words
}

// PortRange is ports of one transport.
type PortRange struct {
	Transport string // tcp, udp or icmp
	Low, High uint16 // of icmp 0
}

// String is as in tcp/502, udp/1024-65535, icmp.
func (p PortRange) String() string {
	switch {
	case p.Transport == icmp.String():
		return p.Transport
	case p.Low == p.High:
		return p.Transport + "/" + utoa(p.Low)
	}
	return p.Transport + "/" + utoa(p.Low) + "-" + utoa(p.High)
}

// admits tells whether a conduit lets a flow between these zones pass. Where
// the content was not understood, the port alone decides.
func (c *Conduit) admits(from, to string, f *Flow) bool {
	return c.oneWay(from, to, f, c.FromHosts, c.ToHosts) || c.Both && c.oneWay(to, from, f, c.ToHosts, c.FromHosts)
}

func (c *Conduit) oneWay(from, to string, f *Flow, fromHosts, toHosts []netip.Addr) bool {
	if from != c.From || to != c.To {
		return false
	}
	if len(fromHosts) > 0 && !slices.Contains(fromHosts, f.Orig) || len(toHosts) > 0 && !slices.Contains(toHosts, f.Resp) {
		return false
	}
	if len(c.Ports) > 0 && !slices.ContainsFunc(c.Ports, func(p PortRange) bool { return p.holds(f) }) {
		return false
	}
	return len(c.Protocols) == 0 || slices.Contains(c.Protocols, f.Protocol) || f.Protocol == unknown && len(c.Ports) > 0
}

// holds tells whether a flow went to one of the ports. Ports of many are
// those that a server draws.
func (p PortRange) holds(f *Flow) bool {
	switch {
	case p.Transport != f.Transport:
		return false
	case f.Transport == icmp.String() || f.Transport == otherTransport.String():
		return true
	case f.Port == 0:
		return p.Low <= 1024 && p.High == 65535
	}
	return f.Port >= p.Low && f.Port <= p.High
}

// service is what a flow is for, in words: modbus (tcp/502).
func (f *Flow) service() string {
	name := f.Protocol
	at := f.Transport
	switch {
	case f.Transport == icmp.String():
		return name
	case f.Port != 0:
		at += "/" + utoa(f.Port)
	case f.Transport == otherTransport.String():
	default:
		at += ", many ports"
	}
	var note string
	if f.ByPort {
		note = ", by its port"
	}
	return strings.Join([]string{name, " (", at, note, ")"}, "")
}
