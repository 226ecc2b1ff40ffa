package script

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

type kind uint8

const (
	word   kind = iota
	number      // as written, lower case
	text        // a string literal, escapes undone
	interp      // a string literal with expressions inside, not taken apart yet
	mark        // an operator or a punctuation character
	shell       // what stood between backticks, PHP and Perl
)

type token struct {
	kind kind
	s    string // words lower case; strings without quotes
	raw  string // word as written
	line int32  // counted from 1
}

// dialect is what the lexer and the parser must know of a language.
type dialect struct {
	name    string
	hash    bool // # begins a comment
	slashes bool // // and /* */ are comments
	lines   bool // a line's end ends a statement
	basic   bool // VBScript, VB.NET
	php     bool
	perl    bool
	python  bool
	typed   bool // C#, Java: declarations begin with a type
	dotJoin bool // "." joins strings
	markup  bool // CFML expressions: ## and # … #
}

var dialects = map[string]dialect{
	"php":    {name: "php", hash: true, slashes: true, php: true, dotJoin: true},
	"vb":     {name: "vb", lines: true, basic: true},
	"cs":     {name: "cs", slashes: true, typed: true},
	"java":   {name: "java", slashes: true, typed: true},
	"js":     {name: "js", slashes: true},
	"perl":   {name: "perl", hash: true, perl: true, dotJoin: true},
	"python": {name: "python", hash: true, lines: true, python: true},
	"shell":  {name: "shell", hash: true, lines: true},
	"cfml":   {name: "cfml", slashes: true, markup: true},
}

// Bounds on one file.
const (
	maxTokens  = 1 << 19
	maxLiteral = 1 << 20 // bytes of one string
)

func isWord(b byte) bool {
	return b == '_' || b == '$' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// operators of more than one character, longest first.
var operators = []string{"===", "!==", "<=>", "**=", "...", "<<=", ">>=", "??=", "?->", "->", "::", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.",
	".=", "+=", "-=", "*=", "/=", "%=", "^=", "|=", "&=", "++", "--", "<<", ">>", "**", "=~", "!~", "<>"}

type lexer struct {
	d    dialect
	b    []byte
	i    int
	line int32
	out  []token

	unclosed [256]bool // Perl: quotes of which no more are closed
}

// lex splits code into tokens and drops comments. first is the line on which b
// begins.
func lex(d dialect, b []byte, first int32) []token {
	l := &lexer{d: d, b: b, line: first}
	for l.i < len(b) && len(l.out) < maxTokens {
		l.next()
	}
	return l.out
}

func (l *lexer) add(k kind, s, raw string) {
	l.out = append(l.out, token{kind: k, s: s, raw: raw, line: l.line})
}

func (l *lexer) peek(n int) byte {
	if l.i+n < len(l.b) {
		return l.b[l.i+n]
	}
	return 0
}

// skip moves n bytes on and counts the lines among them.
func (l *lexer) skip(n int) {
	n = min(n, len(l.b)-l.i)
	l.line += int32(bytes.Count(l.b[l.i:l.i+n], []byte{'\n'}))
	l.i += n
}

func (l *lexer) next() {
	c := l.b[l.i]
	switch {
	case c == '\n':
		l.newline()
	case c <= ' ':
		l.i++
	case l.comment(c):
	case c == '"', c == '\'', c == '`', c == '@' && l.peek(1) == '"', c == '$' && l.d.typed && (l.peek(1) == '"' || l.peek(1) == '@' && l.peek(2) == '"'):
		l.literal()
	case c == '<' && l.d.php && l.peek(1) == '<' && l.peek(2) == '<' && l.heredoc(3), c == '<' && l.d.perl && l.peek(1) == '<' && l.heredoc(2):
	case l.d.basic && c == '&' && (l.peek(1)|0x20 == 'h' || l.peek(1)|0x20 == 'o') && isWord(l.peek(2)):
		n := 2
		for isWord(l.peek(n)) {
			n++
		}
		base := map[byte]string{'h': "0x", 'o': "0"}[l.peek(1)|0x20]
		l.add(number, base+strings.ToLower(string(l.b[l.i+2:l.i+n])), "")
		l.i += n
	case c >= '0' && c <= '9':
		n := 1
		for isWord(l.peek(n)) && l.peek(n) != '$' || l.peek(n) == '.' && l.peek(n+1) >= '0' && l.peek(n+1) <= '9' && !l.d.dotJoin {
			n++
		}
		l.add(number, strings.ToLower(string(l.b[l.i:l.i+n])), "")
		l.i += n
	case isWord(c), c == '\\' && l.peek(1) == 'u' && !l.d.php:
		l.identifier()
	default:
		l.operator()
	}
}

func (l *lexer) newline() {
	if l.d.lines && len(l.out) > 0 {
		last := &l.out[len(l.out)-1]
		switch {
		case l.d.basic && last.kind == word && last.s == "_": // continued line
			l.out = l.out[:len(l.out)-1]
		case last.s != ";" || last.kind != mark:
			l.add(mark, ";", "")
		}
	}
	l.line++
	l.i++
}

// comment passes over one, if there is one at c.
func (l *lexer) comment(c byte) bool {
	switch {
	case c == '#' && l.d.hash && (!l.d.perl || len(l.out) == 0 || l.out[len(l.out)-1].s != "$") && (!l.d.php || l.peek(1) != '['):
		l.lineComment()
	case c == '/' && l.d.slashes && l.peek(1) == '/':
		l.lineComment()
	case c == '\'' && l.d.basic:
		l.lineComment()
	case c == '/' && l.d.slashes && l.peek(1) == '*':
		end := bytes.Index(l.b[l.i+2:], []byte("*/"))
		if end < 0 {
			end = len(l.b) - l.i
		}
		l.skip(end + 4)
	case l.d.php && c == '?' && l.peek(1) == '>':
		l.html()
	default:
		return false
	}
	return true
}

func (l *lexer) lineComment() {
	for l.i < len(l.b) && l.b[l.i] != '\n' {
		if l.d.php && l.b[l.i] == '?' && l.peek(1) == '>' {
			return
		}
		l.i++
	}
}

// html passes from "?>" to the next "<?".
func (l *lexer) html() {
	l.add(mark, ";", "")
	at := phpOpen(l.b[l.i:])
	if at.start < 0 {
		l.skip(len(l.b) - l.i)
		return
	}
	l.skip(at.end)
	if at.echo {
		l.add(word, "echo", "echo")
	}
}

type opening struct {
	start, end int // of "<?php", -1 without one
	echo       bool
}

// phpOpen finds where PHP code begins next.
func phpOpen(b []byte) opening {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '<')
		if i < 0 {
			return opening{start: -1}
		}
		i += at
		rest := b[i+1:]
		switch {
		case len(rest) >= 4 && rest[0] == '?' && bytes.EqualFold(rest[1:4], []byte("php")):
			return opening{i, i + 5, false}
		case len(rest) >= 2 && rest[0] == '?' && rest[1] == '=':
			return opening{i, i + 3, true}
		case len(rest) >= 4 && rest[0] == '?' && !bytes.EqualFold(rest[1:4], []byte("xml")):
			return opening{i, i + 2, false}
		case len(rest) >= 6 && (rest[0]|0x20) == 's' && bytes.EqualFold(rest[:6], []byte("script")): // <script language="php">
			if gt := bytes.IndexByte(rest[:min(len(rest), 200)], '>'); gt > 0 && bytes.Contains(bytes.ToLower(rest[:gt]), []byte("php")) &&
				bytes.Contains(bytes.ToLower(rest[:gt]), []byte("language")) {
				return opening{i, i + gt + 2, false}
			}
		}
		at = i + 1
	}
}

