package flow

import (
	"net/netip"

	"longwatch/internal/capture"
)

// ipRange is a prefix in the form that compares quickly.
type ipRange struct{ mask, net capture.Addr }

func (n *ipRange) contains(a capture.Addr) bool {
	return a.Hi&n.mask.Hi == n.net.Hi && a.Lo&n.mask.Lo == n.net.Lo
}

// privateNets are the special-purpose ranges that Zeek counts as local when
// nobody says otherwise (IANA IPv4 and IPv6 special-purpose registries). The
// IPv4 ones are meant as 6to4 addresses (2002::/16) too.
var privateNets = [...]string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/24", "239.0.0.0/8", "240.0.0.0/4", "255.255.255.255/32",
	"::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:2::/48", "2001:db8::/32",
	"fc00::/7", "fe80::/10", "fec0::/10",
}

func localNets(home []netip.Prefix) []ipRange {
	var out []ipRange
	for _, p := range home {
		if p.IsValid() {
			out = append(out, toRange(p))
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, s := range privateNets {
		p := netip.MustParsePrefix(s)
		out = append(out, toRange(p))
		if p.Addr().Is4() {
			a := p.Addr().As4()
			b := [16]byte{0x20, 0x02, a[0], a[1], a[2], a[3]}
			out = append(out, toRange(netip.PrefixFrom(netip.AddrFrom16(b), p.Bits()+16)))
		}
	}
	return out
}

func toRange(p netip.Prefix) ipRange {
	n := p.Bits()
	if p.Addr().Is4() {
		n += 96
	}
	b := p.Addr().As16()
	a := capture.AddrFrom16(b[:])
	mask := capture.Addr{Hi: ^uint64(0), Lo: ^uint64(0)}
	if n < 64 {
		mask = capture.Addr{Hi: ^uint64(0) << (64 - n)}
	} else if n < 128 {
		mask.Lo = ^uint64(0) << (128 - n)
	}
	return ipRange{mask: mask, net: capture.Addr{Hi: a.Hi & mask.Hi, Lo: a.Lo & mask.Lo}}
}

func isLocal(nets []ipRange, a capture.Addr) bool {
	for i := range nets {
		if nets[i].contains(a) {
			return true
		}
	}
	return false
}
