package script

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal reads a string of any of the languages.
func (l *lexer) literal() {
	verbatim, dollar := false, false
	for l.b[l.i] != '"' && l.b[l.i] != '\'' && l.b[l.i] != '`' {
		verbatim = verbatim || l.b[l.i] == '@'
		dollar = dollar || l.b[l.i] == '$'
		l.i++
	}
	q := l.b[l.i]
	line := l.line
	l.i++
	if (l.d.python || l.d.name == "java") && q != '`' && l.peek(0) == q && l.peek(1) == q { // """ … """
		l.i += 2
		end := bytes.Index(l.b[l.i:], bytes.Repeat([]byte{q}, 3))
		if end < 0 {
			end = len(l.b) - l.i
		}
		s := string(l.b[l.i : l.i+min(end, maxLiteral)])
		l.skip(end + 3)
		l.out = append(l.out, token{kind: text, s: s, line: line})
		return
	}
	k := text
	switch {
	case dollar, q == '"' && (l.d.php || l.d.perl || l.d.name == "shell"), q == '`' && l.d.name == "js", l.d.markup:
		k = interp
	case q == '`' && (l.d.php || l.d.perl || l.d.name == "shell"):
		k = shell
	}
	var sb strings.Builder
	for l.i < len(l.b) {
		b := l.b[l.i]
		switch {
		case b == '\\' && !verbatim && !l.d.basic && !l.d.markup:
			l.escape(&sb, q, k)
			continue
		case b == q:
			if (verbatim || l.d.basic || l.d.markup) && l.peek(1) == q {
				l.i++
				break
			}
			l.i++
			l.finish(k, sb.String(), line)
			return
		case b == '\n' && (l.d.basic || l.d.typed && !verbatim && q != '`'): // not closed on its line
			l.finish(k, sb.String(), line)
			return
		case b == '\n':
			l.line++
		}
		if sb.Len() < maxLiteral {
			sb.WriteByte(b)
		}
		l.i++
	}
	l.finish(k, sb.String(), line)
}

func (l *lexer) finish(k kind, s string, line int32) {
	if k == interp && !strings.ContainsAny(s, "$@#{\x00") {
		k = text
	}
	if k == text {
		s = strings.ReplaceAll(s, "\x00$", "$")
	}
	l.out = append(l.out, token{kind: k, s: s, line: line})
}

// escape undoes one backslash escape. In a string with expressions inside, an
// escaped dollar is kept apart by a NUL before it.
func (l *lexer) escape(sb *strings.Builder, q byte, k kind) {
	c := l.peek(1)
	if l.d.php && q == '\'' || l.d.perl && q == '\'' {
		if c == q || c == '\\' {
			sb.WriteByte(c)
			l.i += 2
			return
		}
		sb.WriteByte('\\')
		l.i++
		return
	}
	switch {
	case c == 'x' && hexDigits(l.b[min(l.i+2, len(l.b)):]) > 0:
		n := min(hexDigits(l.b[l.i+2:]), 2)
		v, _ := strconv.ParseUint(string(l.b[l.i+2:l.i+2+n]), 16, 8)
		sb.WriteByte(byte(v))
		l.i += 2 + n
	case c == 'u' && hexDigits(l.b[min(l.i+2, len(l.b)):]) >= 4:
		v, _ := strconv.ParseUint(string(l.b[l.i+2:l.i+6]), 16, 16)
		if utf8.ValidRune(rune(v)) {
			sb.WriteRune(rune(v))
		}
		l.i += 6
	case c >= '0' && c <= '7' && (l.d.php || l.d.perl || l.d.name == "java" || l.d.python):
		n := 1
		for n < 3 && l.peek(1+n) >= '0' && l.peek(1+n) <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(string(l.b[l.i+1:l.i+1+n]), 8, 16)
		sb.WriteByte(byte(v))
		l.i += 1 + n
	default:
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case '\n':
			l.line++
		case '$', '@':
			if k == interp || k == shell {
				sb.WriteByte(0)
			}
		case '\\', '"', '\'', '`':
		default:
			if l.d.php {
				sb.WriteByte('\\')
			}
		}
		if l.i+1 < len(l.b) {
			sb.WriteByte(c)
		}
		l.i = min(l.i+2, len(l.b))
	}
}

func hexDigits(b []byte) int {
	n := 0
	for n < len(b) && n < 8 && (b[n] >= '0' && b[n] <= '9' || b[n]|0x20 >= 'a' && b[n]|0x20 <= 'f') {
		n++
	}
	return n
}

