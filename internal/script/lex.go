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
	word kind = iota
	number
	text
	mark // one punctuation character
)

type token struct {
	kind kind
	s    string // words lower case for languages that ignore case; strings without quotes
	raw  string // word as written
}

// maxTokens bounds the work on one file.
const maxTokens = 1 << 19

func isWord(b byte) bool {
	return b == '_' || b == '$' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// lex splits code into tokens and drops comments. Words are lowered: PHP and
// VB ignore case, and for the others nothing is lost for our purpose.
func lex(language string, b []byte) []token {
	var out []token
	basic := language == "asp"
	for i := 0; i < len(b) && len(out) < maxTokens; {
		c := b[i]
		switch {
		case c <= ' ':
			i++
		case c == '/' && i+1 < len(b) && b[i+1] == '/' && !basic, c == '#' && language == "php", c == '\'' && basic:
			for i < len(b) && b[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(b) && b[i+1] == '*':
			end := bytes.Index(b[i+2:], []byte("*/"))
			if end < 0 {
				return out
			}
			i += end + 4
		case c == '@' && i+1 < len(b) && b[i+1] == '"':
			s, n := verbatim(b[i+2:])
			out = append(out, token{kind: text, s: s})
			i += n + 2
		case c == '"', c == '\'' && !basic, c == '`':
			s, n := quoted(b[i+1:], c, basic)
			out = append(out, token{kind: text, s: s})
			i += n + 1
		case c >= '0' && c <= '9':
			n := i
			for n < len(b) && (isWord(b[n]) || b[n] == '.') {
				n++
			}
			out = append(out, token{kind: number, s: strings.ToLower(string(b[i:n]))})
			i = n
		case isWord(c), c == '\\' && i+5 < len(b) && b[i+1] == 'u':
			w, n := identifier(b[i:])
			out = append(out, token{kind: word, s: strings.ToLower(w), raw: w})
			i += n
		default:
			out = append(out, token{kind: mark, s: string(c)})
			i++
		}
	}
	return out
}

// identifier reads a name, undoing \uNNNN escapes that hide it in C# and Java.
func identifier(b []byte) (string, int) {
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

// quoted reads up to the closing quote and returns how many bytes it took.
func quoted(b []byte, q byte, basic bool) (string, int) {
	var sb strings.Builder
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\\' && !basic && i+1 < len(b):
			i++
			if b[i] == 'x' && i+2 < len(b) { // "\x65val"
				if n, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8); err == nil {
					sb.WriteByte(byte(n))
					i += 2
					continue
				}
			}
			sb.WriteByte(b[i])
		case b[i] == q:
			return sb.String(), i + 1
		default:
			sb.WriteByte(b[i])
		}
	}
	return sb.String(), len(b)
}

// verbatim reads a C# @"…" string, where "" is a quote.
func verbatim(b []byte) (string, int) {
	var sb strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] == '"' {
			if i+1 < len(b) && b[i+1] == '"' {
				i++
			} else {
				return sb.String(), i + 1
			}
		}
		sb.WriteByte(b[i])
	}
	return sb.String(), len(b)
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
		case t.kind == text:
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
