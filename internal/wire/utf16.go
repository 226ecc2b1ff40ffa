package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// UTF16 turns little-endian UTF-16, as Windows protocols carry it, into UTF-8.
// Trailing NULs are dropped, an odd last byte is ignored, and a lone surrogate
// becomes U+FFFD.
func UTF16(b []byte) string {
	n := len(b) / 2
	for n > 0 && b[2*n-2] == 0 && b[2*n-1] == 0 {
		n--
	}
	out := make([]byte, 0, n)
	for i := 0; i < n; i++ {
		r := rune(b[2*i]) | rune(b[2*i+1])<<8
		if utf16.IsSurrogate(r) {
			next := rune(utf8.RuneError)
			if i+1 < n {
				next = rune(b[2*i+2]) | rune(b[2*i+3])<<8
			}
			if r = utf16.DecodeRune(r, next); r != utf8.RuneError {
				i++
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
