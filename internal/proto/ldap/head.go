package ldap

import (
	"longwatch/internal/ber"
	"longwatch/internal/proto"
)

// head is what a message begins with (section 4.1.1).
type head struct {
	id   int64
	op   uint8
	opAt int // where the operation's tag stands
	at   int // where its contents begin
	size int // of the whole message
}

// starts tells with which byte the contents of an operation begin: the tag of
// its first element.
var starts = map[uint8]byte{
	bindRequest: 0x02, bindResponse: 0x0a, searchRequest: 0x04, searchEntry: 0x04, searchDone: 0x0a, modifyRequest: 0x04,
	modifyResponse: 0x0a, addRequest: 0x04, addResponse: 0x0a, delResponse: 0x0a, modDNRequest: 0x04, modDNResponse: 0x0a,
	compareRequest: 0x04, compareResponse: 0x0a, searchReference: 0x04, extendedRequest: 0x80, extendedResponse: 0x0a,
}

// primitive are the operations whose tag is not of a constructed value.
func primitive(op uint8) bool { return op == unbindRequest || op == delRequest || op == abandonRequest }

// header reads tag and length of a value, which may not be all there.
func header(b []byte) (at, size int, v proto.Verdict) {
	n, known, ok := ber.Size(b)
	switch {
	case !ok:
		return 0, 0, proto.No
	case !known:
		return 0, 0, proto.Maybe
	}
	at = 2
	if b[1] >= 0x80 {
		at += int(b[1] & 0x7f)
	}
	return at, n, proto.Yes
}

// parseHead judges the first bytes of a message.
func parseHead(b []byte) (h head, v proto.Verdict) {
	if len(b) > 0 && b[0] != 0x30 {
		return h, proto.No
	}
	at, size, v := header(b)
	if v != proto.Yes {
		return h, v
	}
	h.size = size
	if len(b) > at && b[at] != 0x02 {
		return h, proto.No
	}
	_, n, v := header(b[min(at, len(b)):])
	if v != proto.Yes {
		return h, v
	}
	if n < 3 || n > 6 || at+n > size {
		return h, proto.No
	}
	h.opAt = at + n
	if len(b) <= h.opAt {
		return h, proto.Maybe
	}
	id, _, _ := ber.Next(b[at:])
	h.id, _ = id.Int()
	tag := b[h.opAt]
	h.op = tag & 0x1f
	if opcodes[h.op] == "" && h.op != searchRequest && h.op != searchEntry && h.op != searchDone && h.op != searchReference ||
		tag>>6 != 1 || (tag&0x20 == 0) != primitive(h.op) || h.id < 0 {
		return h, proto.No
	}
	opHead, opSize, v := header(b[h.opAt:])
	if v != proto.Yes {
		return h, v
	}
	h.at = h.opAt + opHead
	if opSize > size-h.opAt || h.op == unbindRequest && opSize != 2 || h.op == abandonRequest && opSize > 6 {
		return h, proto.No
	}
	first, ok := starts[h.op]
	if !ok {
		return h, proto.Yes
	}
	switch {
	case opSize == opHead:
		return h, proto.No
	case len(b) == h.at:
		return h, proto.Maybe
	case b[h.at] != first:
		return h, proto.No
	}
	return h, proto.Yes
}

// probe wants a message whose operation is plausible to its first byte.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) > 0 && b[0] != 0x30 {
		return proto.No
	}
	_, v := parseHead(b)
	return v
}
