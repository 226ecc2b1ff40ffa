package stix

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// appendCanonical appends v as RFC 8785 writes it: keys sorted, no white
// space, nothing escaped that need not be, unlike encoding/json. Identifiers
// are computed from it, so one byte more makes another identifier. Values are
// strings, and maps to values; keys are ASCII.
func appendCanonical(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(dst, v)
	case map[string]any:
		return appendMap(dst, v)
	case map[string]string:
		return appendMap(dst, v)
	default:
		panic(fmt.Sprintf("stix: %T cannot contribute to an identifier", v))
	}
}

func appendMap[V any](dst []byte, m map[string]V) []byte {
	dst = append(dst, '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, k), ':')
		dst = appendCanonical(dst, m[k])
	}
	return append(dst, '}')
}

// appendString is section 3.2.2.2: only quotes, backslashes and control
// characters are escaped. Broken UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			dst = append(dst, '\\', byte(r))
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if r < 0x20 {
				dst = fmt.Appendf(dst, `\u%04x`, r)
			} else {
				dst = utf8.AppendRune(dst, r)
			}
		}
	}
	return append(dst, '"')
}
