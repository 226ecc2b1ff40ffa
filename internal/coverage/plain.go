package coverage

import (
	"strings"
	"unicode"
)

// Plain makes text that may come from evidence harmless in Markdown, a table and
// a terminal: what they would take for more than text is replaced.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '|' || r == '`' || r == '<' || r == '>' || r == '[' || r == ']':
			return '\''
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return '\uFFFD'
		}
		return r
	}, s)
}
