package flow

import (
	"encoding/binary"
	"hash/maphash"
	"time"

	"longwatch/internal/record"
)

// duplicates finds packets that two captures, or two interfaces of one, saw on
// their way: span ports on both sides of a switch or a router copy the same
// packet twice. The same packet twice at one place is a retransmission or a
// loop, and stays.
type duplicates struct {
	seed maphash.Seed
	seen map[uint64]*sighting
	ring []uint64 // hashes in order of arrival, for forgetting
	at   int
}

// sighting is when and where a packet was seen, and not found to be a copy.
type sighting struct {
	ts     record.Time
	where  uint64 // source and interface
	n      int    // times it was seen there
	copies []copies
}

// copies is how often a packet was seen at another place.
type copies struct {
	where uint64
	n     int
}

const (
	// dupWindow is how far apart two sightings may be: clocks of sensors differ
	// by milliseconds, and TCP does not repeat anything that soon (RFC 6298).
	dupWindow = 100 * time.Millisecond
	// maxSeen bounds the packets remembered.
	maxSeen = 1 << 16
	// maxCopies bounds the places at which one packet was seen again.
	maxCopies = 16
)

func newDuplicates() *duplicates {
	return &duplicates{seed: maphash.MakeSeed(), seen: map[uint64]*sighting{}, ring: make([]uint64, maxSeen)}
}

// again tells whether an IP packet was seen elsewhere a moment ago. What routers
// change on the way, the time to live and the checksum over it, does not count.
func (d *duplicates) again(ip []byte, ts record.Time, where uint64) bool {
	var h maphash.Hash
	h.SetSeed(d.seed)
	switch {
	case len(ip) >= 20 && ip[0]>>4 == 4:
		ip = ip[:min(len(ip), max(int(binary.BigEndian.Uint16(ip[2:])), 20))] // without the padding of short frames
		_, _ = h.Write(ip[:8])
		_, _ = h.Write(ip[9:10])
		_, _ = h.Write(ip[12:])
	case len(ip) >= 40 && ip[0]>>4 == 6:
		ip = ip[:min(len(ip), 40+int(binary.BigEndian.Uint16(ip[4:])))]
		_, _ = h.Write(ip[:7])
		_, _ = h.Write(ip[8:])
	default:
		return false
	}
	sum := h.Sum64()
	s := d.seen[sum]
	if s == nil || ts.Sub(s.ts) > dupWindow || s.ts.Sub(ts) > dupWindow {
		if s == nil {
			delete(d.seen, d.ring[d.at])
			d.ring[d.at] = sum
			d.at = (d.at + 1) % maxSeen
		}
		d.seen[sum] = &sighting{ts: ts, where: where, n: 1}
		return false
	}
	if s.where == where { // once more at the first place
		s.ts = ts
		s.n++
		return false
	}
	for i := range s.copies {
		if c := &s.copies[i]; c.where == where {
			c.n++
			return c.n <= s.n // more often than at the first place: repeated there
		}
	}
	if len(s.copies) < maxCopies {
		s.copies = append(s.copies, copies{where, 1})
	}
	return true
}
