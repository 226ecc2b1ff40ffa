package syslog

import (
	"context"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/textline"
)

// years finds the years that RFC 3164 leaves out. The last line of a file was
// written when the file was last changed. Where the file can be read twice the
// first reading counts how often the months begin anew, and the first line is
// as many years earlier; elsewhere, a time ahead of the file's own is of the
// year before.
type years struct {
	end  record.Time // when the file was last changed
	back int         // years still to come
	last time.Time   // of the line before, in the year that was guessed for it
}

// Clocks of sender and keeper differ, and lines of several senders mix: only a
// step back of more than weeks is a new year.
const (
	grace   = 24 * time.Hour
	newYear = 45 * 24 * time.Hour
)

func newYears(ctx context.Context, f *evidence.File) *years {
	y := &years{end: f.Modified}
	if f.Reopen == nil || f.Stream {
		return y
	}
	rc, err := f.Reopen()
	if err != nil {
		return y
	}
	defer func() { _ = rc.Close() }()
	var last time.Time
	lines := textline.New(rc, f, quiet{})
	for lines.Next() && ctx.Err() == nil {
		line := lines.Bytes()
		_, rest, ok := priority(string(line[:min(len(line), 64)]))
		if !ok {
			continue
		}
		t, _, noYear, ok := stamp(rest, 2000)
		if !ok || !noYear {
			continue
		}
		if !last.IsZero() && last.Sub(t) > newYear {
			y.back++
		}
		if last.IsZero() || t.After(last) || last.Sub(t) > newYear {
			last = t
		}
	}
	return y
}

// quiet passes over what the second reading tells.
type quiet struct{}

func (quiet) Problem(evidence.Problem) {}

// now is the year to read the next line with.
func (y *years) now() int { return y.end.Std().Year() - y.back }

// place puts a time that was read with now's year into its year.
func (y *years) place(at record.Time) record.Time {
	t := at.Std()
	if y.back > 0 && !y.last.IsZero() && y.last.Sub(t) > newYear {
		y.back--
		t = t.AddDate(1, 0, 0)
	}
	if y.end != 0 && record.TimeOf(t) > y.end.Add(grace) {
		t = t.AddDate(-1, 0, 0)
	}
	if y.last.IsZero() || t.After(y.last) {
		y.last = t
	}
	return record.TimeOf(t)
}
