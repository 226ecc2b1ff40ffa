package beacon

import (
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/record"
)

const (
	maxHosts = 1 << 16
	ringLen  = 1024 // hours whose activity is known: six weeks
)

// hosts are the own hosts, with the hours in which each sent something out.
type hosts struct {
	index map[netip.Addr]uint32
	list  []host
}

type host struct {
	addr        netip.Addr
	first, last record.Time
	hour        int64 // latest hour in ring
	ring        [ringLen / 64]uint64
	hours       uint32      // with activity, ever
	resolver    bool        // answers DNS queries of others
	starts      uint32      // times that it came up after two hours or more of nothing
	up          record.Time // the last of these
	leases      []leased    // in the order of time
}

// leased is a name under which an address was leased.
type leased struct {
	name        string
	first, last record.Time
}

const (
	keptLeases = 8                  // names of an address
	leaseHolds = 7 * 24 * time.Hour // since a lease was last renewed: as package lease has it
)

// lease notes the name that the host's address was leased to. Of many names the
// first ones are forgotten.
func (h *host) lease(name string, at record.Time) {
	if n := len(h.leases); n > 0 && h.leases[n-1].name == name {
		h.leases[n-1].last = at
		return
	}
	if len(h.leases) == keptLeases {
		h.leases = slices.Delete(h.leases, 0, 1)
	}
	h.leases = append(h.leases, leased{name, at, at})
}

// named is what the host was called at a time: the name that its address was
// leased to, else the address. Hunts before know hosts so. What was before the
// first lease that is seen was most likely the host that renewed it.
func (h *host) named(at record.Time) string {
	for i, l := range slices.Backward(h.leases) {
		switch {
		case at < l.first && i > 0:
			continue
		case at.Sub(l.last) > leaseHolds || l.first.Sub(at) > leaseHolds:
			return h.addr.String()
		}
		return l.name
	}
	return h.addr.String()
}

func newHosts() *hosts { return &hosts{index: map[netip.Addr]uint32{}} }

// at finds a, false if there are too many hosts already.
func (h *hosts) at(a netip.Addr) (uint32, bool) {
	i, known := h.index[a]
	if !known {
		if len(h.list) >= maxHosts {
			return 0, false
		}
		i = uint32(len(h.list))
		h.index[a] = i
		h.list = append(h.list, host{addr: a})
	}
	return i, true
}

func hourOf(t record.Time) int64 { return int64(t) / 3600e9 }

// active notes that the host was at work from from to to.
func (h *host) active(from, to record.Time) {
	if h.first == 0 {
		h.first, h.hour = from, hourOf(from)-1
	}
	if from.Sub(h.last) >= offHours*time.Hour {
		h.starts, h.up = h.starts+1, from
	}
	h.last = max(h.last, to)
	last := min(hourOf(to), hourOf(from)+ringLen-1)
	for hour := max(hourOf(from), h.hour-ringLen+1); hour <= last; hour++ {
		for h.hour < hour {
			h.hour++
			if h.hour <= hour-ringLen {
				h.hour = hour - ringLen
				continue
			}
			h.ring[h.hour%ringLen/64] &^= 1 << (h.hour % 64)
		}
		bit := uint64(1) << (hour % 64)
		if w := &h.ring[hour%ringLen/64]; *w&bit == 0 {
			*w |= bit
			h.hours++
		}
	}
}

// off tells whether two hours or more without activity lie wholly between from
// and to. Longer ago than the ring reaches it says no.
func (h *host) off(from, to record.Time) bool {
	run := 0
	for hour := max(hourOf(from)+1, h.hour-ringLen+1); hour < hourOf(to); hour++ {
		if hour <= h.hour && h.ring[hour%ringLen/64]>>(hour%64)&1 == 1 {
			run = 0
			continue
		}
		if run++; run >= offHours {
			return true
		}
	}
	return false
}
