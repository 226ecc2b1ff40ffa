package cert

import (
	"net/netip"

	"longwatch/internal/record"
)

// maxNames bounds the alternative names kept of one certificate, all kinds
// together; Zeek logs as many.
const maxNames = 500

// extensions reads the extensions that records have fields for.
func (c *Certificate) extensions(b []byte) error {
	outer := reader{rest: b}
	list := outer.enter(tagSequence)
	var err error
	for list.more() {
		ext := list.enter(tagSequence)
		oid := ext.expect(tagOID)
		ext.optional(tagBoolean) // critical
		val := ext.expect(tagOctetString)
		if ext.bad {
			return ErrExtension
		}
		ok := true
		switch string(oid) {
		case oidSubjectAltName:
			ok = c.altNames(val)
		case oidBasicConstraints:
			ok = c.basicConstraints(val)
		}
		if !ok {
			err = ErrExtension
		}
	}
	if list.bad {
		return ErrExtension
	}
	return err
}

// altNames reads GeneralNames (RFC 5280 section 4.2.1.6).
func (c *Certificate) altNames(b []byte) bool {
	c.HasSAN = true
	outer := reader{rest: b}
	names := outer.enter(tagSequence)
	n := 0
	for names.more() && n < maxNames {
		v := names.next()
		switch v.tag {
		case 0x81:
			c.Email = append(c.Email, string(v.body))
		case 0x82:
			c.DNS = append(c.DNS, string(v.body))
		case 0x86:
			c.URI = append(c.URI, string(v.body))
		case 0x87:
			a, ok := netip.AddrFromSlice(v.body)
			if !ok {
				continue
			}
			c.IP = append(c.IP, a)
		default:
			continue
		}
		n++
	}
	return !names.bad
}

// basicConstraints reads RFC 5280 section 4.2.1.9.
func (c *Certificate) basicConstraints(b []byte) bool {
	outer := reader{rest: b}
	seq := outer.enter(tagSequence)
	ca, _ := seq.optional(tagBoolean)
	path, hasPath := seq.optional(tagInteger)
	if seq.bad || seq.more() {
		return false
	}
	c.CA = record.Some(len(ca) > 0 && ca[0] != 0)
	if hasPath {
		c.PathLen = record.Some(small(path))
	}
	return true
}
