package capture

import "encoding/binary"

// GRE passes over a GRE header (RFC 2784, RFC 2890, enhanced GRE of PPTP
// RFC 2637), and over ERSPAN and 802.11 headers inside it, up to an IP packet. b
// starts at the GRE header; wire is its length on the wire. The fault says why
// there is none: a Zeek weird, or "" for other payloads.
func GRE(b []byte, wire int) (in Inner, fault Fault, ok bool) {
	const (
		checksum = 0x8000
		routing  = 0x4000
		keyed    = 0x2000
		sequence = 0x1000
		acked    = 0x0080 // version 1 only
		reserved = 0x0078
	)
	if len(b) < 4 {
		return in, "truncated_GRE", false
	}
	flags, kind := be16(b), be16(b[2:])
	version := flags & 7
	n := 4
	switch {
	case version > 1:
		return in, "unknown_gre_version", false
	case flags&routing != 0:
		return in, "gre_routing", false
	case flags&reserved != 0:
		return in, "unknown_gre_flags", false
	}
	for _, f := range [...]uint16{checksum, keyed, sequence} {
		if flags&f != 0 {
			n += 4
		}
	}
	if version == 1 && flags&acked != 0 {
		n += 4
	}
	in = Inner{IP: b, Wire: wire}
	if !in.skip(n) {
		return in, "truncated_GRE", false
	}
	if flags&keyed != 0 {
		at := 4
		if flags&checksum != 0 {
			at = 8
		}
		in.Key, in.Keyed = binary.BigEndian.Uint32(b[at:]), true
		if version == 1 { // payload length, then the call
			in.Key &= 0xffff
		}
	}
	b = in.IP
	switch {
	case version == 1:
		if kind != etherPPP {
			return in, "egre_protocol_type", false
		}
		return in, OK, in.pppFramed()
	case kind == etherERSPAN2:
		if flags&sequence != 0 { // type II has a header, type I none
			in.mirrored()
			in.skip(8)
		}
		return in, OK, in.ethernet()
	case kind == etherERSPAN3:
		if len(b) < 12 {
			return in, "truncated_GRE", false
		}
		n = 12
		if b[11]&1 != 0 { // platform-specific subheader
			n += 8
		}
		in.mirrored()
		return in, OK, in.skip(n) && in.ethernet()
	case kind >= 0x8200 && kind <= 0x8370 && kind&15 == 0 || kind == etherAruba:
		return in, OK, in.wlan()
	}
	return in, OK, in.payload(kind)
}

// mirrored notes the session of an ERSPAN header.
func (in *Inner) mirrored() {
	if b := in.IP; len(b) >= 4 {
		in.Session, in.Mirrored = be16(b[2:])&0x3ff, true
	}
}

// TunnelPort tells whether a UDP port is one of UDPTunnel.
func TunnelPort(port uint16) bool {
	switch port {
	case portGTPControl, portGTP, portTeredo, portGRE, portVXLAN, portVXLANGPE, portAYIYA, portGeneve:
		return true
	}
	return false
}

// UDP ports of tunnels (IANA).
const (
	portGTPControl = 2123
	portGTP        = 2152
	portTeredo     = 3544
	portGRE        = 4754
	portVXLAN      = 4789
	portVXLANGPE   = 4790
	portAYIYA      = 5072
	portGeneve     = 6081
)

// UDPTunnel finds the IP packet that a datagram to a tunnel's port carries, or
// that is plainly Teredo or AYIYA on any port. name is what Zeek calls the
// service; it is set, with ok false, when the header was that of a tunnel but no
// IP follows. b is the datagram's payload, wire its length on the wire.
func UDPTunnel(port uint16, b []byte, wire int) (in Inner, name string, ok bool) {
	in = Inner{IP: b, Wire: wire}
	switch port {
	case portVXLAN:
		if len(b) >= 8 && b[0]&8 != 0 { // RFC 7348: flag I
			in.vni(b)
			return in, "vxlan", in.skip(8) && in.ethernet()
		}
		return in, "", false
	case portVXLANGPE:
		if len(b) >= 8 && b[0]&0xf8 == 8 && b[0]&4 != 0 { // draft-ietf-nvo3-vxlan-gpe: flags I and P
			in.vni(b)
			return in, "vxlan", in.skip(8) && in.numbered(b[3])
		}
		return in, "", false
	case portGeneve:
		if len(b) >= 8 && b[0]>>6 == 0 { // RFC 8926
			in.vni(b)
			return in, "geneve", in.skip(8+int(b[0]&0x3f)*4) && in.payload(be16(b[2:]))
		}
		return in, "", false
	case portGTP, portGTPControl:
		if in.gtp() {
			return in, "gtpv1", true
		}
		return in, "", false
	case portGRE:
		in, _, ok = GRE(b, wire)
		return in, "", ok
	}
	if port == portAYIYA || len(b) >= 3 && b[1] == 0x52 && b[2] == 0x11 {
		if in.ayiya() {
			return in, "ayiya", in.isIP()
		}
		return in, "", false
	}
	if len(b) >= 40 && (port == portTeredo || looksTeredo(b)) && in.teredo() {
		return in, "teredo", true
	}
	return in, "", false
}

