package dns

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// probe judges one datagram, or the start of a stream with its length prefix.
// It cannot tell which, so both readings are tried, the datagram first.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if plausible(b, len(b)) {
		return proto.Yes
	}
	if len(b) < 2+headLen {
		if len(b) >= 2 && int(b[0])<<8|int(b[1]) < headLen {
			return proto.No
		}
		return proto.Maybe
	}
	n := int(b[0])<<8 | int(b[1])
	if n >= headLen && plausible(b[2:min(len(b), 2+n)], n) {
		return proto.Yes
	}
	return proto.No
}

// plausible tells whether b begins a DNS message of n bytes: counts that the
// length can hold, a known opcode, and a first question or record that parses.
func plausible(b []byte, n int) bool {
	if len(b) < headLen {
		return false
	}
	c := wire.At(b)
	h := readHeader(&c)
	switch h.opcode() {
	case 0, 1, 2, 4, 5, 6, 7, 8:
	default:
		return false
	}
	total := h.counts[0] + h.counts[1] + h.counts[2] + h.counts[3]
	if h.counts[0] > 32 || total == 0 || n < headLen+5*h.counts[0]+11*(total-h.counts[0]) {
		return false
	}
	if !h.reply() && (h.rcode() != 0 || h.counts[1] > 0 && h.opcode() != opUpdate && h.opcode() != opInverse && h.counts[0] == 0) {
		return false
	}
	var scratch [maxName]byte
	off := headLen
	for range h.counts[0] {
		name, next, ok := readName(b, off, scratch[:])
		if !ok || !printable(name) || next+4 > len(b) {
			return false
		}
		q := wire.At(b[next:])
		if t, cl := q.U16(), q.U16()&0x7fff; t == 0 || cl == 0 || cl > 4 && cl < 254 || cl > 255 || t > 300 && t < 32768 || t > 65300 {
			return false
		}
		off = next + 4
	}
	if h.counts[0] > 0 {
		return true
	}
	p := &parser{}
	r, _, ok := p.record(b, off)
	return ok && (r.class&0x7fff == 1 || r.class == 254 || r.class == 255 || r.typ == 41)
}

// printable tells whether a name has no control characters but those of
// service names; tunnels use every byte, but start with a letter or digit.
func printable(name []byte) bool {
	odd := 0
	for _, b := range name {
		if b < 0x20 || b == 0x7f {
			odd++
		}
	}
	return odd*4 <= len(name)
}
