package record

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// plainly is AppendString, byte by byte.
func plainly(s string) string {
	dst := []byte{'"'}
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch c := s[0]; {
		case r == utf8.RuneError && n == 1:
			dst = appendHexEscape(dst, c)
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20 || c == 0x7f:
			if letter, ok := map[byte]byte{'\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f'}[c]; ok {
				dst = append(dst, '\\', letter)
			} else {
				dst = appendHexEscape(dst, c)
			}
		default:
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return string(append(dst, '"'))
}

func TestAppendString(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "z", " ", "~", "\x7f", "\x1f", "\x00", "\n", "\r", "\t", "\b", "\f", `"`, `\`, "ß", "€", "😀", "\xff", "\xe2\x82", "\x80"}
	for range 20000 {
		var b strings.Builder
		for range rng.IntN(40) {
			if rng.IntN(3) > 0 {
				b.WriteString("abcdefgh"[:1+rng.IntN(8)])
			} else {
				b.WriteString(alphabet[rng.IntN(len(alphabet))])
			}
		}
		s := b.String()
		// The room that dst has must not matter.
		dst := make([]byte, 0, rng.IntN(64))
		if got, want := string(AppendString(dst, s)), plainly(s); got != want {
			t.Fatalf("%q:\n%s\nwant\n%s", s, got, want)
		}
	}
}

func BenchmarkAppendString(b *testing.B) {
	const s = `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -Command "Get-Item C:\Users\bob\Desktop"`
	var dst []byte
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		dst = AppendString(dst[:0], s)
	}
}
