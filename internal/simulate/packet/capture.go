// Package packet writes captures of network traffic that never took place:
// Ethernet, ARP, IPv4, UDP and TCP with correct lengths and checksums,
// handshakes, segments, acknowledgements and endings, as a sensor on a
// mirror port would have seen them. It opens no socket.
package packet

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/simulate/chance"
)

// Stack is the kind of TCP/IP implementation a station has; it decides
// initial TTL, TCP options and window.
type Stack uint8

// The stacks that are told apart.
const (
	Windows Stack = iota
	Linux
	Embedded
)

// Station is one machine with one address.
type Station struct {
	MAC   [6]byte
	IP    netip.Addr
	Stack Stack
	Hops  uint8 // routers between it and the sensor

	nextID   uint16
	nextPort uint16
}

// Port returns the station's next ephemeral port.
func (s *Station) Port(r *chance.Rand) uint16 {
	low, high := uint16(49152), uint16(65500)
	if s.Stack != Windows {
		low, high = 32768, 60990
	}
	if s.nextPort < low || s.nextPort > high {
		s.nextPort = low + uint16(r.IntN(int(high-low)))
	}
	p := s.nextPort
	s.nextPort += uint16(r.Between(1, 3))
	return p
}

// Capture collects the frames of one sensor. Frames may be added in any order.
type Capture struct {
	Router [6]byte        // MAC of the gateway, seen for everything remote
	Local  []netip.Prefix // the segments the sensor sees directly
	By     int            // who causes the frames added from now on; 0 is ordinary life

	r      *chance.Rand
	arena  []byte
	frames []frame
}

type frame struct {
	at         int64 // nanoseconds since 1970
	start, end int
	by         int32
}

// NewCapture returns an empty capture.
func NewCapture(router [6]byte, local []netip.Prefix, r *chance.Rand) *Capture {
	return &Capture{Router: router, Local: local, r: r}
}

// Packets is the number of frames collected.
func (c *Capture) Packets() int { return len(c.frames) }

// Bytes is the size of the frames collected, without pcap headers.
func (c *Capture) Bytes() int { return len(c.arena) }

// segment returns the local prefix that holds ip.
func (c *Capture) segment(ip netip.Addr) (netip.Prefix, bool) {
	for _, p := range c.Local {
		if p.Contains(ip) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// macs returns the addresses on the wire for a frame from a to b. The sensor
// looks at the segment of anchor, so the other end shows the router's address
// unless it stands on the same segment.
func (c *Capture) macs(a, b, anchor *Station) (src, dst [6]byte) {
	sa, la := c.segment(a.IP)
	sb, lb := c.segment(b.IP)
	if la && lb && sa == sb {
		return a.MAC, b.MAC
	}
	if a == anchor {
		return a.MAC, c.Router
	}
	return c.Router, b.MAC
}

// anchor is the end of a conversation whose segment the sensor watches.
func (c *Capture) anchor(client, server *Station) *Station {
	if _, local := c.segment(client.IP); local {
		return client
	}
	return server
}

const (
	etherLen = 14
	ipLen    = 20
	udpLen   = 8
	tcpLen   = 20
	minFrame = 60 // shorter frames are padded on the wire
)

// ip starts an IPv4 frame with room for size bytes after the IP header, and
// returns the slice of those bytes, which stays valid until the next frame.
func (c *Capture) ip(at time.Time, from, to, anchor *Station, proto byte, size int) []byte {
	start := len(c.arena)
	total := max(etherLen+ipLen+size, minFrame)
	c.arena = slices.Grow(c.arena, total)[:start+total]
	b := c.arena[start:]
	clear(b)
	c.frames = append(c.frames, frame{at.UnixNano(), start, start + total, int32(c.By)})
	src, dst := c.macs(from, to, anchor)
	copy(b[0:], dst[:])
	copy(b[6:], src[:])
	b[12] = 0x08
	h := b[etherLen:]
	h[0] = 0x45
	binary.BigEndian.PutUint16(h[2:], uint16(ipLen+size))
	from.nextID++
	id := from.nextID
	if proto == 6 {
		h[6] = 0x40 // do not fragment
	}
	binary.BigEndian.PutUint16(h[4:], id)
	h[8] = ttl(from)
	h[9] = proto
	s4, d4 := from.IP.As4(), to.IP.As4()
	copy(h[12:], s4[:])
	copy(h[16:], d4[:])
	binary.BigEndian.PutUint16(h[10:], ^fold(sum(h[:ipLen], 0)))
	return h[ipLen : ipLen+size]
}

// checksum fills in the transport checksum at offset off of segment b.
func checksum(b []byte, off int, from, to netip.Addr, proto byte) {
	s4, d4 := from.As4(), to.As4()
	pseudo := sum(s4[:], 0)
	pseudo = sum(d4[:], pseudo)
	pseudo += uint32(proto) + uint32(len(b))
	v := ^fold(sum(b, pseudo))
	if v == 0 && proto == 17 {
		v = 0xffff // RFC 768: zero means none
	}
	binary.BigEndian.PutUint16(b[off:], v)
}

func sum(b []byte, acc uint32) uint32 {
	for len(b) >= 2 {
		acc += uint32(b[0])<<8 | uint32(b[1])
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint32(b[0]) << 8
	}
	return acc
}

func fold(v uint32) uint16 {
	for v>>16 != 0 {
		v = v&0xffff + v>>16
	}
	return uint16(v)
}

// ttl is what is left of a sender's initial hop limit at the sensor.
func ttl(from *Station) byte {
	base := byte(64)
	switch from.Stack {
	case Windows:
		base = 128
	case Embedded:
		base = 255
	}
	return base - from.Hops
}
