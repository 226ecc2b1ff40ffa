package segmentation

import (
	"math/bits"
	"net/netip"
	"slices"

	"longwatch/internal/record/network"
)

// nets says which network an address is of. Without evidence of a wider one it
// has 24 bits, 64 of IPv6.
type nets struct {
	wide []netip.Prefix // wider ones of IPv4, none in another
}

// network24 is the network that an address is taken to be of.
func network24(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// of is the network of an address; none of an invalid one.
func (n *nets) of(a netip.Addr) netip.Prefix {
	if n != nil {
		for _, p := range n.wide {
			if p.Contains(a) {
				return p
			}
		}
	}
	return network24(a)
}

const (
	widest   = 16  // bits: nobody has more than 65,536 hosts that hear one another
	maxMasks = 256 // wider networks that are kept
)

// mask learns from hosts that call everybody in their network by the NetBIOS
// name or datagram service how wide it is: the address they call ends in ones
// where theirs may not. Specification: RFC 1001, 15.1; RFC 919.
func (t *Traffic) mask(c *network.Conn) {
	from, to := c.OrigH.Unmap(), c.RespH.Unmap()
	if c.Proto != "udp" || c.RespP != 137 && c.RespP != 138 || !from.Is4() || !to.Is4() || c.RespPkts.V > 0 || !t.inside(from) {
		return
	}
	a, b := from.As4(), to.As4()
	x := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	y := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	ones := bits.TrailingZeros32(^y)
	same := bits.LeadingZeros32(x ^ y)
	if same < widest || same >= 24 || 32-same > ones {
		return
	}
	if p, err := from.Prefix(same); err == nil && len(t.masks) < maxMasks {
		t.masks[p] = true
	}
}

// link is the smallest network that holds two hosts of one link, one of which
// told the other its hardware address.
type link struct {
	net netip.Prefix
	mac string // of the one that told
}

const (
	maxLinks  = 1 << 14 // links that are kept
	maxClaims = 1 << 16 // pairs of hardware and address
	// proxied is how many addresses a host may have before it is taken for a router
	// that answers for others (RFC 1027): what it says shows no link.
	proxied = 4
)

// neighbours learns from address resolution which hosts hear one another: a
// reply goes from host to host within one link (RFC 826).
func (t *Traffic) neighbours(a *network.ARP) {
	told, asked := a.OrigH.Unmap(), a.RespH.Unmap()
	if a.Operation != "reply" || a.OrigHW == "" || !told.Is4() || !asked.Is4() || told == asked || told.IsUnspecified() || asked.IsUnspecified() || told.IsLinkLocalUnicast() {
		return
	}
	set := t.claims[a.OrigHW]
	switch {
	case set == nil && t.claimed >= maxClaims:
		return // whether it answers for others cannot be told
	case set == nil:
		set = map[netip.Addr]bool{}
		t.claims[a.OrigHW] = set
	}
	if !set[told] && len(set) <= proxied {
		set[told] = true
		t.claimed++
	}
	x, y := told.As4(), asked.As4()
	same := bits.LeadingZeros32((uint32(x[0])<<24 | uint32(x[1])<<16 | uint32(x[2])<<8 | uint32(x[3])) ^ (uint32(y[0])<<24 | uint32(y[1])<<16 | uint32(y[2])<<8 | uint32(y[3])))
	if same < widest || same >= 24 || len(t.links) >= maxLinks {
		return
	}
	if p, err := told.Prefix(same); err == nil {
		t.links[link{p, a.OrigHW}] = true
	}
}

// linked are the networks wider than 24 bits that address resolution shows: two
// hosts at least told so, and neither is a router that answers for others.
func (t *Traffic) linked() (out []netip.Prefix) {
	by := map[netip.Prefix]int{}
	for l := range t.links {
		if len(t.claims[l.mac]) <= proxied {
			by[l.net]++
		}
	}
	for p, hosts := range by {
		if hosts >= 2 {
			out = append(out, p)
		}
	}
	return out
}

// wideNets are the networks that some traffic shows to be wider than 24 bits.
func wideNets(list ...*Traffic) *nets {
	var all []netip.Prefix
	for _, t := range list {
		if t == nil {
			continue
		}
		for p := range t.masks {
			all = append(all, p)
		}
		all = append(all, t.linked()...)
	}
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		if a.Bits() != b.Bits() {
			return a.Bits() - b.Bits()
		}
		return a.Addr().Compare(b.Addr())
	})
	out := &nets{}
	for _, p := range all {
		if !slices.ContainsFunc(out.wide, func(q netip.Prefix) bool { return q.Contains(p.Addr()) }) {
			out.wide = append(out.wide, p)
		}
	}
	return out
}
