package capture

import (
	"encoding/binary"
	"net/netip"
)

// Addr is an IPv6 address, or an IPv4 address in its mapped form, as two
// big-endian halves: quick to compare and to hash.
type Addr struct{ Hi, Lo uint64 }

const mapped = 0xffff << 32

// AddrFrom4 maps four bytes.
func AddrFrom4(b []byte) Addr {
	return Addr{Lo: mapped | uint64(binary.BigEndian.Uint32(b))}
}

// AddrFrom16 takes sixteen bytes.
func AddrFrom16(b []byte) Addr {
	return Addr{Hi: binary.BigEndian.Uint64(b), Lo: binary.BigEndian.Uint64(b[8:])}
}

// Is4 tells whether a is an IPv4 address.
func (a Addr) Is4() bool { return a.Hi == 0 && a.Lo>>32 == 0xffff }

// Less orders addresses by their bytes.
func (a Addr) Less(b Addr) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// Netip converts to the standard library's form, IPv4 unmapped.
func (a Addr) Netip() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// Append appends the address to b, IPv4 as four bytes.
func (a Addr) Append(b []byte) []byte {
	if a.Is4() {
		return binary.BigEndian.AppendUint32(b, uint32(a.Lo)) // #nosec G115 -- the low half
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, a.Hi), a.Lo)
}

// IP protocol numbers (IANA).
const (
	ProtoICMP   = 1
	ProtoIPv4   = 4
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoIPv6   = 41
	ProtoGRE    = 47
	ProtoESP    = 50
	ProtoAH     = 51
	ProtoICMPv6 = 58
	ProtoNone   = 59
	ProtoSCTP   = 132
	ProtoMPLS   = 137

	extHopByHop = 0
	extRouting  = 43
	extFragment = 44
	extDstOpts  = 60
	extMobility = 135
	extHIP      = 139
	extShim6    = 140

	// maxExtensions bounds the extension headers of one IPv6 packet.
	maxExtensions = 32
)

// IP is a parsed IP header and what follows it.
type IP struct {
	Src, Dst Addr
	Len      uint32 // total length as the header says, IPv6 header included
	Payload  []byte // after the header and extensions; link padding cut off
	Wire     int    // length of the payload on the wire; more than Payload when cut by the snap length
	Proto    uint8  // of the payload
	V6       bool
	Routed   bool // has a routing header of type 0, which no host should send

	Frag FragInfo
}

// FragInfo places a fragment in its datagram. A whole packet has the zero value.
type FragInfo struct {
	ID     uint32
	Offset uint32 // bytes into the payload
	More   bool
	Is     bool
	Head   uint16 // bytes of headers in front, without the IPv6 fragment header
	NextAt uint16 // IPv6: where in these the type of what follows stands
}

// Fault says why an IP packet could not be parsed; the names are Zeek's weirds.
type Fault string

// The faults.
const (
	OK             Fault = ""
	TruncatedIP    Fault = "truncated_IP"
	UnknownVersion Fault = "unknown_ip_version"
	BadHeaderLen   Fault = "invalid_IP_header_size"
	ShortHeader    Fault = "internally_truncated_header"
	TruncatedLen   Fault = "truncated_IP_len"
)

// Parse reads the IP header at the start of b into p. wire is the number of
// bytes that were on the wire from there on. p.Payload borrows b.
func Parse(b []byte, wire int, p *IP) Fault {
	if len(b) < 20 {
		return TruncatedIP
	}
	switch b[0] >> 4 {
	case 4:
		return parse4(b, wire, p)
	case 6:
		return parse6(b, wire, p)
	}
	return UnknownVersion
}

func parse4(b []byte, wire int, p *IP) Fault {
	head, total := int(b[0]&15)*4, int(be16(b[2:]))
	p.Len = uint32(total) // #nosec G115 -- 16 bits
	if total == 0 {       // segmentation offload leaves the length to the hardware
		total = wire
	}
	switch {
	case head < 20 || head > total:
		return BadHeaderLen
	case head > len(b):
		return ShortHeader
	case total > wire:
		return TruncatedLen
	}
	frag := be16(b[6:])
	p.Src, p.Dst = AddrFrom4(b[12:]), AddrFrom4(b[16:])
	p.Payload = b[head:min(total, len(b))]
	p.Wire = total - head
	p.Proto, p.V6, p.Routed = b[9], false, false
	p.Frag = FragInfo{}
	if frag&0x3fff != 0 {
		p.Frag = FragInfo{
			ID: uint32(be16(b[4:])), Offset: uint32(frag&0x1fff) * 8, More: frag&0x2000 != 0, Is: true,
			Head: uint16(head), // #nosec G115 -- at most 60
		}
	}
	return OK
}

// routed reads a routing header: while segments are left, the packet is on its
// way to the last address (RFC 2460 section 4.4, which RFC 5095 deprecates, and
// RFC 6275 section 6.4), and belongs to the connection with that.
func (p *IP) routed(h []byte) {
	kind, left, units := h[2], h[3], h[1]
	p.Routed = p.Routed || kind == 0
	whole := kind == 0 && units >= 2 && units%2 == 0 || kind == 2 && units == 2
	if left > 0 && whole {
		p.Dst = AddrFrom16(h[len(h)-16:])
	}
}

func parse6(b []byte, wire int, p *IP) Fault {
	if len(b) < 40 {
		return TruncatedIP
	}
	total := 40 + int(be16(b[4:]))
	if total == 40 && b[6] == extHopByHop { // jumbogram (RFC 2675) or offload
		total = wire
	}
	if total > wire {
		return TruncatedLen
	}
	p.Src, p.Dst = AddrFrom16(b[8:]), AddrFrom16(b[24:])
	p.Len = uint32(total) // #nosec G115 -- at most the frame's length
	p.V6, p.Routed = true, false
	p.Frag = FragInfo{}
	data := b[:min(total, len(b))]
	off, next, nextAt := 40, b[6], 6
	for range maxExtensions {
		var n int
		switch next {
		case extHopByHop, extRouting, extDstOpts, extHIP, extShim6:
			if off+2 > len(data) {
				return ShortHeader
			}
			n = (int(data[off+1]) + 1) * 8
			if next == extRouting && off+n <= len(data) {
				p.routed(data[off : off+n])
			}
		case ProtoAH:
			if off+2 > len(data) {
				return ShortHeader
			}
			n = (int(data[off+1]) + 2) * 4
		case extFragment:
			if off+8 > len(data) {
				return ShortHeader
			}
			n = 8
			where := be16(data[off+2:])
			if where&0xfff9 != 0 { // an atomic fragment (RFC 6946) is whole
				p.Frag = FragInfo{
					ID: binary.BigEndian.Uint32(data[off+4:]), Offset: uint32(where &^ 7), More: where&1 != 0, Is: true,
					Head: uint16(off), NextAt: uint16(nextAt), // #nosec G115 -- at most 64 KiB, as total is
				}
			}
		default:
			n = 0
		}
		if n == 0 {
			break
		}
		if off+n > len(data) {
			return ShortHeader
		}
		next, nextAt = data[off], off
		off += n
		if p.Frag.Is {
			break // what follows belongs to the datagram, not to the fragment
		}
	}
	p.Payload = data[off:]
	p.Wire = total - off
	p.Proto = next
	return OK
}