// knows tells whether op is an operator of the language.
func (d dialect) knows(op string) bool {
	switch {
	case op == "=~":
		return d.perl
	case d.basic:
		return op == "<>" || op == "<=" || op == ">="
	case op == ".=":
		return d.dotJoin
	}
	return true
}

func (l *lexer) operator() {
	if l.d.python && l.b[l.i] == '\\' {
		l.skip(2)
		return
	}
	if l.d.perl && l.b[l.i] == '/' && l.regex() {
		return
	}
	for _, op := range operators {
		if l.b[l.i] == op[0] && bytes.HasPrefix(l.b[l.i:], []byte(op)) && l.d.knows(op) {
			l.add(mark, op, "")
			l.i += len(op)
			return
		}
	}
	c := l.b[l.i]
	if c == ':' && l.d.basic && l.peek(1) != '=' {
		c = ';'
	}
	l.add(mark, string(rune(c)), "")
	l.i++
}

// identifier reads a name, undoing \uNNNN escapes that hide it in C# and Java.
func (l *lexer) identifier() {
	w, n := name(l.b[l.i:])
	if l.d.perl && l.perlQuote(w, n) {
		return
	}
	if l.d.basic && strings.EqualFold(w, "rem") {
		l.lineComment()
		return
	}
	next := byte(0)
	if l.i+n < len(l.b) {
		next = l.b[l.i+n]
	}
	if l.d.python && n <= 2 && (next == '"' || next == '\'') { // r"…", b'…', f"…"
		l.i += n
		return
	}
	low := strings.ToLower(w)
	if l.d.php && low == "__halt_compiler" { // what follows is data
		l.i = len(l.b)
		return
	}
	l.add(word, low, w)
	l.i += n
}

func name(b []byte) (string, int) {
	var sb strings.Builder
	i := 0
	for i < len(b) {
		if isWord(b[i]) {
			sb.WriteByte(b[i])
			i++
			continue
		}
		if b[i] == '\\' && i+5 < len(b) && b[i+1] == 'u' {
			j := i + 1
			for j < len(b) && b[j] == 'u' {
				j++
			}
			if j+4 > len(b) {
				break
			}
			n, err := strconv.ParseUint(string(b[j:j+4]), 16, 16)
			if err != nil {
				break
			}
			if n > 0x20 && n < 0x7f && !isWord(byte(n)) { // hidden punctuation ends the name
				break
			}
			sb.WriteRune(rune(n))
			i = j + 4
			continue
		}
		break
	}
	if i == 0 {
		return "\\", 1
	}
	return sb.String(), i
}

// normalised hashes the token stream with the names a framework varies put
// aside: every name becomes the number of its first appearance unless it is
// one that the platform defines, every literal its kind.
func normalised(toks []token) string {
	h := sha256.New()
	seen := map[string]int{}
	for _, t := range toks {
		switch {
		case t.kind == number:
			h.Write([]byte("0 "))
		case t.kind == text, t.kind == interp, t.kind == shell:
			h.Write([]byte("s "))
		case t.kind == mark || platform[t.s]:
			h.Write([]byte(t.s + " "))
		default:
			n, ok := seen[t.s]
			if !ok {
				n = len(seen)
				seen[t.s] = n
			}
			h.Write([]byte("i" + strconv.Itoa(n) + " "))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
