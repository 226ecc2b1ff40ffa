package packet

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// UDP adds one datagram.
func (c *Capture) UDP(at time.Time, from, to *Station, sport, dport uint16, payload []byte) {
	b := c.ip(at, from, to, c.anchor(from, to), 17, udpLen+len(payload))
	binary.BigEndian.PutUint16(b[0:], sport)
	binary.BigEndian.PutUint16(b[2:], dport)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	copy(b[udpLen:], payload)
	checksum(b, 6, from.IP, to.IP, 17)
}

// Multicast adds one datagram to a group or broadcast address.
func (c *Capture) Multicast(at time.Time, from *Station, group netip.Addr, sport, dport uint16, payload []byte) {
	to := &Station{IP: group, MAC: [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	if g := group.As4(); group.IsMulticast() {
		to.MAC = [6]byte{0x01, 0x00, 0x5e, g[1] & 0x7f, g[2], g[3]} // RFC 1112, 6.4
	}
	b := c.ip(at, from, to, from, 17, udpLen+len(payload))
	f := c.frames[len(c.frames)-1]
	copy(c.arena[f.start:], to.MAC[:])
	binary.BigEndian.PutUint16(b[0:], sport)
	binary.BigEndian.PutUint16(b[2:], dport)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	copy(b[udpLen:], payload)
	checksum(b, 6, from.IP, group, 17)
}

// Echo adds an ICMP echo request and, after rtt, its reply.
func (c *Capture) Echo(at time.Time, from, to *Station, id, seq uint16, rtt time.Duration) {
	for i, kind := range []byte{8, 0} {
		src, dst := from, to
		if i == 1 {
			src, dst, at = to, from, at.Add(rtt)
		}
		b := c.ip(at, src, dst, c.anchor(from, to), 1, 40)
		b[0] = kind
		binary.BigEndian.PutUint16(b[4:], id)
		binary.BigEndian.PutUint16(b[6:], seq)
		for j := range b[8:] {
			b[8+j] = 'a' + byte(j%23)
		}
		binary.BigEndian.PutUint16(b[2:], ^fold(sum(b, 0)))
	}
}

// ARP adds a request by from for the address of to and the answer.
func (c *Capture) ARP(at time.Time, from, to *Station) {
	everyone := [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	c.arp(at, 1, from, to.IP, everyone, [6]byte{})
	c.arp(at.Add(c.r.Duration(80*time.Microsecond, 600*time.Microsecond)), 2, to, from.IP, from.MAC, from.MAC)
}

func (c *Capture) arp(at time.Time, op byte, from *Station, target netip.Addr, dst, hardware [6]byte) {
	start := len(c.arena)
	b := make([]byte, minFrame)
	copy(b[0:], dst[:])
	copy(b[6:], from.MAC[:])
	copy(b[12:], []byte{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, op})
	s4, d4 := from.IP.As4(), target.As4()
	copy(b[22:], from.MAC[:])
	copy(b[28:], s4[:])
	copy(b[32:], hardware[:])
	copy(b[38:], d4[:])
	c.arena = append(c.arena, b...)
	c.frames = append(c.frames, frame{at.UnixNano(), start, len(c.arena), int32(c.By)})
}
