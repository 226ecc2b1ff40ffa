package report

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// visible writes text with every character that acts without being seen
// replaced by its number, such as ⟦U+202E⟧: control characters, marks that turn
// the direction of text around, invisible ones. What the page shows is then
// what the evidence holds. A character cut in two by the caller's writes would
// count as broken; html/template writes whole values.
type visible struct {
	w   io.Writer
	buf bytes.Buffer
}

// Write is that of io.Writer.
func (v *visible) Write(p []byte) (int, error) {
	v.buf.Reset()
	for b := p; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			v.buf.WriteRune(utf8.RuneError)
		case unseen(r):
			fmt.Fprintf(&v.buf, "⟦U+%04X⟧", r)
		default:
			v.buf.Write(b[:n])
		}
		b = b[n:]
	}
	if _, err := v.w.Write(v.buf.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// unseen tells whether r acts on the text around it or takes no place.
func unseen(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0: // C0, DEL, C1
		return true
	case r == 0xad, r == 0x61c, r == 0x180e, r == 0xfeff: // soft hyphen, Arabic letter mark, separators
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f: // zero width, lines, embedding, isolates
		return true
	case r >= 0xe0000 && r <= 0xe007f: // tags
		return true
	}
	return false
}
