package segmentation

import (
	"net/netip"
	"slices"

	"longwatch/internal/record"
)

// apartFrom is how sure a zone must be for its level to say that two networks
// are on the same side of the border: below it networks count as apart, because
// a conversation that a wall would cut and nobody named is worse than one that
// was named for nothing.
const apartFrom = 50

// Infer makes zones of traffic alone. Hosts are not known by name or role.
func Infer(t *Traffic) *Zoning {
	by := wideNets(t)
	z := infer(t.All(), by, nil)
	z.nets = by
	return z
}

// Apart tells whether a wall between plant and office would stand between two
// hosts: one is of the plant (levels 0 to 3 of the Purdue model) and the other
// is not. Where a zone is not sure, hosts of different networks are apart.
func (z *Zoning) Apart(a, b netip.Addr) bool {
	a, b = a.Unmap().WithZone(""), b.Unmap().WithZone("")
	if z.nets.of(a) == z.nets.of(b) {
		return false
	}
	x, y := z.Zones[z.Of(a)], z.Zones[z.Of(b)]
	if x.Level == Unknown || y.Level == Unknown || x.confidence(a, z.nets) < apartFrom || y.confidence(b, z.nets) < apartFrom {
		return true
	}
	return x.Level.ot() != y.Level.ot()
}

// connFields are what Put looks at in a connection.
var connFields = []string{
	"ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "conn_state", "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts",
}

// ConnField tells whether Put looks at a field of connections.
func ConnField(f *record.Field) bool { return slices.Contains(connFields, f.Name) }
