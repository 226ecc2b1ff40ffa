package script

import (
	"bytes"
	"unicode/utf16"
)

// decodeText turns what is not ASCII-like into UTF-8: UTF-16, which IIS and
// Tomcat read by its mark or by its zeros, and EBCDIC, which Tomcat reads when
// an XML declaration says so. It drops a UTF-8 mark.
func decodeText(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return wide(b[2:], false)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return wide(b[2:], true)
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return b[3:]
	case len(b) > 8 && b[1] == 0 && b[3] == 0 && b[5] == 0 && b[0] == '<':
		return wide(b, false)
	case len(b) > 8 && b[0] == 0 && b[2] == 0 && b[4] == 0 && b[1] == '<':
		return wide(b, true)
	case bytes.HasPrefix(b, []byte{0x4c, 0x6f, 0xa7, 0x94, 0x93}), bytes.HasPrefix(b, []byte{0x4c, 0x6c}): // "<?xml", "<%"
		out := make([]byte, len(b))
		for i, c := range b {
			out[i] = ebcdic[c]
		}
		return out
	}
	return b
}

func wide(b []byte, big bool) []byte {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		if big {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		} else {
			units = append(units, uint16(b[i+1])<<8|uint16(b[i]))
		}
	}
	return []byte(string(utf16.Decode(units)))
}

// ebcdic is IBM code page 037, the printable part.
var ebcdic = func() (t [256]byte) {
	for i := range t {
		t[i] = ' '
	}
	for from, s := range map[int]string{
		0x40: " ", 0x4b: ".<(+|&", 0x5a: "!$*);", 0x60: "-/", 0x6b: ",%_>?", 0x79: "`:#@'=\"", 0x81: "abcdefghi", 0x91: "jklmnopqr", 0xa1: "~stuvwxyz",
		0xb0: "^", 0xba: "[]", 0xc0: "{ABCDEFGHI", 0xd0: "}JKLMNOPQR", 0xe0: "\\", 0xe2: "STUVWXYZ", 0xf0: "0123456789",
	} {
		copy(t[from:], s)
	}
	t[0x15], t[0x25], t[0x0d] = '\n', '\n', '\r'
	return t
}()
