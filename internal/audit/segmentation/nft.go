package segmentation

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// family is one version of IP, as nftables names things of it.
type family struct {
	name, suffix, typ, echo string
	is4                     bool
}

var families = []family{
	{"ip", "4", "ipv4_addr", "icmp type echo-request", true},
	{"ip6", "6", "ipv6_addr", "icmpv6 type echo-request", false},
}

// Nftables writes the suggestion as a ruleset for a firewall between the
// zones. Only addresses and ports that were parsed reach it; names of zones
// stand in comments, letters and digits of them. Specification: nft(8).
func (r *Report) Nftables(w io.Writer) error {
	z := r.Policy.Zoning
	var b strings.Builder
	b.WriteString("# Conduits as seen, for a firewall that forwards between the zones. Try it with \"policy accept\" first,\n# and read what it logs: what was not seen while it was watched is dropped.\n\n")
	b.WriteString("table inet longwatch_segmentation {\n")
	zones := z.sortedZones()
	r.Traffic.nftOwn(&b, z)
	for _, i := range zones {
		z.nftSets(&b, i)
	}
	b.WriteString("\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t\tct state established,related accept\n\t\tct state invalid drop\n")
	b.WriteString("\t\t# within a zone\n")
	for _, i := range zones {
		for _, f := range families {
			if len(z.elements(i, f.is4)) > 0 {
				fmt.Fprintf(&b, "\t\t%s %s accept\n", z.nftZone(i, f, "saddr"), z.nftZone(i, f, "daddr"))
			}
		}
	}
	for i := range z.Conduits {
		z.nftConduit(&b, &z.Conduits[i])
	}
	b.WriteString("\t\tlimit rate 10/second log prefix \"segmentation \"\n\t}\n}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// elements are the addresses of a zone of one family, with those that a zone
// inside it has: rules take them out.
func (z *Zoning) elements(i int, is4 bool) (out []string) {
	var own []netip.Prefix
	for _, n := range z.Zones[i].Networks {
		if n.Addr().Is4() == is4 {
			own = append(own, n)
		}
	}
	for _, h := range z.Zones[i].Hosts {
		if h.Is4() == is4 {
			own = append(own, netip.PrefixFrom(h, h.BitLen()))
		}
	}
	for _, n := range own { // one inside another is no interval of its own
		if !slices.ContainsFunc(own, func(p netip.Prefix) bool { return p != n && p.Bits() < n.Bits() && p.Contains(n.Addr()) }) {
			out = append(out, n.String())
		}
	}
	return out
}

// privateNets are own without a word: RFC 1918, 6598, 3927, 4193, 4291.
var privateNets = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"}

// nftOwn writes the sets of all own networks, those of the zones among them.
func (t *Traffic) nftOwn(b *strings.Builder, z *Zoning) {
	own := slices.Clone(t.home)
	if len(own) == 0 {
		for _, s := range privateNets {
			own = append(own, netip.MustParsePrefix(s))
		}
	}
	for _, x := range z.Zones {
		own = append(own, x.Networks...)
		for _, h := range x.Hosts {
			own = append(own, netip.PrefixFrom(h, h.BitLen()))
		}
	}
	all := &Zoning{Zones: []*Zone{{Networks: own}}}
	for _, f := range families {
		elements := all.elements(0, f.is4)
		slices.Sort(elements)
		elements = slices.Compact(elements)
		text := ""
		if len(elements) > 0 {
			text = "\t\telements = { " + strings.Join(elements, ", ") + " }\n"
		}
		fmt.Fprintf(b, "\t# own networks\n\tset own_%s {\n\t\ttype %s\n\t\tflags interval\n%s\t}\n", f.suffix, f.typ, text)
	}
}

func (z *Zoning) nftSets(b *strings.Builder, i int) {
	for _, f := range families {
		if list := z.elements(i, f.is4); len(list) > 0 {
			fmt.Fprintf(b, "\t# %s, level %s\n\tset zone%d_%s {\n\t\ttype %s\n\t\tflags interval\n\t\telements = { %s }\n\t}\n", plain(z.Zones[i].Name), z.Zones[i].Level, i, f.suffix, f.typ, strings.Join(list, ", "))
		}
	}
}

// nftConduit writes the rules of one conduit, one for each family that both
// ends have.
func (z *Zoning) nftConduit(b *strings.Builder, c *Conduit) {
	fmt.Fprintf(b, "\t\t# %s to %s: %s\n", plain(c.From), plain(c.To), plain(c.allows()))
	ways := [][2]string{{c.From, c.To}}
	hosts := [][2][]netip.Addr{{c.FromHosts, c.ToHosts}}
	if c.Both {
		ways, hosts = append(ways, [2]string{c.To, c.From}), append(hosts, [2][]netip.Addr{c.ToHosts, c.FromHosts})
	}
	for n, way := range ways {
		for _, f := range families {
			from, ok1 := z.nftEnd(way[0], hosts[n][0], f, "saddr")
			to, ok2 := z.nftEnd(way[1], hosts[n][1], f, "daddr")
			if !ok1 || !ok2 {
				continue
			}
			for _, m := range matches(c, f) {
				fmt.Fprintf(b, "\t\t%s\n", strings.Join(strings.Fields(strings.Join([]string{from, to, m, "accept"}, " ")), " "))
			}
		}
	}
}

// nftEnd is the condition on one end. The Internet is what is in no own
// network, and unassigned what is in one and in no zone.
func (z *Zoning) nftEnd(zone string, hosts []netip.Addr, f family, side string) (string, bool) {
	four, six := split(hosts)
	list := four
	if !f.is4 {
		list = six
	}
	switch {
	case len(hosts) > 0 && len(list) == 0:
		return "", false
	case len(list) > 0:
		return fmt.Sprintf("%s %s { %s }", f.name, side, strings.Join(list, ", ")), true
	}
	switch zone {
	case internetZone:
		return fmt.Sprintf("%s %s != @own_%s", f.name, side, f.suffix), true
	case noZone:
		out := []string{fmt.Sprintf("%s %s @own_%s", f.name, side, f.suffix)}
		for _, i := range z.sortedZones() {
			if len(z.elements(i, f.is4)) > 0 {
				out = append(out, f.outsideZone(side, i))
			}
		}
		return strings.Join(out, " "), true
	}
	for _, i := range z.sortedZones() {
		if z.Zones[i].Name == zone && len(z.elements(i, f.is4)) > 0 {
			return z.nftZone(i, f, side), true
		}
	}
	return "", false
}

// nftZone is the condition that an end is in a zone, and in none that lies
// inside its networks.
func (z *Zoning) nftZone(i int, f family, side string) string {
	out := []string{fmt.Sprintf("%s %s @zone%d_%s", f.name, side, i, f.suffix)}
	for _, j := range z.sortedZones() {
		if j != i && z.inside(j, i, f.is4) {
			out = append(out, f.outsideZone(side, j))
		}
	}
	return strings.Join(out, " ")
}

// outsideZone is the condition that an end is in none of a zone's networks.
func (f family) outsideZone(side string, zone int) string {
	return fmt.Sprintf("%s %s != @zone%d_%s", f.name, side, zone, f.suffix)
}

// inside tells whether something of zone j lies in a network of zone i.
func (z *Zoning) inside(j, i int, is4 bool) bool {
	inner := slices.Clone(z.Zones[j].Networks)
	for _, h := range z.Zones[j].Hosts {
		inner = append(inner, netip.PrefixFrom(h, h.BitLen()))
	}
	for _, n := range z.Zones[i].Networks {
		if n.Addr().Is4() == is4 && slices.ContainsFunc(inner, func(p netip.Prefix) bool { return p.Bits() > n.Bits() && n.Contains(p.Addr()) }) {
			return true
		}
	}
	return false
}

// matches are the conditions on ports, one rule each; none: any.
func matches(c *Conduit, f family) (out []string) {
	for _, p := range c.Ports {
		switch {
		case p.Transport == icmp.String():
			out = append(out, f.echo)
		case p.Low == p.High:
			out = append(out, fmt.Sprintf("%s dport %d", p.Transport, p.Low))
		default:
			out = append(out, fmt.Sprintf("%s dport %d-%d", p.Transport, p.Low, p.High))
		}
	}
	if len(c.Ports) == 0 {
		return []string{""}
	}
	return out
}

// plain keeps of a name what cannot end a comment.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" .,/:-_", r) {
			return r
		}
		return '_'
	}, s)
}
