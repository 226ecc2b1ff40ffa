package capture

import "encoding/binary"

// Link types that Unwrap knows.
const (
	LinkNull       LinkType = 0   // BSD loopback, address family in host order
	LinkEthernet   LinkType = 1   //
	LinkPPP        LinkType = 9   // PPP, with or without HDLC framing
	LinkFDDI       LinkType = 10  // FDDI
	LinkPPPHDLC    LinkType = 50  // PPP in HDLC-like framing
	LinkPPPoE      LinkType = 51  // PPPoE without Ethernet
	LinkRawBSD     LinkType = 12  // raw IP as some systems number it
	LinkRawOBSD    LinkType = 14  // raw IP on OpenBSD
	LinkRaw        LinkType = 101 // raw IP
	LinkCHDLC      LinkType = 104 // Cisco HDLC
	Link80211      LinkType = 105 // IEEE 802.11
	LinkFrameRelay LinkType = 107 // Frame Relay
	LinkLoop       LinkType = 108 // OpenBSD loopback, address family in network order
	LinkSLL        LinkType = 113 // Linux cooked
	LinkPrism      LinkType = 119 // 802.11 with a Prism header
	LinkRadiotap   LinkType = 127 // 802.11 with a radiotap header
	LinkIPv4       LinkType = 228 // raw IPv4
	LinkIPv6       LinkType = 229 // raw IPv6
	LinkNFLog      LinkType = 239 // Linux netfilter log
	LinkSLL2       LinkType = 276 // Linux cooked, version 2
)

// EtherTypes (IEEE registry) that lead on to IP.
const (
	EtherIPv4    = 0x0800
	EtherIPv6    = 0x86dd
	EtherVLAN    = 0x8100
	etherQinQ    = 0x88a8
	etherQinQOld = 0x9100
	EtherMPLS    = 0x8847
	etherMPLSMul = 0x8848
	etherPPPoE   = 0x8864
	etherVNTag   = 0x8926
	etherPBB     = 0x88e7
	etherNSH     = 0x894f
	etherFabric  = 0x8903 // Cisco FabricPath
	EtherBridged = 0x6558 // Ethernet inside GRE and Geneve
	etherERSPAN2 = 0x88be
	etherERSPAN3 = 0x22eb
	etherPPP     = 0x880b
	etherAruba   = 0x9000 // 802.11 inside GRE: 0x8200 to 0x9000
)

// maxLayers bounds the link layers of one frame.
const maxLayers = 16

// Inner is what Unwrap found: an IP packet inside a frame.
type Inner struct {
	IP   []byte // from the IP header on, as far as captured, link padding included
	Wire int    // bytes on the wire from the IP header on
	VLAN uint16 // outermost 802.1Q identifier; 0 none
	Next uint16 // the one behind it; 0 none

	// What GRE and UDPTunnel find out of the tunnel.
	Key      uint32 // GRE's key, call of PPTP, VNI of VXLAN and Geneve, TEID of GTP
	Session  uint16 // of ERSPAN
	Keyed    bool   // Key is set
	Mirrored bool   // Session is set
}

// Unwrap finds the IP packet in a frame. It returns false for frames that
// carry none, such as ARP, and for link types it does not know.
func Unwrap(f *Frame) (Inner, bool) {
	in := Inner{IP: f.Data, Wire: f.Len}
	b := f.Data
	switch f.Link {
	case LinkEthernet:
		return in, in.ethernet()
	case LinkRaw, LinkRawBSD, LinkRawOBSD, LinkIPv4, LinkIPv6:
		return in, in.isIP()
	case LinkNull, LinkLoop:
		return in, in.skip(4) && in.isIP()
	case LinkSLL:
		return in, len(b) >= 16 && in.skip(16) && in.payload(be16(b[14:]))
	case LinkSLL2:
		return in, len(b) >= 20 && in.skip(20) && in.payload(be16(b))
	case LinkFDDI: // frame control and two addresses
		return in, in.skip(13) && in.llc()
	case LinkPPP, LinkPPPHDLC:
		return in, in.pppFramed()
	case LinkPPPoE:
		return in, in.payload(etherPPPoE)
	case LinkCHDLC:
		return in, len(b) >= 4 && in.skip(4) && in.payload(be16(b[2:]))
	case Link80211:
		return in, in.wlan()
	case LinkPrism:
		return in, in.skip(144) && in.wlan()
	case LinkRadiotap:
		return in, len(b) >= 4 && in.skip(int(binary.LittleEndian.Uint16(b[2:]))) && in.wlan()
	case LinkFrameRelay:
		return in, in.frameRelay()
	case LinkNFLog:
		return in, in.nflog()
	}
	return in, false
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }

