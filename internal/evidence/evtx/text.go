package evtx

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// notASCII has the bits that four ASCII characters in UTF-16 leave clear; when
// one is taken from each character, those that were NUL set it.
const (
	notASCII = 0xff80ff80ff80ff80
	ones     = 0x0001000100010001
)

// appendUTF16 appends little-endian UTF-16 as UTF-8, up to the first NUL.
// Half a surrogate pair becomes U+FFFD.
func appendUTF16(dst, b []byte) []byte {
	dst = slices.Grow(dst, len(b)/2+8)
	n := len(dst)
	out := dst[n : n+len(b)/2+8]
	for len(b) >= 16 {
		w, x := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		if (w|x|(w-ones)&^w|(x-ones)&^x)&notASCII != 0 {
			break
		}
		w, x = w|w>>8, x|x>>8
		w = w&0xffff | w>>16&0xffff0000 | (x&0xffff|x>>16&0xffff0000)<<32
		binary.LittleEndian.PutUint64(out, w)
		out, n, b = out[8:], n+8, b[16:]
	}
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if (w|(w-ones)&^w)&notASCII != 0 {
			break
		}
		w |= w >> 8
		binary.LittleEndian.PutUint32(out, uint32(w&0xffff|w>>16&0xffff0000)) // #nosec G115 -- four bytes
		out, n, b = out[4:], n+4, b[8:]
	}
	dst = dst[:n]
	for len(b) >= 2 {
		u := binary.LittleEndian.Uint16(b)
		b = b[2:]
		switch {
		case u == 0:
			return dst
		case u < utf8.RuneSelf:
			dst = append(dst, byte(u))
		case !utf16.IsSurrogate(rune(u)):
			dst = utf8.AppendRune(dst, rune(u))
		default:
			r := rune(utf8.RuneError)
			if len(b) >= 2 {
				r = utf16.DecodeRune(rune(u), rune(binary.LittleEndian.Uint16(b)))
			}
			if r != utf8.RuneError {
				b = b[2:]
			}
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// windows1252 is what bytes 0x80 to 0x9f are in Windows code page 1252, the
// usual one of "ANSI" strings; the log does not say which it was.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// appendANSI appends code page 1252 as UTF-8, up to the first NUL.
func appendANSI(dst, b []byte) []byte {
	for _, x := range b {
		switch {
		case x == 0:
			return dst
		case x < utf8.RuneSelf:
			dst = append(dst, x)
		case x < 0xa0:
			dst = utf8.AppendRune(dst, windows1252[x-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(x))
		}
	}
	return dst
}
