package ldap

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"longwatch/internal/ber"
)

// Kinds of filters (section 4.5.1.7).
const (
	filterAnd     = 0
	filterOr      = 1
	filterNot     = 2
	filterEqual   = 3
	filterSub     = 4
	filterGreater = 5
	filterLess    = 6
	filterPresent = 7
	filterApprox  = 8
	filterRule    = 9
)

const (
	maxFilterDepth = 20
	maxFilterText  = 16 << 10 // where rendering ends
	badFilter      = "FILTER_PARSING_ERROR"
)

// renderer writes a filter as Zeek does: RFC 4515, but an and or or of more
// than two is nested, each around the one before.
type renderer struct{ size int }

func (r *renderer) filter(v ber.Value, depth int) string {
	if v.Class != ber.Context || depth > maxFilterDepth || r.size > maxFilterText {
		return badFilter
	}
	text := r.kind(v, depth)
	r.size += len(text)
	return text
}

func (r *renderer) kind(v ber.Value, depth int) string {
	switch v.Tag {
	case filterAnd:
		return r.set("&", v.Body, depth)
	case filterOr:
		return r.set("|", v.Body, depth)
	case filterNot:
		if in, ok := v.Inside(); ok {
			return "(!" + r.filter(in, depth+1) + ")"
		}
	case filterEqual:
		return assertion(v, "=")
	case filterGreater:
		return assertion(v, ">=")
	case filterLess:
		return assertion(v, "<=")
	case filterApprox:
		return assertion(v, "~=")
	case filterPresent:
		return "(" + string(v.Body) + "=*)"
	case filterSub:
		return substrings(v)
	case filterRule:
		return matchingRule(v)
	}
	return badFilter
}

// set writes (&ab), and (&(&ab)c) for three. Of many, the opening parentheses
// come first, so that the text grows with the filter and not with its square.
func (r *renderer) set(op string, b []byte, depth int) string {
	n, rest := 0, b
	for len(rest) > 0 {
		_, next, ok := ber.Next(rest)
		if !ok {
			return badFilter
		}
		n, rest = n+1, next
	}
	var out strings.Builder
	for range max(n-1, 1) {
		if out.Len() > maxFilterText {
			return badFilter
		}
		out.WriteString("(" + op)
	}
	for i := range n {
		var v ber.Value
		v, b, _ = ber.Next(b)
		text := r.filter(v, depth+1)
		if r.size > maxFilterText {
			return badFilter
		}
		out.WriteString(text)
		if i > 0 {
			out.WriteByte(')')
		}
	}
	if n < 2 {
		out.WriteByte(')')
	}
	return out.String()
}

// two returns the first two elements, as an attribute and its value.
func two(b []byte) (first, second ber.Value, ok bool) {
	first, rest, ok := ber.Next(b)
	if !ok {
		return
	}
	second, _, ok = ber.Next(rest)
	return
}

func assertion(v ber.Value, op string) string {
	name, value, ok := two(v.Body)
	if !ok {
		return badFilter
	}
	return "(" + string(name.Body) + op + valueText(string(name.Body), value.Body) + ")"
}

// valueText shows the values of a domain controller's ping (MS-ADTS section
// 6.3.3) in their own forms, all others as text.
func valueText(name string, b []byte) string {
	switch name {
	case "DomainGuid":
		if len(b) != 16 {
			return "GUID_FORMAT_FAILED"
		}
		return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
			binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:])
	case "objectSid", "AAC":
		parts := make([]string, len(b))
		for i, x := range b {
			parts[i] = hex.EncodeToString([]byte{x})
		}
		return strings.Join(parts, ":")
	case "DomainSid":
		return sidText(b)
	case "NtVer":
		if len(b) != 4 {
			return "HEX_FORMAT_FAILED"
		}
		return fmt.Sprintf("0x%08x", binary.LittleEndian.Uint32(b))
	}
	return escape(b)
}

// sidText is a SID of a domain (MS-DTYP section 2.4.2), which has 24 bytes.
func sidText(b []byte) string {
	if len(b) != 24 {
		return "SID_FORMAT_FAILED"
	}
	authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	n := func(i int) uint32 { return binary.LittleEndian.Uint32(b[8+4*i:]) }
	return fmt.Sprintf("S-%d-%d-%d-%d-%d-%d", b[0], authority, n(0), n(1), n(2), n(3))
}

// escape writes what RFC 4515 section 3 reserves, but for the backslash, in hex.
func escape(b []byte) string {
	var out strings.Builder
	for _, x := range b {
		switch x {
		case 0, 27, '(', ')', '*':
			fmt.Fprintf(&out, "\\%02x", x)
		default:
			out.WriteByte(x)
		}
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

// substrings writes (name=initial*any*final).
func substrings(v ber.Value) string {
	name, list, ok := two(v.Body)
	if !ok {
		return badFilter
	}
	var initial, final string
	var any strings.Builder
	for rest := list.Body; len(rest) > 0; {
		var part ber.Value
		if part, rest, ok = ber.Next(rest); !ok {
			return badFilter
		}
		switch part.Tag {
		case 0:
			initial = escape(part.Body)
		case 1:
			any.WriteString(escape(part.Body) + "*")
		case 2:
			final = escape(part.Body)
		default:
			return badFilter
		}
	}
	return "(" + string(name.Body) + "=" + initial + "*" + any.String() + final + ")"
}

// matchingRule writes (name:rule:=value).
func matchingRule(v ber.Value) string {
	var part [4]string
	for rest := v.Body; len(rest) > 0; {
		e, next, ok := ber.Next(rest)
		if !ok {
			return badFilter
		}
		rest = next
		if e.Tag == 3 {
			part[3] = escape(e.Body)
		} else if e.Tag < 3 {
			part[e.Tag] = string(e.Body)
		}
	}
	if part[1] != "" {
		part[1] = ":" + part[1]
	}
	return "(" + part[2] + part[1] + ":=" + part[3] + ")"
}
