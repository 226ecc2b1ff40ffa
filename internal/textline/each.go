package textline

import (
	"context"

	"longwatch/internal/evidence"
)

// Each calls fn for every line of f that is not empty, until the file or ctx
// ends. Lines that are too long go to out, as with New.
func Each(ctx context.Context, f *evidence.File, out Problems, fn func(*Reader)) error {
	rc, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	lines := New(rc, f, out)
	for lines.Next() {
		if lines.Number()&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(lines.Bytes()) > 0 {
			fn(lines)
		}
	}
	return lines.Err()
}

// Tally tries the first most lines of a head given to Sniff and counts those
// that parse and those that do not; empty ones count for neither.
func Tally(head []byte, most int, parses func(line string) bool) (good, bad int) {
	for i, line := range Head(head) {
		switch {
		case i == most:
			return good, bad
		case len(line) == 0:
		case parses(string(line)):
			good++
		default:
			bad++
		}
	}
	return good, bad
}