// skip passes over n bytes.
func (in *Inner) skip(n int) bool {
	if n > len(in.IP) {
		return false
	}
	in.IP = in.IP[n:]
	in.Wire -= n
	return true
}

// cut takes off what lies behind the first n bytes. A packet that says it is
// longer is one of which the rest was not captured.
func (in *Inner) cut(n int) { in.IP = in.IP[:min(n, len(in.IP))] }

func (in *Inner) isIP() bool {
	return len(in.IP) > 0 && (in.IP[0]>>4 == 4 || in.IP[0]>>4 == 6)
}

// ethernet passes over an Ethernet header and what follows it up to IP.
func (in *Inner) ethernet() bool {
	b := in.IP
	if len(b) < 14 {
		return false
	}
	kind := be16(b[12:])
	if kind == EtherIPv4 {
		return in.skip(14) && in.isIP()
	}
	if kind == etherFabric {
		// The outer header is 16 bytes long and a whole frame follows.
		return in.skip(16) && in.ethernet()
	}
	if kind < 0x600 { // IEEE 802.3: a length, then LLC
		return in.skip(14) && in.llc()
	}
	return in.skip(14) && in.payload(kind)
}

// llc passes over an 802.2 LLC header; SNAP leads on to an EtherType.
func (in *Inner) llc() bool {
	b := in.IP
	if len(b) < 3 {
		return false
	}
	switch {
	case b[0] == 0xaa && b[1] == 0xaa && len(b) >= 8:
		return in.skip(8) && in.payload(be16(b[6:]))
	case b[0] == 0x06 && b[1] == 0x06: // IP over LLC
		return in.skip(3) && in.isIP()
	}
	return false
}

// payload passes over everything between an EtherType and IP.
func (in *Inner) payload(kind uint16) bool {
	for range maxLayers {
		b := in.IP
		switch kind {
		case EtherIPv4, EtherIPv6:
			return in.isIP()
		case EtherVLAN, etherQinQ, etherQinQOld:
			if len(b) < 4 {
				return false
			}
			if in.VLAN == 0 {
				in.VLAN = be16(b) & 0xfff
			} else if in.Next == 0 {
				in.Next = be16(b) & 0xfff
			}
			kind = be16(b[2:])
			in.skip(4)
			if kind < 0x600 {
				return in.llc()
			}
		case etherVNTag:
			if len(b) < 6 {
				return false
			}
			kind = be16(b[4:])
			in.skip(6)
		case etherNSH:
			return in.nsh()
		case etherERSPAN2: // on Ethernet itself
			return len(b) >= 8 && b[0]>>4 == 1 && in.skip(8) && in.ethernet()
		case etherPBB:
			return in.skip(4) && in.ethernet()
		case EtherMPLS, etherMPLSMul:
			return in.mpls()
		case etherPPPoE:
			if len(b) < 8 {
				return false
			}
			kind = be16(b[6:])
			in.cut(6 + int(be16(b[4:]))) // what is behind is padding
			return in.skip(8) && in.ppp(kind)
		case etherPPP:
			return in.pppFramed()
		case EtherBridged:
			return in.ethernet()
		default:
			return false
		}
	}
	return false
}

// nsh passes over a network service header (RFC 8300 section 2).
func (in *Inner) nsh() bool {
	b := in.IP
	if len(b) < 8 || b[0]>>6 != 0 || !in.skip(int(b[1]&0x3f)*4) {
		return false
	}
	return in.numbered(b[3])
}

