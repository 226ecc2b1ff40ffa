package cert

// ASN.1 tags of X.690 as they appear in identifier octets: class, constructed
// bit and number together.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagBitString   = 0x03
	tagOctetString = 0x04
	tagOID         = 0x06
	tagEnumerated  = 0x0a
	tagUTF8        = 0x0c
	tagNumeric     = 0x12
	tagPrintable   = 0x13
	tagT61         = 0x14
	tagIA5         = 0x16
	tagUTCTime     = 0x17
	tagGenTime     = 0x18
	tagVisible     = 0x1a
	tagUniversal   = 0x1c
	tagBMP         = 0x1e
	tagSequence    = 0x30
	tagSet         = 0x31
)

// A value is one element of DER. Both slices are borrowed.
type value struct {
	tag  byte
	body []byte // contents octets
	raw  []byte // identifier, length and contents
}

// A reader walks the elements of one level. The zero value is at its end. It
// never panics: a malformed element makes bad true and ends the walk.
type reader struct {
	rest []byte
	bad  bool
}

// more tells whether another element may follow.
func (r *reader) more() bool { return !r.bad && len(r.rest) > 0 }

// next returns the next element. Length octets that are longer than needed are
// accepted, as OpenSSL does; the indefinite form and multi-byte tags, which no
// certificate needs, are not.
func (r *reader) next() value {
	b := r.rest
	if r.bad || len(b) < 2 || b[0]&0x1f == 0x1f {
		return r.fail()
	}
	n, head := int(b[1]), 2
	if n >= 0x80 {
		octets := n & 0x7f
		if octets == 0 || octets > 4 || len(b) < 2+octets {
			return r.fail()
		}
		n = 0
		for _, c := range b[2 : 2+octets] {
			n = n<<8 | int(c)
		}
		head += octets
	}
	if n < 0 || n > len(b)-head {
		return r.fail()
	}
	r.rest = b[head+n:]
	return value{tag: b[0], body: b[head : head+n], raw: b[:head+n]}
}

func (r *reader) fail() value {
	r.bad, r.rest = true, nil
	return value{}
}

// expect returns the contents of the next element, which must have this tag.
func (r *reader) expect(tag byte) []byte {
	v := r.next()
	if v.tag != tag {
		r.fail()
		return nil
	}
	return v.body
}

// optional returns the contents of the next element if it has this tag.
func (r *reader) optional(tag byte) ([]byte, bool) {
	if r.more() && r.rest[0] == tag {
		v := r.next()
		return v.body, !r.bad
	}
	return nil, false
}

// enter walks the inside of the next element, which must have this tag.
func (r *reader) enter(tag byte) reader {
	body := r.expect(tag)
	return reader{rest: body, bad: r.bad}
}
