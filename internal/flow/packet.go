package flow

import (
	"longwatch/internal/capture"
	"longwatch/internal/record"
)

// packet is an IP packet on its way to a shard.
type packet struct {
	ts       record.Time
	at       place
	src, dst capture.Addr
	payload  []byte // transport header and data, as far as captured
	parent   string // uid of the connection that tunnels it
	service  string // what tunnel this datagram is part of
	wire     uint32 // length of payload on the wire
	ipLen    uint32
	sport    uint16
	dport    uint16
	vlan     [2]uint16 // 802.1Q identifiers, outermost first; 0 none
	proto    uint8
	shard    uint8
	oneWay   bool // ICMP without request and answer
	tick     bool // no packet: time goes on for what is shared by all
}

// ports sets the ports as the record will show them. The name of a weird says
// why the transport header cannot be read.
func (p *packet) ports() (weird string) {
	need := 0
	switch p.proto {
	case capture.ProtoTCP:
		need = 20
	case capture.ProtoUDP, capture.ProtoICMP, capture.ProtoICMPv6:
		need = 8
	}
	if int(p.wire) < need {
		return "truncated_header"
	}
	b := p.payload
	if len(b) < need {
		return "internally_truncated_header"
	}
	switch p.proto {
	case capture.ProtoTCP, capture.ProtoUDP:
		p.sport = uint16(b[0])<<8 | uint16(b[1])
		p.dport = uint16(b[2])<<8 | uint16(b[3])
	case capture.ProtoICMP:
		p.sport = uint16(b[0])
		p.dport, p.oneWay = icmpPeer(b[0], b[1])
	case capture.ProtoICMPv6:
		p.sport = uint16(b[0])
		p.dport, p.oneWay = icmp6Peer(b[0], b[1])
	}
	return ""
}

// servicePort is the port that tells what a datagram is for.
func (p *packet) servicePort() uint16 {
	if isServerPort(capture.ProtoUDP, p.sport) && !isServerPort(capture.ProtoUDP, p.dport) {
		return p.sport
	}
	return p.dport
}

// isDNS tells whether a UDP port is one of DNS, NetBIOS names, mDNS or LLMNR.
func isDNS(port uint16) bool { return port == 53 || port == 137 || port == 5353 || port == 5355 }

// icmpPeer is the type of the answer to an ICMP message, or its code when there
// is none (RFC 792, RFC 950, RFC 1256).
func icmpPeer(kind, code byte) (port uint16, oneWay bool) {
	switch kind {
	case 8:
		return 0, false
	case 0:
		return 8, false
	case 10:
		return 9, false
	case 9:
		return 10, false
	case 13, 15, 17:
		return uint16(kind) + 1, false
	case 14, 16, 18:
		return uint16(kind) - 1, false
	}
	return uint16(code), true
}

// icmp6Peer is the same for ICMPv6 (RFC 4443, 4861, 2710, 4620, 6275).
func icmp6Peer(kind, code byte) (port uint16, oneWay bool) {
	switch kind {
	case 128, 130, 133, 135, 139, 144:
		return uint16(kind) + 1, false
	case 129, 131, 134, 136, 140, 145:
		return uint16(kind) - 1, false
	}
	return uint16(code), true
}

// isServerPort tells whether a port is one that services listen on; it decides
// who is the responder where the packets do not. The ports are those that Zeek
// has a protocol for.
func isServerPort(proto uint8, port uint16) bool {
	if proto == capture.ProtoUDP {
		switch port {
		case 53, 67, 88, 123, 137, 161, 162, 389, 443, 514, 1812, 2123, 2152, 3389, 3544, 4011, 4754, 4789,
			5060, 5072, 5353, 5355, 6081, 20000:
			return true
		case 2222, 4713, 44818, 47808: // industrial, of Zeek's packages
			return true
		}
		return false
	}
	switch port {
	case 21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587, 614, 631, 636,
		989, 990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223, 5269, 5432, 6379,
		6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000:
		return true
	case 4712, 4840, 4843, 44818: // industrial, of Zeek's packages
		return true
	}
	return false
}
