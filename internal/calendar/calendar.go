// Package calendar asks whether what was found clusters around events of a
// calendar (votes, summits, tenders) more than chance would have it.
//
//	cal, err := calendar.Read("events.ics", file)          // iCalendar or YAML
//	result := calendar.Test(cal, days, calendar.Defaults)  // by permutation
//
// A calendar in YAML:
//
//	events:
//	  - {name: "Election", date: 2026-03-01}
//	  - {name: "Summit", from: 2026-05-02, until: 2026-05-04}
//
// An answer of yes is a prior, never evidence of who it was.
package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"longwatch/internal/record"
)

// Bounds of a calendar; what is beyond them is a problem, not lost silently.
const (
	maxBytes    = 16 << 20
	maxEvents   = 10_000
	maxProblems = 50
	maxName     = 200 // characters of a name
	maxDays     = 366 // of one event
)

// Day is a day of UTC, counted from 1970-01-01.
type Day int32

// DayOf is the day of a time.
func DayOf(t record.Time) Day {
	d := int64(t) / int64(24*time.Hour)
	if int64(t) < 0 && int64(t)%int64(24*time.Hour) != 0 {
		d--
	}
	return Day(d)
}

// String is the date.
func (d Day) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format("2006-01-02") }

// MarshalText writes the date.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Event is something that happens on one or more days.
type Event struct {
	Name  string `json:"name"`
	First Day    `json:"first"`
	Last  Day    `json:"last"`
}

// Calendar is events in the order of their first days, and what could not be
// read of it.
type Calendar struct {
	Events   []Event
	Problems []string
	more     int // problems that are not kept
}

// ErrNoEvents says that a calendar has nothing that can be used.
var ErrNoEvents = errors.New("calendar: no event could be read")

// Read reads a calendar: iCalendar when it begins as one, else YAML. name is
// for messages.
func Read(name string, r io.Reader) (*Calendar, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("calendar: %s: %w", name, err)
	}
	if len(b) > maxBytes {
		return nil, fmt.Errorf("calendar: %s is larger than %d bytes", name, maxBytes)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	c := &Calendar{}
	if bytes.HasPrefix(bytes.ToUpper(bytes.TrimSpace(b[:min(len(b), 64)])), []byte("BEGIN:VCALENDAR")) {
		c.icalendar(b)
	} else if err := c.yaml(b); err != nil {
		return nil, fmt.Errorf("calendar: %s: %w", name, err)
	}
	slices.SortStableFunc(c.Events, func(a, b Event) int {
		if a.First != b.First {
			return int(a.First) - int(b.First)
		}
		return int(a.Last) - int(b.Last)
	})
	if c.more > 0 {
		c.Problems = append(c.Problems, fmt.Sprintf("and %d more", c.more))
	}
	if len(c.Events) == 0 {
		return nil, fmt.Errorf("%w from %s: %q", ErrNoEvents, name, c.Problems)
	}
	return c, nil
}

func (c *Calendar) problem(format string, args ...any) {
	if len(c.Problems) == maxProblems {
		c.more++
		return
	}
	c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
}

// add takes an event whose days are known.
func (c *Calendar) add(line int, name string, first, last Day) {
	switch {
	case last < first:
		c.problem("line %d: %q ends before it begins", line, name)
	case last-first >= maxDays:
		c.problem("line %d: %q lasts longer than a year", line, name)
	case len(c.Events) == maxEvents:
		c.problem("line %d: more than %d events", line, maxEvents)
	default:
		c.Events = append(c.Events, Event{short(name), first, last})
	}
}

func short(name string) string {
	r := []rune(name)
	if len(r) > maxName {
		r = append(r[:maxName-1:maxName-1], '…')
	}
	return string(r)
}

// yaml reads the form of the package comment.
func (c *Calendar) yaml(b []byte) error {
	var doc struct {
		Events []yaml.Node `yaml:"events"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&doc); err != nil {
		return err
	}
	for i := range doc.Events {
		n := &doc.Events[i]
		var e struct{ Name, Date, From, Until string }
		if err := n.Decode(&e); err != nil {
			c.problem("line %d: %v", n.Line, err)
			continue
		}
		if e.Date != "" && e.From+e.Until == "" {
			e.From = e.Date
		}
		if e.Until == "" {
			e.Until = e.From
		}
		first, ok1 := dateOf(e.From)
		last, ok2 := dateOf(e.Until)
		if e.Name == "" || !ok1 || !ok2 {
			c.problem("line %d: an event needs a name, and date or from and until as YYYY-MM-DD", n.Line)
			continue
		}
		c.add(n.Line, e.Name, first, last)
	}
	return nil
}

func dateOf(s string) (Day, bool) {
	if len(s) > 10 && (s[10] == 'T' || s[10] == ' ') { // a YAML timestamp
		s = s[:10]
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return 0, false
	}
	return Day(t.Unix() / 86400), true
}
