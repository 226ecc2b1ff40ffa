package segmentation

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"longwatch/internal/record"
)

// Policy is the least that would admit what was seen to pass between zones,
// but for what should not have.
type Policy struct {
	Zoning   *Zoning // the same zones, with the conduits suggested
	Admitted uint64  // connections that passed and should have, all of which it admits
	Refused  uint64  // connections that findings are about, none of which it admits
	Missed   uint64  // of the first, those that it does not admit: to transports that have no ports
	Left     uint64  // of the second, those that it does: none
}

const (
	mostFrom = 16 // hosts that a conduit names before it is for their whole zone
	mostTo   = 32 // likewise at the other end
)

// suggest makes one conduit for each service between two zones. Hosts are named
// when they are few, or when the whole zone would admit a finding.
func (r *Report) suggest() *Policy {
	type at struct {
		from, to            int
		protocol, transport string
		port                uint16
	}
	groups := map[at][]*Flow{}
	blamed := map[at][]*Flow{}
	for _, f := range r.flows {
		if f.from == f.to || f.outcome != passed {
			continue
		}
		k := at{f.from, f.to, f.Protocol, f.Transport, f.Port}
		if r.blamed[f] {
			blamed[k] = append(blamed[k], f)
			continue
		}
		groups[k] = append(groups[k], f)
	}
	keys := make([]at, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b at) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.protocol, b.protocol), cmp.Compare(a.transport, b.transport), cmp.Compare(a.port, b.port))
	})
	var conduits []Conduit
	for _, k := range keys {
		conduits = append(conduits, r.conduit(groups[k], blamed[k]))
	}
	z := *r.Zoning
	z.Conduits = conduits
	p := &Policy{Zoning: &z}
	p.check(r)
	return p
}

// conduit is for flows of one service between two zones.
func (r *Report) conduit(flows, blamed []*Flow) Conduit {
	f := flows[0]
	c := Conduit{From: r.Zoning.Zones[f.from].Name, To: r.Zoning.Zones[f.to].Name, Protocols: []string{f.Protocol}}
	switch {
	case f.Transport == icmp.String():
		c.Ports = []PortRange{{Transport: f.Transport}}
	case f.Transport == otherTransport.String():
	case f.Port == 0:
		c.Ports = []PortRange{{Transport: f.Transport, Low: 1024, High: 65535}}
	default:
		c.Ports = []PortRange{{Transport: f.Transport, Low: f.Port, High: f.Port}}
	}
	from, to := hostsOf(flows)
	var count uint64
	span := record.Span{}
	folded := false
	for _, x := range flows {
		count += x.Count
		span.Grow(x.First)
		span.Grow(x.Last)
		folded = folded || x.Folded
	}
	c.Why = fmt.Sprintf("%s, %s", several(count, "connection"), spanText(span))
	if folded {
		return c // hosts were not told apart
	}
	if f.Orig.IsValid() {
		c.FromHosts = from
	}
	if f.Resp.IsValid() {
		c.ToHosts = to
	}
	wide := c
	if len(from) > mostFrom {
		wide.FromHosts = nil
	}
	if len(to) > mostTo {
		wide.ToHosts = nil
	}
	if !slices.ContainsFunc(blamed, func(x *Flow) bool { return wide.admits(c.From, c.To, x) }) {
		return wide
	}
	return c
}

// check counts what the conduits admit of what was seen. Flows of a service
// can only be admitted by conduits between their zones.
func (p *Policy) check(r *Report) {
	by := map[[3]string][]*Conduit{}
	for i := range p.Zoning.Conduits {
		c := &p.Zoning.Conduits[i]
		k := [3]string{c.From, c.To, c.Protocols[0]}
		by[k] = append(by[k], c)
	}
	for _, f := range r.flows {
		if f.from == f.to || f.outcome != passed {
			continue
		}
		from, to := r.Zoning.Zones[f.from].Name, r.Zoning.Zones[f.to].Name
		admitted := slices.ContainsFunc(by[[3]string{from, to, f.Protocol}], func(c *Conduit) bool { return c.admits(from, to, f) })
		switch {
		case r.blamed[f]:
			p.Refused += f.Count
			if admitted {
				p.Left += f.Count
			}
		default:
			p.Admitted += f.Count
			if !admitted {
				p.Missed += f.Count
			}
		}
	}
}

// WritePolicy writes the suggestion as a file for --zones.
func (r *Report) WritePolicy(w io.Writer) error {
	p := r.Policy
	_, err := fmt.Fprintf(w, "# The least that admits the %s seen to pass between zones, and none of the %s that findings are about.\n# What was not seen is not in it: emergencies, maintenance, what happens once a year. Add that before you enforce it.\n",
		several(p.Admitted-p.Missed, "connection"), several(p.Refused-p.Left, "connection"))
	if err != nil {
		return err
	}
	return p.Zoning.WriteZones(w)
}

// sortedZones are the zones that have addresses, with their indices.
func (z *Zoning) sortedZones() (out []int) {
	for i, x := range z.Zones {
		if len(x.Networks)+len(x.Hosts) > 0 {
			out = append(out, i)
		}
	}
	return out
}

// split are addresses of IPv4 and of IPv6 as text.
func split(hosts []netip.Addr) (four, six []string) {
	for _, h := range hosts {
		if h.Is4() {
			four = append(four, h.String())
			continue
		}
		six = append(six, h.String())
	}
	return four, six
}