// heredoc reads <<<NAME … NAME (PHP) and <<NAME … NAME (Perl).
func (l *lexer) heredoc(skip int) bool {
	b := l.b[l.i+skip:]
	if !l.d.perl {
		trimmed := bytes.TrimLeft(b, " \t")
		skip += len(b) - len(trimmed)
		b = trimmed
	}
	if len(b) > 0 && b[0] == '~' && l.d.perl {
		b = b[1:]
		skip++
	}
	q := byte(0)
	if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
		q = b[0]
		b = b[1:]
		skip++
	}
	n := 0
	for n < len(b) && isWord(b[n]) && b[n] != '$' {
		n++
	}
	if n == 0 || b[0] >= '0' && b[0] <= '9' {
		return false
	}
	tag := b[:n]
	eol := bytes.IndexByte(b, '\n')
	if eol < 0 {
		return false
	}
	line := l.line
	// The rest of the line is code in Perl; it is read after the text.
	rest := []byte(nil)
	if l.d.perl {
		rest = b[n:eol]
		if q != 0 {
			rest = bytes.TrimPrefix(rest, []byte{q})
		}
	}
	body := b[eol+1:]
	end, after := len(body), len(body)
	for at := 0; at < len(body); {
		ln := body[at:]
		if i := bytes.IndexByte(ln, '\n'); i >= 0 {
			ln = ln[:i+1]
		}
		t := bytes.TrimLeft(ln, " \t")
		if bytes.HasPrefix(t, tag) && (len(t) == n || !isWord(t[n])) {
			end, after = at, at+len(ln)-len(t)+n
			break
		}
		at += len(ln)
	}
	k := interp
	if q == '\'' {
		k = text
	}
	l.finish(k, string(body[:min(end, maxLiteral)]), line)
	l.skip(skip + eol + 1 + after)
	if len(rest) > 0 && len(l.out) < maxTokens {
		l.out = append(l.out, lex(l.d, rest, line)...)
	}
	return true
}

// perlQuote reads q(), qq(), qw(), qx(), m//, s///, tr///, y///.
func (l *lexer) perlQuote(w string, n int) bool {
	parts := 1
	k := text
	switch w {
	case "q", "qw":
	case "qq":
		k = interp
	case "qx":
		k = shell
	case "m", "qr":
	case "s", "tr", "y":
		parts = 2
	default:
		return false
	}
	if len(l.out) > 0 {
		switch last := l.out[len(l.out)-1]; last.s {
		case "$", "@", "%", "&", "->", "{":
			return false
		}
	}
	i := l.i + n
	for i < len(l.b) && (l.b[i] == ' ' || l.b[i] == '\t') && w[0] == 'q' {
		i++
	}
	if i >= len(l.b) || isWord(l.b[i]) || l.b[i] <= ' ' || strings.IndexByte(";,=)", l.b[i]) >= 0 {
		return false
	}
	var got []string
	for p := range parts {
		if l.unclosed[l.b[min(i, len(l.b)-1)]] {
			return false
		}
		s, j := delimited(l.b, i, p+1 < parts)
		if j < 0 {
			l.unclosed[l.b[min(i, len(l.b)-1)]] = true
			return false
		}
		got = append(got, s)
		i = j
	}
	line := l.line
	if parts == 2 {
		flags := i
		for flags < len(l.b) && l.b[flags] >= 'a' && l.b[flags] <= 'z' {
			flags++
		}
		if w == "s" && bytes.IndexByte(l.b[i:flags], 'e') >= 0 { // s/…/code/e
			l.add(word, "__substitute_eval", "")
			l.add(mark, "(", "")
			if len(got[1]) < 1<<16 {
				l.out = append(l.out, lex(l.d, []byte(got[1]), line)...)
			}
			l.add(mark, ")", "")
		} else {
			l.add(text, got[1], "")
		}
		l.skip(flags - l.i)
		return true
	}
	for w[0] != 'q' && i < len(l.b) && l.b[i] >= 'a' && l.b[i] <= 'z' {
		i++
	}
	l.finish(k, got[0], line)
	l.skip(i - l.i)
	return true
}

// delimited reads from the delimiter at i to its partner. When more follows
// and both are the same character, it is left to be the next one's first.
func delimited(b []byte, i int, more bool) (string, int) {
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	if i >= len(b) {
		return "", -1
	}
	open := b[i]
	shut := open
	if j := strings.IndexByte("([{<", open); j >= 0 {
		shut = ")]}>"[j]
		more = false
	}
	depth := 0
	for j := i + 1; j < len(b) && j < i+maxLiteral; j++ {
		switch {
		case b[j] == '\\':
			j++
		case b[j] == shut && depth == 0:
			if more {
				return string(b[i+1 : j]), j
			}
			return string(b[i+1 : j]), j + 1
		case b[j] == shut:
			depth--
		case b[j] == open:
			depth++
		}
	}
	return "", -1
}

// beforeRegex are words of Perl behind which / begins a pattern.
var beforeRegex = map[string]bool{"split": true, "if": true, "and": true, "or": true, "unless": true, "grep": true, "not": true, "return": true}

// regex reads /…/ in Perl where an operand is expected.
func (l *lexer) regex() bool {
	if len(l.out) > 0 {
		last := l.out[len(l.out)-1]
		if last.kind != mark && (last.kind != word || !beforeRegex[last.s]) ||
			last.s == ")" || last.s == "]" || last.s == "}" {
			return false
		}
	}
	for j := l.i + 1; j < len(l.b) && l.b[j] != '\n' && j < l.i+2000; j++ {
		if l.b[j] == '\\' {
			j++
			continue
		}
		if l.b[j] == '/' {
			s := string(l.b[l.i+1 : j])
			j++
			for j < len(l.b) && l.b[j] >= 'a' && l.b[j] <= 'z' {
				j++
			}
			l.add(text, s, "")
			l.i = j
			return true
		}
	}
	return false
}
