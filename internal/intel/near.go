package intel

import "encoding/binary"

// near tells which addresses have a listed subnet around them at all: a bit for
// each of 65,536 regions, so that an address elsewhere is not looked up once for
// every length of subnet. A region is the first 16 bits of an IPv4 address, and
// a hash of the first 32 of an IPv6 one.
type near []byte

const nearSize = 1 << 16 / 8

func region4(key []byte) uint16 { return binary.BigEndian.Uint16(key[12:]) }

func region6(key []byte) uint16 {
	return uint16(binary.BigEndian.Uint32(key) * 2654435761 >> 16)
}

func (n near) set(r uint16) { n[r>>3] |= 1 << (r & 7) }

func (n near) has(r uint16) bool { return n[r>>3]&(1<<(r&7)) != 0 }

// add enters a subnet, its address as 16 bytes and its length as if it were IPv6.
func (n near) add(key []byte, four bool) {
	bits := int(key[16])
	switch {
	case four && bits >= 96+16:
		n.set(region4(key))
	case four:
		first := int(region4(key))
		for r := first; r < first+1<<(96+16-bits); r++ {
			n.set(uint16(r))
		}
	case bits >= 32:
		n.set(region6(key))
	default: // a subnet this wide is in many regions
		for i := range n {
			n[i] = 0xff
		}
	}
}

// join makes n say what both say. Of a part with subnets and without a map of
// them they may be anywhere.
func (n near) join(o near, subnets bool) near {
	if n == nil {
		n = make(near, nearSize)
	}
	for i := range n {
		switch {
		case len(o) == nearSize:
			n[i] |= o[i]
		case subnets:
			n[i] = 0xff
		}
	}
	return n
}
