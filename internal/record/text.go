package record

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Bytes that are not UTF-8, and
// control characters that JSON has no letter for, are written \\xNN (two
// characters backslash and x in the value), as Zeek does.
func AppendString(dst []byte, s string) []byte {
	if room := len(s) + 16; cap(dst)-len(dst) < room {
		dst = slices.Grow(dst, room+len(s)/8)
	}
	// What stands for itself, as nearly all does, is copied eight bytes at a time
	// into the room that is there.
	to := dst[len(dst) : len(dst)+len(s)+16]
	to[0] = '"'
	i := 0
	for ; len(s)-i >= 8; i += 8 {
		w := eight(s[i:])
		if escaped(w) != 0 {
			return appendOdd(dst[:len(dst)+1+i], s[i:])
		}
		binary.LittleEndian.PutUint64(to[1+i:], w)
	}
	if rest := len(s) - i; rest > 0 {
		w := word(s[i:])
		if escaped(w)<<(64-8*rest) != 0 {
			return appendOdd(dst[:len(dst)+1+i], s[i:])
		}
		binary.LittleEndian.PutUint64(to[1+i:], w)
	}
	to[1+len(s)] = '"'
	return dst[:len(dst)+2+len(s)]
}

// appendOdd appends the rest of a string, in which something is escaped, and the
// quote behind it.
func appendOdd(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		n := min(len(s)-i, 8)
		w := word(s[i:])
		odd := escaped(w) << (64 - 8*n) >> (64 - 8*n)
		if cap(dst)-len(dst) < 8 {
			dst = slices.Grow(dst, len(s)-i+16)
		}
		end := len(dst)
		dst = dst[:end+8]
		binary.LittleEndian.PutUint64(dst[end:], w)
		if odd == 0 {
			dst = dst[:end+n]
			i += n
			continue
		}
		clean := bits.TrailingZeros64(odd) / 8
		dst = dst[:end+clean]
		i += clean
		b := s[i]
		switch {
		case b >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = appendHexEscape(dst, b)
			} else {
				dst = append(dst, s[i:i+n]...)
			}
			i += n
			continue
		case b >= 0x20 && b != '"' && b != '\\' && b != 0x7f:
			dst = append(dst, b)
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b == '\n':
			dst = append(dst, '\\', 'n')
		case b == '\r':
			dst = append(dst, '\\', 'r')
		case b == '\t':
			dst = append(dst, '\\', 't')
		case b == '\b':
			dst = append(dst, '\\', 'b')
		case b == '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = appendHexEscape(dst, b)
		}
		i++
	}
	return append(dst, '"')
}

func appendHexEscape(dst []byte, b byte) []byte {
	return append(dst, '\\', '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
}

// Eight bytes of one value, and the highest bit of each of eight bytes.
const (
	each    = 0x0101010101010101
	highest = 0x8080808080808080
)

// escaped marks, by its highest bit, the first byte of w that does not stand
// for itself in a JSON string. Marks behind the first may be wrong.
func escaped(w uint64) uint64 {
	quote, slash, del := w^each*'"', w^each*'\\', w^each*0x7f
	return (w | (w-each*0x20)&^w | (quote-each)&^quote | (slash-each)&^slash | (del-each)&^del) & highest
}

// word is the first eight bytes of s, lowest first, and zeros where s, which is
// not empty, has less.
func word(s string) uint64 {
	n := len(s)
	switch {
	case n >= 8:
		return eight(s)
	case n >= 4: // two halves, which overlap
		return four(s) | four(s[n-4:])<<(8*(n-4))
	case n >= 2:
		return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[n-1])<<(8*(n-1))
	}
	return uint64(s[0])
}

func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func four(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}
