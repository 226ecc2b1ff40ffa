package cert

import (
	"slices"
	"unicode/utf8"
)

// maxName bounds a distinguished name in a record, in bytes; Zeek cuts there.
const maxName = 2047

// maxEntries bounds the attributes of a name that are looked at.
const maxEntries = 128

// An entry is one attribute of a name.
type entry struct {
	oid  []byte
	val  value
	join bool // in the same RelativeDistinguishedName as the entry before
}

// nameText prints the contents of a Name as RFC 2253 asks, in the manner of
// OpenSSL's XN_FLAG_RFC2253: last entry first, entries of one RDN joined by
// "+", short attribute names, unknown attributes dumped as #hex. cn is the
// last common name as it is, or empty.
func nameText(b []byte) (text, cn string) {
	var room [16]entry
	entries := room[:0]
	for r := (reader{rest: b}); r.more(); {
		set := r.enter(tagSet)
		for first := true; set.more() && len(entries) < maxEntries; first = false {
			at := set.enter(tagSequence)
			e := entry{oid: at.expect(tagOID), val: at.next(), join: !first}
			if at.bad {
				break
			}
			entries = append(entries, e)
			if string(e.oid) == oidCommonName {
				cn = plainText(e.val)
			}
		}
	}
	var buf [256]byte
	out := buf[:0]
	for i, e := range slices.Backward(entries) {
		short, known := attributeNames[string(e.oid)]
		if known {
			out = append(out, short...)
		} else {
			out = appendOID(out, e.oid)
		}
		out = append(out, '=')
		out = appendValue(out, e.val, known)
		switch {
		case i == 0:
		case e.join:
			out = append(out, '+')
		default:
			out = append(out, ',')
		}
	}
	return string(out[:min(len(out), maxName)]), cn
}

// charWidth is the number of bytes per character of a string type, 0 for
// UTF-8, -1 when it is no string.
func charWidth(tag byte) int {
	switch tag {
	case tagUTF8:
		return 0
	case tagNumeric, tagPrintable, tagT61, tagIA5, tagUTCTime, tagGenTime, tagVisible:
		return 1
	case tagBMP:
		return 2
	case tagUniversal:
		return 4
	}
	return -1
}

func appendValue(dst []byte, v value, known bool) []byte {
	width := charWidth(v.tag)
	if !known || width < 0 || (width > 1 && len(v.body)%width != 0) {
		dst = append(dst, '#')
		for _, c := range v.raw[:min(len(v.raw), maxName)] {
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
		return dst
	}
	if width == 0 {
		for i, c := range v.body {
			dst = appendEscaped(dst, c, i == 0, i == len(v.body)-1)
		}
		return dst
	}
	var enc [utf8.UTFMax]byte
	for i := 0; i+width <= len(v.body); i += width {
		n := utf8.EncodeRune(enc[:], rune(small(v.body[i:i+width])&0x7fffffff))
		for _, c := range enc[:n] {
			dst = appendEscaped(dst, c, i == 0, i+width == len(v.body))
		}
	}
	return dst
}

// appendEscaped writes one octet of UTF-8 by the rules of RFC 2253 section
// 2.4, control characters and octets above 0x7f as \XX.
func appendEscaped(dst []byte, c byte, first, last bool) []byte {
	switch {
	case c < 0x20 || c >= 0x7f:
		return append(dst, '\\', hexDigits[c>>4], hexDigits[c&15])
	case c == ',' || c == '+' || c == '"' || c == '\\' || c == '<' || c == '>' || c == ';',
		c == '#' && first,
		c == ' ' && (first || last):
		return append(dst, '\\', c)
	}
	return append(dst, c)
}

// plainText is a string value as UTF-8 without escapes.
func plainText(v value) string {
	width := charWidth(v.tag)
	if width < 2 {
		return string(v.body)
	}
	var out []byte
	for i := 0; i+width <= len(v.body); i += width {
		out = utf8.AppendRune(out, rune(small(v.body[i:i+width])&0x7fffffff))
	}
	return string(out)
}
