package quic

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

const (
	// minInitial is the least that a client's first datagram is padded to
	// (RFC 9000 section 14.1).
	minInitial = 1200
	// minID is the shortest connection ID that a client may send to first.
	minID = 8
)

// probe takes a datagram that begins with a long header of a known version
// whose lengths fit, a version negotiation, or a packet of Google's.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.No
	}
	if b[0]&longForm == 0 {
		if googlePublic(b) || googleAnswer(b) {
			return proto.Yes
		}
		return proto.No
	}
	h, ok := parseHeader(b)
	switch {
	case !ok:
		return proto.No
	case h.version == 0:
		return negotiation(h, b)
	case h.family == unknown && greased(h.version):
		if b[0]&fixedBit != 0 && len(b) >= minInitial && len(h.dcid) >= minID && len(h.dcid) <= maxID && len(h.scid) <= maxID {
			return proto.Yes
		}
		return proto.No
	case h.family == unknown:
		// Some other version, if this is QUIC at all: the port has to speak for it.
		if b[0]&fixedBit != 0 && len(h.dcid) <= maxID && len(h.scid) <= maxID {
			return proto.Maybe
		}
		return proto.No
	default:
		return proto.Yes
	}
}

// negotiation tells whether a datagram lists versions (RFC 8999 section 6), of
// which one has to be known.
func negotiation(h header, b []byte) proto.Verdict {
	c := wire.At(b)
	c.Skip(7 + len(h.dcid) + len(h.scid))
	if !c.OK() || c.Len() == 0 || c.Len()%4 != 0 || len(h.dcid) > maxID || len(h.scid) > maxID {
		return proto.No
	}
	for c.Len() > 0 {
		if familyOf(c.U32()) != unknown {
			return proto.Yes
		}
	}
	return proto.No
}
