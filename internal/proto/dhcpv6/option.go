package dhcpv6

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"longwatch/internal/wire"
)

// Options that are read (RFC 8415 section 21, RFC 3646, RFC 4704).
const (
	optClientID = 1
	optServerID = 2
	optIANA     = 3
	optIATA     = 4
	optIAAddr   = 5
	optRelayed  = 9
	optStatus   = 13
	optVendor   = 16
	optDNS      = 23
	optDomains  = 24
	optIAPD     = 25
	optIAPrefix = 26
	optFQDN     = 39
)

func addr(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (m *Message) option(code uint16, v []byte, depth int) {
	c := wire.At(v)
	switch code {
	case optClientID:
		m.ClientDUID, m.MAC = hex.EncodeToString(v), duidMAC(v)
	case optServerID:
		m.ServerDUID = hex.EncodeToString(v)
	case optIANA, optIAPD: // identifier and two times come first
		c.Skip(12)
		m.inner(c.Rest(), depth)
	case optIATA:
		c.Skip(4)
		m.inner(c.Rest(), depth)
	case optIAAddr:
		a := c.Take(16)
		c.Skip(8)
		if c.OK() && len(m.Addrs) < maxList {
			m.Addrs = append(m.Addrs, addr(a))
		}
		m.inner(c.Rest(), depth)
	case optIAPrefix:
		c.Skip(8)
		bits := int(c.U8())
		a := c.Take(16)
		if c.OK() && bits <= 128 && len(m.Prefixes) < maxList {
			m.Prefixes = append(m.Prefixes, netip.PrefixFrom(addr(a), bits))
		}
		m.inner(c.Rest(), depth)
	case optStatus:
		if n := c.U16(); c.OK() && n != 0 && len(m.Status) < maxList {
			m.Status = append(m.Status, strings.TrimSpace(fmt.Sprintf("%d %s", n, c.Rest())))
		}
	case optVendor:
		c.Skip(4) // enterprise
		n := int(c.U16())
		m.Vendor = string(c.Take(n))
	case optDNS:
		for c.Len() >= 16 && len(m.DNSServers) < maxList {
			m.DNSServers = append(m.DNSServers, addr(c.Take(16)))
		}
	case optDomains:
		for c.Len() > 0 && len(m.Domains) < maxList {
			s := domain(&c)
			if s == "" {
				return
			}
			m.Domains = append(m.Domains, s)
		}
	case optFQDN:
		c.Skip(1) // flags
		m.FQDN = domain(&c)
	}
}

func (m *Message) inner(b []byte, depth int) {
	if depth < maxDepth {
		options(b, func(code uint16, v []byte) { m.option(code, v, depth+1) })
	}
}

// duidMAC is the link-layer address in an identifier of types 1 and 3 (section
// 11), when it is Ethernet's.
func duidMAC(v []byte) string {
	c := wire.At(v)
	kind, hw := c.U16(), c.U16()
	if kind == 1 {
		c.Skip(4) // time
	}
	mac := c.Rest()
	if kind != 1 && kind != 3 || hw != 1 || len(mac) != 6 {
		return ""
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
}

// domain reads a name of labels, which may end without its zero when it is
// not fully qualified (RFC 4704 section 4.2).
func domain(c *wire.Cursor) string {
	var labels []string
	for c.Len() > 0 && len(labels) < 64 {
		n := int(c.U8())
		if n == 0 {
			break
		}
		label := c.Take(n)
		if n > 63 || !c.OK() {
			return ""
		}
		labels = append(labels, string(label))
	}
	return strings.Join(labels, ".")
}
