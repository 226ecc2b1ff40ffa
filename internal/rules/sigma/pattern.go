package sigma

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// part is a piece of a Sigma string: literal text, or a wildcard.
type part struct {
	lit  string
	wild byte // '*' any text, '?' any one character, 0 literal
}

// parseString splits a value into literals and wildcards. A backslash takes
// the meaning from *, ? and itself; before anything else it is itself (Sigma
// specification 2.x, "Escaping").
func parseString(s string) []part {
	var parts []part
	var lit []byte
	flush := func() {
		if len(lit) > 0 {
			parts = append(parts, part{lit: string(lit)})
			lit = lit[:0]
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\':
			if i+1 < len(s) && strings.IndexByte(`\*?`, s[i+1]) >= 0 {
				i++
				lit = append(lit, s[i])
				continue
			}
			lit = append(lit, c)
		case '*', '?':
			flush()
			if c == '*' && len(parts) > 0 && parts[len(parts)-1].wild == '*' {
				continue
			}
			parts = append(parts, part{wild: c})
		default:
			lit = append(lit, c)
		}
	}
	flush()
	return parts
}

// plain is the text of parts without wildcards; ok is false when there are some.
func plain(parts []part) (text string, ok bool) {
	var b strings.Builder
	for _, p := range parts {
		if p.wild != 0 {
			return "", false
		}
		b.WriteString(p.lit)
	}
	return b.String(), true
}

// shape is how a pattern is compared.
type shape uint8

const (
	shapeExact shape = iota
	shapePrefix
	shapeSuffix
	shapeContains
	shapeAny  // * alone: any text, even none
	shapeGlob // parts, one after the other
)

// pattern is a string with wildcards, ready to compare.
type pattern struct {
	shape shape
	lit   []byte // all shapes but shapeGlob
	parts []part // shapeGlob
}

// newPattern compiles parts; unless cased they are folded to lower case.
func newPattern(parts []part, cased bool) pattern {
	if !cased {
		folded := make([]part, len(parts))
		for i, p := range parts {
			folded[i] = part{lit: string(appendFold(nil, p.lit)), wild: p.wild}
		}
		parts = folded
	}
	star := func(i int) bool { return parts[i].wild == '*' }
	lit := func(i int) bool { return parts[i].wild == 0 }
	switch n := len(parts); {
	case n == 0:
		return pattern{shape: shapeExact}
	case n == 1 && star(0):
		return pattern{shape: shapeAny}
	case n == 1 && lit(0):
		return pattern{shape: shapeExact, lit: []byte(parts[0].lit)}
	case n == 2 && lit(0) && star(1):
		return pattern{shape: shapePrefix, lit: []byte(parts[0].lit)}
	case n == 2 && star(0) && lit(1):
		return pattern{shape: shapeSuffix, lit: []byte(parts[1].lit)}
	case n == 3 && star(0) && lit(1) && star(2):
		return pattern{shape: shapeContains, lit: []byte(parts[1].lit)}
	}
	return pattern{shape: shapeGlob, parts: parts}
}

// match compares the whole of text, which is folded unless the pattern is
// cased, and takes the steps that it costs off work.
func (p *pattern) match(text []byte, work *int) bool {
	*work--
	//exhaustive:enforce
	switch p.shape {
	case shapeExact:
		return bytes.Equal(text, p.lit)
	case shapePrefix:
		return bytes.HasPrefix(text, p.lit)
	case shapeSuffix:
		return bytes.HasSuffix(text, p.lit)
	case shapeContains:
		*work -= len(text) / searched
		return bytes.Contains(text, p.lit)
	case shapeAny:
		return true
	case shapeGlob:
	}
	return glob(p.parts, work, unsafe.String(unsafe.SliceData(text), len(text))) //nolint:gosec // the text is only read, and not kept
}

// glob compares text with parts, going back at most to the last asterisk. That
// takes at most as many steps as there are characters times parts; they are
// taken off work, and nothing is found any more when it is used up.
func glob(parts []part, work *int, text string) bool {
	i, at := 0, 0
	star, mark := -1, 0
	for *work >= 0 {
		*work--
		switch {
		case i == len(parts):
			if at == len(text) {
				return true
			}
		case parts[i].wild == '*':
			star, mark = i, at
			i++
			continue
		case parts[i].wild == '?':
			if at < len(text) {
				_, n := utf8.DecodeRuneInString(text[at:])
				at += n
				i++
				continue
			}
		default:
			*work -= len(parts[i].lit) / searched
			if strings.HasPrefix(text[at:], parts[i].lit) {
				at += len(parts[i].lit)
				i++
				continue
			}
		}
		if star < 0 || mark >= len(text) {
			return false
		}
		if next := star + 1; next < len(parts) && parts[next].wild == 0 {
			*work -= len(parts[next].lit) / searched
			j := strings.Index(text[mark+1:], parts[next].lit)
			if j < 0 {
				*work -= len(text[mark:]) / searched
				return false
			}
			*work -= j / searched
			mark += 1 + j
		} else {
			mark++
		}
		i, at = star+1, mark
	}
	return false
}

// literal is the longest text that must occur for p to match.
func (p *pattern) literal() []byte {
	if p.shape != shapeGlob {
		return p.lit
	}
	var best string
	for _, x := range p.parts {
		if len(x.lit) > len(best) || len(best) < minLiteral && rareByte(x.lit) >= 0 {
			best = x.lit
		}
	}
	return []byte(best)
}

// appendFold appends s in lower case, letter by letter.
func appendFold(dst []byte, s string) []byte {
	from := len(dst)
	dst = append(dst, s...)
	b := dst[from:]
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if x&highBits != 0 {
			return appendFoldRunes(dst[:from+i], s[i:])
		}
		// Bit 7 of each byte says that it is at least A, and not above Z.
		upper := (x + (0x80-'A')*lowBits) &^ (x + (0x80-'Z'-1)*lowBits) & highBits
		binary.LittleEndian.PutUint64(b[i:], x|upper>>2)
	}
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c >= utf8.RuneSelf:
			return appendFoldRunes(dst[:from+i], s[i:])
		case c >= 'A' && c <= 'Z':
			b[i] = c | 0x20
		}
	}
	return dst
}

const (
	highBits = 0x8080808080808080
	lowBits  = 0x0101010101010101
)

func appendFoldRunes(dst []byte, s string) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[0])
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		s = s[n:]
	}
	return dst
}
