package snmp

import (
	"strconv"
	"strings"

	"longwatch/internal/ber"
)

// Bits of msgFlags (RFC 3412 section 6.4).
const (
	flagAuth = 1
	flagPriv = 2
)

// modelUSM is the security model of RFC 3414.
const modelUSM = 3

// v3 is the header of version 3.
type v3 struct {
	flags  uint8
	plain  bool // the operation is not encrypted
	engine []byte
	user   []byte
}

// level is the name of a security level.
func level(flags uint8) string {
	switch {
	case flags&flagAuth == 0:
		return "noAuthNoPriv"
	case flags&flagPriv == 0:
		return "authNoPriv"
	}
	return "authPriv"
}

// read reads a message from its header on and returns the operation, zero
// when it is encrypted or unknown.
func (h *v3) read(b []byte) (pdu ber.Value, ok bool) {
	global, b, ok := ber.Next(b)
	if !ok || !global.Is(ber.Universal, ber.Sequence) {
		return pdu, false
	}
	model, ok := h.global(global.Body)
	if !ok {
		return pdu, false
	}
	params, b, ok := ber.Next(b)
	if !ok || !params.Is(ber.Universal, ber.OctetString) {
		return pdu, false
	}
	if model == modelUSM && !h.security(params.Body) {
		return pdu, false
	}
	scoped, _, ok := ber.Next(b)
	if !ok || !scoped.Is(ber.Universal, ber.Sequence) {
		return pdu, ok
	}
	h.plain = true
	rest := scoped.Body
	for range 2 { // engine and name of the context
		var v ber.Value
		if v, rest, ok = ber.Next(rest); !ok || !v.Is(ber.Universal, ber.OctetString) {
			return pdu, false
		}
	}
	pdu, _, ok = ber.Next(rest)
	if ok && (pdu.Class != ber.Context || pdu.Tag > lastOperation) {
		return ber.Value{}, true
	}
	return pdu, ok
}

// global reads identifier, size, flags and security model.
func (h *v3) global(b []byte) (model int64, ok bool) {
	for i := range 4 {
		var v ber.Value
		if v, b, ok = ber.Next(b); !ok {
			return 0, false
		}
		if i == 2 {
			if !v.Is(ber.Universal, ber.OctetString) || len(v.Body) != 1 {
				return 0, false
			}
			h.flags = v.Body[0]
			continue
		}
		if !v.Is(ber.Universal, ber.Integer) {
			return 0, false
		}
		if model, ok = v.Int(); !ok {
			return 0, false
		}
	}
	return model, true
}

// security reads the parameters of RFC 3414 section 2.4.
func (h *v3) security(b []byte) bool {
	seq, _, ok := ber.Next(b)
	if !ok || !seq.Is(ber.Universal, ber.Sequence) {
		return false
	}
	rest := seq.Body
	for i := range 4 { // engine, boots, time, user
		var v ber.Value
		if v, rest, ok = ber.Next(rest); !ok {
			return false
		}
		switch i {
		case 0:
			h.engine = v.Body
		case 3:
			h.user = v.Body
		}
	}
	return true
}

// maxArcs bounds the parts of an identifier.
const maxArcs = 128

// oid writes an object identifier with dots (X.690 section 8.19).
func oid(b []byte) string {
	var out strings.Builder
	n, arcs := uint64(0), 0
	for _, x := range b {
		if n > 1<<56 || arcs == maxArcs {
			return out.String()
		}
		n = n<<7 | uint64(x&0x7f)
		if x&0x80 != 0 {
			continue
		}
		if arcs == 0 {
			first := min(n/40, 2)
			out.WriteString(strconv.FormatUint(first, 10))
			n -= first * 40
		}
		out.WriteString("." + strconv.FormatUint(n, 10))
		n = 0
		arcs++
	}
	return out.String()
}
