package syntax

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// kind is what a token is.
type kind uint8

const (
	end       kind = iota
	word           // identifier or keyword
	number         // integer
	fraction       // floating point
	quote          // text between quotes, unescaped
	stringRef      // $name, perhaps with a star: wild
	countRef       // #name
	offsetRef      // @name
	lengthRef      // !name
	punct          // operator or bracket
)

type token struct {
	kind kind
	text string
	n    int64
	f    float64
	wild bool
	line int
}

// fault stops the reading of a rule. It never leaves the package.
type fault struct {
	line int
	why  string
}

// maxName is the length of the longest identifier.
const maxName = 128

// lexer cuts a source into tokens. It knows nothing of rules: the parser asks
// for regular expressions and hex strings where they can stand.
type lexer struct {
	src  string
	pos  int
	line int
}

func (l *lexer) fail(format string, args ...any) {
	panic(fault{l.line, fmt.Sprintf(format, args...)})
}

// space skips white space and comments.
func (l *lexer) space() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '\n':
			l.line++
			l.pos++
		case c == ' ' || c == '\t' || c == '\r':
			l.pos++
		case strings.HasPrefix(l.src[l.pos:], "//"):
			n := strings.IndexByte(l.src[l.pos:], '\n')
			if n < 0 {
				n = len(l.src) - l.pos
			}
			l.pos += n
		case strings.HasPrefix(l.src[l.pos:], "/*"):
			n := strings.Index(l.src[l.pos+2:], "*/")
			if n < 0 {
				l.pos = len(l.src)
				return
			}
			l.line += strings.Count(l.src[l.pos:l.pos+n+4], "\n")
			l.pos += n + 4
		default:
			return
		}
	}
}

// next returns the token at the position and steps over it.
func (l *lexer) next() token {
	l.space()
	t := token{line: l.line}
	if l.pos == len(l.src) {
		return t
	}
	start := l.pos
	switch c := l.src[l.pos]; {
	case c == '"':
		t.kind, t.text = quote, l.quoted()
	case letter(c):
		l.pos += run(l.src[l.pos:], wordByte)
		t.kind, t.text = word, l.src[start:l.pos]
		if len(t.text) > maxName {
			l.fail("identifier too long")
		}
	case digit(c):
		l.number(&t)
	case c == '$' || c == '#' || c == '@' || (c == '!' && !strings.HasPrefix(l.src[l.pos:], "!=")):
		l.pos++
		l.pos += run(l.src[l.pos:], wordByte)
		t.kind = map[byte]kind{'$': stringRef, '#': countRef, '@': offsetRef, '!': lengthRef}[c]
		t.text = "$" + l.src[start+1:l.pos]
		if c == '$' && l.pos < len(l.src) && l.src[l.pos] == '*' {
			t.wild = true
			l.pos++
		}
	case c < ' ' || c > '~':
		l.fail("non-ascii character")
	default:
		t.kind, t.text = punct, string(c)
		for _, two := range [...]string{"..", "<=", ">=", "==", "!=", "<<", ">>"} {
			if strings.HasPrefix(l.src[l.pos:], two) {
				t.text = two
			}
		}
		l.pos += len(t.text)
	}
	return t
}

func letter(c byte) bool   { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool    { return c >= '0' && c <= '9' }
func wordByte(c byte) bool { return letter(c) || digit(c) }
func hexByte(c byte) bool  { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// run is how many bytes at the start of s satisfy f.
func run(s string, f func(byte) bool) int {
	for i := range len(s) {
		if !f(s[i]) {
			return i
		}
	}
	return len(s)
}

func (l *lexer) number(t *token) {
	rest := l.src[l.pos:]
	t.kind = number
	base, digits := 10, ""
	switch {
	case strings.HasPrefix(rest, "0x") && run(rest[2:], hexByte) > 0:
		base, digits = 16, rest[2:2+run(rest[2:], hexByte)]
		l.pos += 2
	case strings.HasPrefix(rest, "0o") && run(rest[2:], digit) > 0:
		base, digits = 8, rest[2:2+run(rest[2:], digit)]
		l.pos += 2
	default:
		digits = rest[:run(rest, digit)]
		after := rest[len(digits):]
		if n := 0; len(after) > 1 && after[0] == '.' && digit(after[1]) {
			n = len(digits) + 1 + run(after[1:], digit)
			t.kind = fraction
			t.f, _ = strconv.ParseFloat(rest[:n], 64)
			l.pos += n
			return
		}
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		l.fail("integer overflow in %q", digits)
	}
	l.pos += len(digits)
	for suffix, unit := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20} {
		if base == 10 && strings.HasPrefix(l.src[l.pos:], suffix) {
			if n > math.MaxInt64/unit {
				l.fail("integer overflow in %q", digits+suffix)
			}
			n *= unit
			l.pos += 2
			break
		}
	}
	t.n = n
}

// quoted reads a text from its opening quote to the closing one.
func (l *lexer) quoted() string {
	var b strings.Builder
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch c := l.src[l.pos]; c {
		case '"':
			l.pos++
			return b.String()
		case '\n':
			l.fail("unterminated string")
		case '\\':
			l.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
	l.fail("unterminated string")
	return ""
}

// escape reads a backslash and what it stands before; the position is then at
// the last byte of it.
func (l *lexer) escape(b *strings.Builder) {
	l.pos++
	if l.pos >= len(l.src) {
		l.fail("unterminated string")
	}
	switch c := l.src[l.pos]; c {
	case 't':
		b.WriteByte('\t')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case '"', '\\':
		b.WriteByte(c)
	case 'x':
		if l.pos+2 < len(l.src) && hexByte(l.src[l.pos+1]) && hexByte(l.src[l.pos+2]) {
			n, _ := strconv.ParseUint(l.src[l.pos+1:l.pos+3], 16, 8)
			b.WriteByte(byte(n))
			l.pos += 2
			return
		}
		l.fail("illegal escape sequence")
	default:
		l.fail("illegal escape sequence")
	}
}

// pattern reads a regular expression whose opening slash was read, with the
// letters after it.
func (l *lexer) pattern() (src string, nocase, dotall bool) {
	var b strings.Builder
	for ; l.pos < len(l.src); l.pos++ {
		switch c := l.src[l.pos]; {
		case c == '/':
			l.pos++
			if b.Len() == 0 {
				l.fail("empty regular expression")
			}
			if l.pos < len(l.src) && l.src[l.pos] == 'i' {
				nocase = true
				l.pos++
			}
			if l.pos < len(l.src) && l.src[l.pos] == 's' {
				dotall = true
				l.pos++
			}
			return b.String(), nocase, dotall
		case c == '\n':
			l.fail("unterminated regular expression")
		case c == '\\' && l.pos+1 < len(l.src) && l.src[l.pos+1] != '\n':
			if l.src[l.pos+1] != '/' {
				b.WriteByte(c)
			}
			l.pos++
			b.WriteByte(l.src[l.pos])
		default:
			b.WriteByte(c)
		}
	}
	l.fail("unterminated regular expression")
	return "", false, false
}

// hex reads a hex string whose opening brace was read, without comments.
func (l *lexer) hex() string {
	var b strings.Builder
	for l.pos < len(l.src) {
		before := l.pos
		l.space()
		if l.pos > before {
			b.WriteByte(' ')
			continue
		}
		c := l.src[l.pos]
		l.pos++
		if c == '}' {
			return b.String()
		}
		if !hexByte(c) && !strings.ContainsRune("?-[]()|~", rune(c)) {
			l.fail("invalid character %q in hex string", c)
		}
		b.WriteByte(c)
	}
	l.fail("unterminated hex string")
	return ""
}
