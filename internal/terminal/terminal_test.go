package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"longwatch/internal/finding"
)

// TestClean: what would act on a terminal is shown as a mark in its place.
func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain größe 文", "plain größe 文"},
		{"a\x1b[2Jb", "a\uFFFD[2Jb"},
		{"line\nline\r\ttab", "line\uFFFDline\uFFFD\uFFFDtab"},
		{"exe\u202Egpj", "exe\uFFFDgpj"},
		{"\u2066x\u2028y\u200b\x9b", "\uFFFDx\uFFFDy\uFFFD\uFFFD"},
		{"bad \xff byte", "bad \uFFFD byte"},
	} {
		if got := Clean(c.in, 100); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	if got := Clean(strings.Repeat("ü", 10), 4); got != "üüüü…" {
		t.Errorf("cut to %q", got)
	}
}

// TestWrap: no line is longer than the width unless one word is.
func TestWrap(t *testing.T) {
	text := strings.Repeat("wörter passen ", 40)
	got := Wrap(text, 6)
	for n, line := range strings.Split(got, "\n") {
		if n > 0 && !strings.HasPrefix(line, "      w") && !strings.HasPrefix(line, "      p") {
			t.Errorf("line %d is not indented: %q", n, line)
		}
		if l := utf8.RuneCountInString(line); l > Width {
			t.Errorf("line %d has %d columns", n, l)
		}
	}
	if strings.Join(strings.Fields(got), " ") != strings.TrimSpace(text) {
		t.Error("words were lost")
	}
}

// TestPaint: without colour there is none.
func TestPaint(t *testing.T) {
	if got := Paint(false).Severity(finding.High); got != "high    " {
		t.Errorf("%q", got)
	}
	if got := Paint(true).Bold("x"); got != "\x1b[1mx\x1b[0m" {
		t.Errorf("%q", got)
	}
	if NewPaint(new(strings.Builder)) {
		t.Error("a buffer is no terminal")
	}
}
