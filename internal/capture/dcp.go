package capture

import "net/netip"

// EtherPROFINET is the EtherType of PROFINET.
const EtherPROFINET = 0x8892

// DCP is a message of PROFINET's discovery and configuration (IEC 61158-6-10,
// section 4.3), which names stations and gives them addresses.
type DCP struct {
	Service  byte // 3 get, 4 set, 5 identify, 6 hello
	Type     byte // 0 request, 1 response, 5 response that says no
	Xid      uint32
	Src, Dst [6]byte
	VLAN     uint16

	Name, Station, Alias string // of the station, its kind in the maker's words, its other name
	Vendor, Device       uint16 // numbers of maker and device, 0 without
	Role                 byte   // bits: 1 device, 2 controller, 4 multi device, 8 supervisor
	IP, Mask, Gateway    netip.Addr
	Signal, Reset, Cut   bool // it lets a lamp blink, sets back to factory settings, ends before it says
}

// Frame identifiers of DCP.
const (
	dcpHello = 0xfefc
	dcpLast  = 0xfeff
)

// Options and their parts.
const (
	dcpIP      = 1
	dcpProps   = 2
	dcpControl = 5
	maxBlocks  = 64
	maxDCPText = 240 // a name of station (IEC 61158-6-10, section 4.3.1.4.15)
)

// ReadDCP finds such a message in an Ethernet frame, behind up to two VLAN
// tags.
func ReadDCP(f *Frame) (m DCP, ok bool) {
	b := f.Data
	if f.Link != LinkEthernet || len(b) < 14 {
		return m, false
	}
	copy(m.Dst[:], b)
	copy(m.Src[:], b[6:])
	kind := be16(b[12:])
	b = b[14:]
	for range 2 {
		if (kind != EtherVLAN && kind != etherQinQ) || len(b) < 4 {
			break
		}
		if m.VLAN == 0 {
			m.VLAN = be16(b) & 0xfff
		}
		kind, b = be16(b[2:]), b[4:]
	}
	const head = 12 // frame id, service, type, xid, delay, length
	if kind != EtherPROFINET || len(b) < head || be16(b) < dcpHello || be16(b) > dcpLast {
		return m, false
	}
	m.Service, m.Type = b[2], b[3]
	if m.Service < 3 || m.Service > 6 {
		return m, false
	}
	m.Xid = uint32(be16(b[4:]))<<16 | uint32(be16(b[6:]))
	n := int(be16(b[10:]))
	b = b[head:]
	m.Cut = n > len(b)
	m.blocks(b[:min(n, len(b))])
	return m, true
}

// blocks reads what the message holds. Requests to get list only what is
// wanted; answers, and what is set, have two more bytes in front of a value.
func (m *DCP) blocks(b []byte) {
	if m.Service == 3 && m.Type == 0 {
		return
	}
	for range maxBlocks {
		if len(b) < 4 {
			return
		}
		option, part, n := b[0], b[1], int(be16(b[2:]))
		b = b[4:]
		if n > len(b) {
			m.Cut = true
			return
		}
		value := b[:n]
		b = b[min(len(b), n+n%2):]
		if (m.Type != 0 || m.Service == 4 || m.Service == 6) && option != 0xff {
			if len(value) < 2 {
				continue
			}
			value = value[2:]
		}
		m.block(option, part, value)
	}
}

func (m *DCP) block(option, part byte, value []byte) {
	text := func() string { return string(value[:min(len(value), maxDCPText)]) }
	switch {
	case option == dcpIP && (part == 2 || part == 3) && len(value) >= 12:
		m.IP, m.Mask, m.Gateway = netip.AddrFrom4([4]byte(value)), netip.AddrFrom4([4]byte(value[4:])), netip.AddrFrom4([4]byte(value[8:]))
	case option == dcpProps && part == 1:
		m.Station = text()
	case option == dcpProps && part == 2:
		m.Name = text()
	case option == dcpProps && part == 3 && len(value) >= 4:
		m.Vendor, m.Device = be16(value), be16(value[2:])
	case option == dcpProps && part == 4 && len(value) >= 1:
		m.Role = value[0]
	case option == dcpProps && part == 6:
		m.Alias = text()
	case option == dcpControl && part == 3:
		m.Signal = true
	case option == dcpControl && (part == 5 || part == 6):
		m.Reset = true
	}
}
