package beacon

import (
	"net/netip"
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
