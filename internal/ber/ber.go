// Package ber walks ASN.1 values in the Basic Encoding Rules (ITU-T X.690)
// without building a tree, for protocols of hostile peers: Kerberos, SPNEGO,
// LDAP, SNMP.
//
//	v, rest, ok := ber.Next(b)
//	if ok && v.Is(ber.Application, 10) { body, _, ok := ber.Next(v.Body) ... }
//
// Lengths are definite and at most four bytes; tags are at most 30. Nothing
// recurses, so depth is the caller's.
package ber

// Class is the class of a tag.
type Class uint8

// The classes (X.690 section 8.1.2.2).
const (
	Universal Class = iota
	Application
	Context
	Private
)

// Universal tags that protocols here use.
const (
	Boolean         = 1
	Integer         = 2
	BitString       = 3
	OctetString     = 4
	OID             = 6
	Enumerated      = 10
	Sequence        = 16
	Set             = 17
	GeneralizedTime = 24
)

// Value is one tag and its contents, borrowed.
type Value struct {
	Class       Class
	Constructed bool
	Tag         uint8
	Body        []byte
}

// Is tells whether v has this class and tag.
func (v Value) Is(c Class, tag uint8) bool { return v.Class == c && v.Tag == tag }

// Size is the number of bytes of the value at the start of b, header included.
// known is false while too few bytes are there to tell; ok is false when no
// value can start like this.
func Size(b []byte) (n int, known, ok bool) {
	if len(b) == 0 {
		return 0, false, true
	}
	if b[0]&0x1f == 0x1f {
		return 0, false, false
	}
	if len(b) < 2 {
		return 0, false, true
	}
	if b[1] < 0x80 {
		return 2 + int(b[1]), true, true
	}
	k := int(b[1] & 0x7f)
	if k == 0 || k > 4 {
		return 0, false, false
	}
	if len(b) < 2+k {
		return 0, false, true
	}
	for _, x := range b[2 : 2+k] {
		n = n<<8 | int(x)
	}
	if n > 1<<30 {
		return 0, false, false
	}
	return 2 + k + n, true, true
}

// Next splits the first value off b.
func Next(b []byte) (v Value, rest []byte, ok bool) {
	n, known, ok := Size(b)
	if !ok || !known || n > len(b) {
		return Value{}, nil, false
	}
	head := 2
	if b[1] >= 0x80 {
		head += int(b[1] & 0x7f)
	}
	v = Value{Class: Class(b[0] >> 6), Constructed: b[0]&0x20 != 0, Tag: b[0] & 0x1f, Body: b[head:n:n]}
	return v, b[n:], true
}

// Inside returns the first value within v, as a context tag wraps its type.
func (v Value) Inside() (Value, bool) {
	in, _, ok := Next(v.Body)
	return in, ok
}

// Int is the value as a signed number; ok is false when it does not fit.
func (v Value) Int() (n int64, ok bool) {
	if len(v.Body) == 0 || len(v.Body) > 8 {
		return 0, false
	}
	n = int64(int8(v.Body[0]))
	for _, x := range v.Body[1:] {
		n = n<<8 | int64(x)
	}
	return n, true
}