// vni notes the network of VXLAN and Geneve.
func (in *Inner) vni(b []byte) {
	in.Key, in.Keyed = uint32(b[4])<<16|uint32(b[5])<<8|uint32(b[6]), true
}

// gtp passes over a GTP-U header (3GPP TS 29.281) of a packet with user data.
func (in *Inner) gtp() bool {
	const userData = 255
	b := in.IP
	if len(b) < 8 || b[0]>>5 != 1 || b[0]&0x10 == 0 || b[1] != userData {
		return false
	}
	next := byte(0)
	in.Key, in.Keyed = binary.BigEndian.Uint32(b[4:]), true
	in.skip(8)
	if b[0]&7 != 0 {
		if !in.skip(4) {
			return false
		}
		if b[0]&4 != 0 {
			next = b[11]
		}
	}
	for range maxLayers {
		if next == 0 {
			return in.wholeIP()
		}
		if len(in.IP) < 4 || in.IP[0] == 0 {
			return false
		}
		n := int(in.IP[0]) * 4
		if n > len(in.IP) {
			return false
		}
		next = in.IP[n-1]
		in.skip(n)
	}
	return false
}

// wholeIP tells whether an IP packet, and nothing more, follows.
func (in *Inner) wholeIP() bool {
	b := in.IP
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		return int(be16(b[2:])) == in.Wire
	case len(b) >= 40 && b[0]>>4 == 6:
		return int(be16(b[4:]))+40 == in.Wire
	}
	return false
}

// ayiya passes over an AYIYA header (draft-massar-v6ops-ayiya) with a packet to
// be forwarded.
func (in *Inner) ayiya() bool {
	const forward = 1
	b := in.IP
	return len(b) >= 8 && b[2]&15 == forward && in.skip(8+1<<(b[0]>>4)+int(b[1]>>4)*4)
}

// looksTeredo tells whether a datagram is Teredo whatever its port: IPv6 with a
// Teredo address (2001:0::/32) at either end, or an origin indication in front.
func looksTeredo(b []byte) bool {
	isTeredo := func(a []byte) bool { return be16(a) == 0x2001 && be16(a[2:]) == 0 }
	switch {
	case b[0]>>4 == 6:
		return isTeredo(b[8:]) || isTeredo(b[24:])
	case b[0] == 0 && b[1] <= 1:
		in := Inner{IP: b, Wire: len(b)}
		return in.teredo()
	}
	return false
}

// teredo passes over authentication and origin indication (RFC 4380 section
// 5.1.1) to an IPv6 packet.
func (in *Inner) teredo() bool {
	if b := in.IP; len(b) >= 4 && be16(b) == 1 {
		if !in.skip(4 + int(b[2]) + int(b[3]) + 9) {
			return false
		}
	}
	if b := in.IP; len(b) >= 8 && be16(b) == 0 {
		in.skip(8)
	}
	b := in.IP
	if len(b) < 40 || b[0]>>4 != 6 {
		return false
	}
	n := int(be16(b[4:])) + 40
	bubble := b[6] == ProtoNone && n == 40 // may have a trailer (RFC 6081)
	return n == in.Wire || bubble
}

// MPLS passes over a label stack that follows an IP header (RFC 4023).
func MPLS(b []byte, wire int) (Inner, bool) {
	in := Inner{IP: b, Wire: wire}
	return in, in.mpls()
}
