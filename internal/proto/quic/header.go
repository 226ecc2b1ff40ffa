package quic

import "longwatch/internal/wire"

const (
	longForm = 0x80
	fixedBit = 0x40
	// maxID is the longest connection ID (RFC 9000 section 17.2).
	maxID = 20
	// minPayload is the least that header protection can be taken off.
	minPayload = maxNumber + sampleSize
)

// The types of long packets, numbered as version 1 does.
const (
	packetInitial = iota
	packetZeroRTT
	packetHandshake
	packetRetry
)

// header is that of a packet in the long form (RFC 8999, RFC 9000 section 17.2).
type header struct {
	version    uint32
	family     family
	kind       uint8
	dcid, scid []byte
	number     int // where the packet number begins; 0: nothing to decrypt
	size       int // of the packet within the datagram
}

// parseHeader reads the long header that b begins with. ok is false when it
// contradicts itself or does not fit.
func parseHeader(b []byte) (h header, ok bool) {
	c := wire.At(b)
	first := c.U8()
	h.version = c.U32()
	h.family = familyOf(h.version)
	h.size = len(b)
	if h.family == googleQ4 || h.family == early {
		return h, h.nibbles(&c, first)
	}
	h.dcid = c.Take(int(c.U8()))
	h.scid = c.Take(int(c.U8()))
	if !c.OK() {
		return h, false
	}
	h.kind = first >> 4 & 3
	switch h.family {
	case unknown:
		return h, true
	case second:
		h.kind = (h.kind - 1) & 3 // RFC 9369 section 3.2
	default:
	}
	if len(h.dcid) > maxID || len(h.scid) > maxID {
		return h, false
	}
	if h.kind == packetRetry {
		return h, c.Len() >= tagSize
	}
	if h.kind == packetInitial {
		c.Skip(int(min(varint(&c), 1<<20))) // token
	}
	n := varint(&c)
	if !c.OK() || n < minPayload || n > uint64(c.Len()) {
		return h, false
	}
	h.number = c.Off()
	h.size = h.number + int(n) // #nosec G115 -- not above c.Len
	return h, true
}

// nibbles reads connection IDs whose lengths share a byte, as they did before
// draft 22 and in Q046.
func (h *header) nibbles(c *wire.Cursor, first uint8) bool {
	lengths := c.U8()
	h.dcid = c.Take(idLength(lengths >> 4))
	h.scid = c.Take(idLength(lengths & 15))
	if first&0x3f>>4 != 0 {
		h.kind = packetHandshake
	}
	return c.OK() && c.Len() > 0
}

func idLength(n uint8) int {
	if n == 0 {
		return 0
	}
	return int(n) + 3
}

// varint reads a variable-length integer (RFC 9000 section 16).
func varint(c *wire.Cursor) uint64 {
	first := c.U8()
	v := uint64(first & 0x3f)
	for range 1<<(first>>6) - 1 {
		v = v<<8 | uint64(c.U8())
	}
	return v
}
