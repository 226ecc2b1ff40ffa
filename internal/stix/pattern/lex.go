package pattern

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a token of the grammar (STIX 2.1, appendix D of the
// committee's grammar STIXPattern.g4).
type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokWord             // identifier, with or without hyphens, or keyword
	tokString           // '…', unescaped
	tokInt
	tokFloat
	tokHex       // h'…'
	tokBinary    // b'…'
	tokTimestamp // t'…'
	tokSign      // one of [ ] ( ) : . , * = != < <= > >=
)

type token struct {
	kind tokenKind
	text string // what a string holds; the text of all others
	at   int
}

// is tells whether the token is this keyword or sign.
func (t token) is(text string) bool {
	return (t.kind == tokWord || t.kind == tokSign) && t.text == text
}

func (t token) String() string {
	if t.kind == tokEnd {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

type lexer struct {
	src string
	pos int
}

// tokens splits a pattern.
func tokens(src string) ([]token, error) {
	l := &lexer{src: src}
	var out []token
	for {
		if err := l.blanks(); err != nil {
			return nil, err
		}
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		if t.kind == tokEnd {
			return out, nil
		}
	}
}

// blanks passes over white space and comments.
func (l *lexer) blanks() error {
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		r, n := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsSpace(r):
			l.pos += n
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return &Error{l.pos, "a comment that does not end"}
			}
			l.pos += end + 4
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		default:
			return nil
		}
	}
	return nil
}

// next reads one token; the lexer stands on no blank.
func (l *lexer) next() (token, error) {
	at := l.pos
	if at == len(l.src) {
		return token{tokEnd, "", at}, nil
	}
	c := l.src[at]
	switch {
	case c == '\'':
		return l.quoted(tokString, at)
	case (c == 'h' || c == 'b' || c == 't') && strings.HasPrefix(l.src[at+1:], "'"):
		l.pos++
		return l.quoted(map[byte]tokenKind{'h': tokHex, 'b': tokBinary, 't': tokTimestamp}[c], at)
	case letter(c):
		for l.pos < len(l.src) && (letter(l.src[l.pos]) || digit(l.src[l.pos]) || l.src[l.pos] == '-') {
			l.pos++
		}
		return token{tokWord, l.src[at:l.pos], at}, nil
	case digit(c) || c == '+' || c == '-' || c == '.' && at+1 < len(l.src) && digit(l.src[at+1]):
		return l.number(at)
	}
	for _, sign := range []string{"!=", "<>", "<=", ">=", "==", "[", "]", "(", ")", ":", ".", ",", "*", "=", "<", ">"} {
		if strings.HasPrefix(l.src[at:], sign) {
			l.pos += len(sign)
			switch sign {
			case "==":
				sign = "="
			case "<>":
				sign = "!="
			}
			return token{tokSign, sign, at}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.src[at:])
	return token{}, &Error{at, fmt.Sprintf("%q has no meaning in a pattern", r)}
}

// quoted reads the quoted part of a literal; only \' and \\ are escapes.
func (l *lexer) quoted(kind tokenKind, at int) (token, error) {
	var b strings.Builder
	for i := l.pos + 1; i < len(l.src); i++ {
		switch c := l.src[i]; c {
		case '\'':
			l.pos = i + 1
			return token{kind, b.String(), at}, nil
		case '\\':
			if i++; i == len(l.src) || (l.src[i] != '\'' && l.src[i] != '\\') {
				return token{}, &Error{i - 1, `a backslash must stand before ' or \`}
			}
			b.WriteByte(l.src[i])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, &Error{at, "a quote that is not closed"}
}

// number reads an integer or a decimal number; neither has a leading zero that
// means nothing, nor an exponent.
func (l *lexer) number(at int) (token, error) {
	i := at
	if l.src[i] == '+' || l.src[i] == '-' {
		i++
	}
	whole := i
	for i < len(l.src) && digit(l.src[i]) {
		i++
	}
	if i+1 < len(l.src) && l.src[i] == '.' && digit(l.src[i+1]) {
		for i++; i < len(l.src) && digit(l.src[i]); i++ {
		}
		l.pos = i
		return token{tokFloat, l.src[at:i], at}, nil
	}
	if i == whole {
		return token{}, &Error{at, "a sign without a number"}
	}
	if i-whole > 1 && l.src[whole] == '0' {
		return token{}, &Error{at, "a number that begins with 0"}
	}
	l.pos = i
	return token{tokInt, l.src[at:i], at}, nil
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
