package dns

import "longwatch/internal/wire"

// update reads a dynamic update (RFC 2136): one zone, then prerequisites and
// changes in the places of answers and authorities. Zeek writes both into the
// answers of the reply's record, and nothing of a request alone.
func (p *parser) update(b []byte, h header, m *Message) bool {
	if h.counts[0] != 1 {
		p.c.Weird("DNS_DU_invalid_zone_count", "")
		return false
	}
	_, off, ok := readName(b, headLen, p.names[:])
	if !ok {
		return false
	}
	c := wire.At(b[off:])
	kind, zone := c.U16(), c.U16()
	if !c.OK() || kind != typeSOA {
		p.c.Weird("DNS_DU_incorrect_zone_type", "")
		return false
	}
	off += 4
	for section := 1; section <= 2; section++ {
		for range min(h.counts[section], maxRecords) {
			r, next, ok := p.record(b, off)
			if !ok {
				return false
			}
			off = next
			text := change(r, b, zone)
			if section == 1 {
				text = prerequisite(r)
			}
			if h.reply() && text != "" {
				p.answer(h, m, r, text)
			}
		}
	}
	return true
}

// prerequisite is RFC 2136 section 2.4.
func prerequisite(r rr) string {
	switch {
	case r.class == classNone && r.typ == typeANY:
		return "pre: NameNotInUse " + r.owner
	case r.class == classAny && r.typ == typeANY:
		return "pre: NameInUse " + r.owner
	case r.class == classNone:
		return "pre: NoRRSet " + typeName(r.typ) + " " + r.owner
	}
	return "pre: RRSetExists " + typeName(r.typ) + " " + r.owner
}

// change is RFC 2136 section 2.5.
func change(r rr, msg []byte, zone uint16) string {
	switch {
	case r.class == classAny && r.typ == typeANY:
		return "del: RRSet * " + r.owner
	case r.class == classAny:
		return "del: RRSet " + typeName(r.typ)
	case r.class == classNone:
		return "del: RR " + typeName(r.typ) + " " + r.owner
	case r.class != zone:
		return ""
	}
	text, _ := r.text(msg)
	switch r.typ {
	case typeA, typeAAAA, typeA6:
		return "add: " + typeName(r.typ) + " " + r.owner + " " + text
	}
	if text == "" {
		return ""
	}
	return "add: " + text
}
