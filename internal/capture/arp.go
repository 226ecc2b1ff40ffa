package capture

import "net/netip"

// EtherARP is the EtherType of address resolution.
const EtherARP = 0x0806

// ARP is a message of RFC 826 about IPv4 over Ethernet.
type ARP struct {
	Op               uint16 // 1 request, 2 reply
	Src, Dst         [6]byte
	SenderHW, Target [6]byte
	SenderIP         netip.Addr
	TargetIP         netip.Addr
	VLAN             uint16
}

// ReadARP finds address resolution in an Ethernet frame, behind up to two VLAN
// tags.
func ReadARP(f *Frame) (a ARP, ok bool) {
	b := f.Data
	if f.Link != LinkEthernet || len(b) < 14 {
		return a, false
	}
	copy(a.Dst[:], b)
	copy(a.Src[:], b[6:])
	kind := be16(b[12:])
	b = b[14:]
	for range 2 {
		if (kind != EtherVLAN && kind != etherQinQ) || len(b) < 4 {
			break
		}
		if a.VLAN == 0 {
			a.VLAN = be16(b) & 0xfff
		}
		kind, b = be16(b[2:]), b[4:]
	}
	const ethernet, size = 1, 28
	if kind != EtherARP || len(b) < size || be16(b) != ethernet || be16(b[2:]) != EtherIPv4 || b[4] != 6 || b[5] != 4 {
		return a, false
	}
	a.Op = be16(b[6:])
	copy(a.SenderHW[:], b[8:])
	a.SenderIP = netip.AddrFrom4([4]byte(b[14:18]))
	copy(a.Target[:], b[18:])
	a.TargetIP = netip.AddrFrom4([4]byte(b[24:28]))
	return a, a.Op == 1 || a.Op == 2
}
