// Package lease names own hosts by their addresses, as DHCP gave them out:
//
//	n.Learn(rec)          // each *dhcp.Record, in order of time
//	n.Name(addr, rec.TS)  // "lap-17", or the address where nothing is known
//
// Detectors that compare with what was learned in hunts before must name hosts as
// the learner does, which uses it too.
package lease

import (
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/detect/recent"
	"longwatch/internal/proto/dhcp"
	"longwatch/internal/record"
)

const (
	keep = 7 * 24 * time.Hour // since the lease was last renewed
	most = 1 << 16            // addresses
)

// Names remembers leases for a week. The zero value knows nothing and is ready
// for use.
type Names struct {
	names *recent.Map[netip.Addr, string]
}

// Learn takes note of a lease.
func (n *Names) Learn(r *dhcp.Record) {
	if !r.AssignedAddr.IsValid() || r.HostName == "" {
		return
	}
	if n.names == nil {
		n.names = recent.New[netip.Addr, string](keep, most)
	}
	*n.names.At(r.AssignedAddr, r.TS) = strings.ToLower(r.HostName)
}

// Name is what the host with an address is called at a time, or the address.
func (n *Names) Name(a netip.Addr, now record.Time) string {
	if name, ok := n.Lease(a, now); ok {
		return name
	}
	return a.String()
}

// Lease is what the host with an address is called at a time, where that is known.
func (n *Names) Lease(a netip.Addr, now record.Time) (string, bool) {
	if n.names == nil {
		return "", false
	}
	s := n.names.Peek(a, now)
	if s == nil {
		return "", false
	}
	return *s, true
}
