package calendar

import (
	"strings"
	"time"
)

// icalendar reads the events of iCalendar (RFC 5545): VEVENT with SUMMARY,
// DTSTART and DTEND or nothing. Of an event that recurs only the first day
// counts, which is a problem told. Times become days of UTC; without the time
// zone that TZID names, they are taken as UTC.
func (c *Calendar) icalendar(b []byte) {
	var v vevent
	depth := 0 // of components inside an event, such as alarms
	for _, l := range unfold(string(b)) {
		name, params, value := property(l.text)
		switch {
		case name == "BEGIN" && strings.EqualFold(value, "VEVENT") && !v.open:
			v, depth = vevent{open: true, line: l.number}, 0
		case name == "BEGIN" && v.open:
			depth++
		case name == "END" && v.open && depth > 0:
			depth--
		case name == "END" && v.open && strings.EqualFold(value, "VEVENT"):
			v.end(c)
			v = vevent{}
		case !v.open || depth > 0:
		case name == "SUMMARY":
			v.name = unescape(value)
		case name == "DTSTART":
			v.first, v.begins = c.when(l.number, params, value)
			v.whole = len(value) == len("20060102")
		case name == "DTEND":
			v.last, v.ends = c.when(l.number, params, value)
		case name == "RRULE" || name == "RDATE":
			v.recurs = true
		case name == "STATUS" && strings.EqualFold(value, "CANCELLED"):
			v.cancelled = true
		}
	}
	if v.open {
		c.problem("line %d: an event has no end", v.line)
	}
}

// vevent is an event being read.
type vevent struct {
	open, begins, ends       bool
	whole, recurs, cancelled bool // whole days; recurring; not to happen
	line                     int
	name                     string
	first, last              time.Time
}

func (v *vevent) end(c *Calendar) {
	switch {
	case v.cancelled:
		return
	case !v.begins:
		c.problem("line %d: an event without a DTSTART that can be read", v.line)
		return
	}
	if v.recurs {
		c.problem("line %d: %q recurs: only its first day counts; list the others as events of their own", v.line, short(v.name))
	}
	first := Day(floor(v.first.Unix()))
	last := first
	if v.ends {
		end := v.last
		if end.After(v.first) { // DTEND is not part of the event (section 3.6.1)
			end = end.Add(-time.Nanosecond)
		}
		last = Day(floor(end.Unix()))
	}
	name := v.name
	if name == "" {
		name = "event of " + first.String()
	}
	c.add(v.line, name, first, last)
}

func floor(unix int64) int64 {
	d := unix / 86400
	if unix%86400 < 0 {
		d--
	}
	return d
}

// when reads DATE and DATE-TIME (sections 3.3.4 and 3.3.5).
func (c *Calendar) when(line int, params, value string) (time.Time, bool) {
	loc := time.UTC
	for p := range strings.SplitSeq(params, ";") {
		k, zone, _ := strings.Cut(p, "=")
		if !strings.EqualFold(k, "TZID") {
			continue
		}
		zone = strings.Trim(zone, `"`)
		l, err := time.LoadLocation(zone)
		if err != nil || len(zone) > 64 {
			c.problem("line %d: time zone %q is not known: taken as UTC", line, short(zone))
			continue
		}
		loc = l
	}
	for _, layout := range []string{"20060102", "20060102T150405Z", "20060102T150405"} {
		if t, err := time.ParseInLocation(layout, value, loc); err == nil {
			if layout == "20060102" {
				t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) // a date is a date everywhere
			}
			return t.UTC(), true
		}
	}
	c.problem("line %d: %q is not a date or time", line, short(value))
	return time.Time{}, false
}

// content is a logical line with the number of its first line.
type content struct {
	text   string
	number int
}

// unfold joins lines that go on with a space or a tab (section 3.1).
func unfold(s string) []content {
	var out []content
	n := 0
	for line := range strings.Lines(s) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if len(out) > 0 && line != "" && (line[0] == ' ' || line[0] == '\t') {
			if last := &out[len(out)-1]; len(last.text) < 1<<16 {
				last.text += line[1:]
			}
			continue
		}
		out = append(out, content{line, n})
	}
	return out
}

// property splits NAME;PARAMS:VALUE; a colon inside quotes is a parameter's.
func property(l string) (name, params, value string) {
	quoted := false
	for i := range len(l) {
		switch {
		case l[i] == '"':
			quoted = !quoted
		case l[i] == ':' && !quoted:
			name, params, _ = strings.Cut(l[:i], ";")
			return strings.ToUpper(name), params, strings.TrimSpace(l[i+1:])
		}
	}
	return "", "", ""
}

var escapes = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`)

// unescape reads TEXT (section 3.3.11).
func unescape(s string) string { return escapes.Replace(s) }
