package wire_test

import (
	"testing"

	"longwatch/internal/wire"
)

func TestUTF16(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "C\x00$\x00", "C$"},
		{"trailing NULs", "a\x00\x00\x00\x00\x00", "a"},
		{"odd byte", "a\x00b", "a"},
		{"pair", "\x3d\xd8\x00\xde", "\U0001F600"},
		{"lone high surrogate keeps what follows", "\x3d\xd8a\x00", "\uFFFDa"},
		{"lone surrogate at the end", "\x3d\xd8", "\uFFFD"},
		{"empty", "", ""},
	} {
		if got := wire.UTF16([]byte(c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