// numbered passes on to what the next-protocol numbers of NSH and VXLAN-GPE name.
func (in *Inner) numbered(next byte) bool {
	switch next {
	case 1, 2:
		return in.isIP()
	case 3:
		return in.ethernet()
	case 4:
		return in.nsh()
	}
	return false
}

// frameRelay passes over an address and what RFC 2427 or Cisco put behind it.
func (in *Inner) frameRelay() bool {
	for n := 2; ; n++ { // the last byte of the address has its lowest bit set
		if n > 4 || n > len(in.IP) {
			return false
		}
		if in.IP[n-1]&1 != 0 {
			in.skip(n)
			break
		}
	}
	b := in.IP
	if len(b) < 4 {
		return false
	}
	if b[0] != 3 { // Cisco: an EtherType
		return in.skip(2) && in.payload(be16(b))
	}
	n := 1
	if b[1] == 0 { // padding
		n = 2
	}
	switch b[n] {
	case 0xcc, 0x8e:
		return in.skip(n+1) && in.isIP()
	case 0x80: // SNAP
		return len(b) >= n+6 && in.skip(n+6) && in.payload(be16(b[n+4:]))
	}
	return false
}

// mpls passes over a label stack. What follows is told by its first nibble, as
// RFC 4928 warns and everybody does.
func (in *Inner) mpls() bool {
	for range maxLayers {
		if len(in.IP) < 4 {
			return false
		}
		last := in.IP[2]&1 != 0
		in.skip(4)
		if !last {
			continue
		}
		if in.isIP() {
			return true
		}
		// Pseudowire with a control word (RFC 4385), then Ethernet.
		return len(in.IP) > 0 && in.IP[0]>>4 == 0 && in.skip(4) && in.ethernet()
	}
	return false
}

// pppFramed passes over optional HDLC address and control bytes and a PPP
// protocol number, which may be compressed to one byte (RFC 1661 section 6.5).
func (in *Inner) pppFramed() bool {
	b := in.IP
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		in.skip(2)
	} else if len(b) >= 4 && (b[0] == 0x0f || b[0] == 0x8f) && b[1] == 0 { // Cisco HDLC
		return in.skip(4) && in.payload(be16(b[2:]))
	}
	b = in.IP
	if len(b) < 2 {
		return false
	}
	if b[0]&1 != 0 {
		return in.skip(1) && in.ppp(uint16(b[0]))
	}
	return in.skip(2) && in.ppp(be16(b))
}

func (in *Inner) ppp(kind uint16) bool {
	switch kind {
	case 0x0021, 0x0057:
		return in.isIP()
	case 0x0281, 0x0283:
		return in.mpls()
	case 0x003d: // multilink: only whole packets
		b := in.IP
		return len(b) >= 6 && b[0]&0xc0 == 0xc0 && in.skip(4) && in.pppFramed()
	}
	return false
}

// wlan passes over an 802.11 data frame's header. Frames that are encrypted or
// that aggregate several are left alone.
func (in *Inner) wlan() bool {
	b := in.IP
	if len(b) < 24 || b[0]&0x0c != 0x08 || b[0]&0x40 != 0 || b[1]&0x40 != 0 {
		return false
	}
	n := 24
	if b[1]&3 == 3 {
		n += 6
	}
	if b[0]&0x80 != 0 { // QoS
		if len(b) < n+2 || b[n]&0x80 != 0 {
			return false
		}
		n += 2
	}
	return in.skip(n) && in.llc()
}

// nflog walks the attributes of a netfilter log record to the payload.
func (in *Inner) nflog() bool {
	const payload = 9
	if !in.skip(4) {
		return false
	}
	for len(in.IP) >= 4 {
		n := int(binary.LittleEndian.Uint16(in.IP))
		kind := binary.LittleEndian.Uint16(in.IP[2:])
		if n < 4 {
			return false
		}
		if kind == payload {
			return in.skip(4) && in.isIP()
		}
		if !in.skip((n + 3) &^ 3) {
			return false
		}
	}
	return false
}
