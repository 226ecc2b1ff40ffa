// Package terminal prepares text for people who read it in a terminal: colours
// where they are wanted, lines that fit, and nothing from evidence that would act
// on the terminal instead of being shown.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"longwatch/internal/finding"
)

// Width is how many columns wrapped text has.
const Width = 98

// Paint colours text when it is true.
type Paint bool

// NewPaint is whether w is a terminal whose user has not set NO_COLOR
// (https://no-color.org).
func NewPaint(w io.Writer) Paint {
	f, ok := w.(*os.File)
	return Paint(ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd())))
}

// With is s in the colour of an SGR code (ECMA-48).
func (p Paint) With(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Bold is s, heavier.
func (p Paint) Bold(s string) string { return p.With("1", s) }

// Soft is s, paler.
func (p Paint) Soft(s string) string { return p.With("2", s) }

// Good is s as what helps, green.
func (p Paint) Good(s string) string { return p.With("32", s) }

// Severity is the name of a severity in its colour, eight columns wide.
func (p Paint) Severity(s finding.Severity) string { return p.Badge(s, s.String()) }

// Badge is text in the colour of a severity, at least eight columns wide.
func (p Paint) Badge(s finding.Severity, text string) string {
	code := map[finding.Severity]string{finding.Critical: "1;97;41", finding.High: "1;31", finding.Medium: "33", finding.Low: "36", finding.Info: "2"}[s]
	return p.With(code, fmt.Sprintf("%-8s", text))
}

// Clean makes text from evidence safe for a terminal: one line, at most most
// characters, none that moves the cursor or turns the direction of writing.
func Clean(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			b.WriteRune('…')
			break
		}
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Wrap breaks text at words so that lines fit Width, and indents what follows
// the first.
func Wrap(s string, indent int) string {
	var b strings.Builder
	col := indent
	for n, word := range strings.Fields(s) {
		l := utf8.RuneCountInString(word)
		switch {
		case n == 0:
		case col+1+l > Width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			col = indent
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += l
	}
	return b.String()
}
