package share

import (
	"net/netip"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/domain"
)

// Ours tells what belongs to the organisation whose case it is, for those who
// act on a case rather than pass it on.
type Ours struct{ own *own }

// OursOf learns the networks, machines and domains of c; domains are further
// ones.
func OursOf(c *casefolder.Case, domains []string) *Ours { return &Ours{ownOf(c, domains)} }

// Address tells whether an address is ours, or one that anybody may use inside.
func (o *Ours) Address(a netip.Addr) bool { return o.own.address(a) }

// Domain tells whether a name is ours or only used inside.
func (o *Ours) Domain(name string) bool { return o.own.domain(name) }

// Everybody tells whether a name is of a service that intruders and everybody
// else use.
func Everybody(name string) bool {
	name = domain.Clean(name)
	for _, s := range services {
		if name == s || strings.HasSuffix(name, "."+s) {
			return true
		}
	}
	return false
}
