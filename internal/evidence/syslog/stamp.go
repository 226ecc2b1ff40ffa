package syslog

import (
	"strconv"
	"strings"
	"time"
)

// The layouts with a year that devices and daemons write before or instead of
// RFC 3164's, longest first. What follows the seconds is read by fraction.
var layouts = []string{
	"Mon Jan _2 15:04:05 2006", "Jan _2 2006 15:04:05", "2006 Jan _2 15:04:05", "2006-01-02 15:04:05", "2006/01/02 15:04:05",
}

// stamp reads the time at the start of a line: RFC 3339, "Jan _2 15:04:05" of
// RFC 3164 without a year, which year stands for, the layouts above, and
// seconds since 1970 as rsyslog's date-unixtimestamp writes them.
func stamp(s string, year int) (t time.Time, rest string, noYear, ok bool) {
	s = strings.TrimLeft(s, "*.: ") // Cisco marks an unsure clock
	if len(s) >= 20 && s[4] == '-' && s[10] == 'T' {
		at, rest, _ := strings.Cut(s, " ")
		t, err := time.Parse(time.RFC3339Nano, strings.TrimSuffix(at, ":"))
		if err != nil && len(at) > 5 { // +0000 without a colon
			t, err = time.Parse("2006-01-02T15:04:05.999999999-0700", at)
		}
		return t, rest, false, err == nil
	}
	for _, layout := range layouts {
		n := len(layout)
		if len(s) < n || (s[4] == '-' || s[4] == '/') != (layout[4] == '-' || layout[4] == '/') {
			continue
		}
		if t, err := time.Parse(layout, s[:n]); err == nil {
			t, rest := fraction(t, s[n:])
			return t, strings.TrimLeft(rest, ": "), false, true
		}
	}
	if t, rest, ok := epoch(s); ok {
		return t, rest, false, true
	}
	const plain = "Jan _2 15:04:05"
	if len(s) < len(plain) {
		return t, s, false, false
	}
	t, err := time.Parse("2006 "+plain, strconv.Itoa(year)+" "+s[:len(plain)])
	if err != nil { // February 29 of a year that is not a leap year, seen from the next one
		t, err = time.Parse("2006 "+plain, strconv.Itoa(year-1)+" "+s[:len(plain)])
	}
	if err != nil {
		return t, s, false, false
	}
	t, rest = fraction(t, s[len(plain):])
	return t, strings.TrimLeft(rest, ": "), true, true
}

// fraction adds what stands behind the seconds, after a point or comma.
func fraction(t time.Time, rest string) (time.Time, string) {
	if rest == "" || rest[0] != '.' && rest[0] != ',' {
		return t, rest
	}
	n := 1
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	if d, err := time.ParseDuration("0." + rest[1:n] + "s"); err == nil {
		t = t.Add(d)
	}
	return t, rest[n:]
}

// epoch reads "1700000000" or "1700000000.123456 ": ten digits, so from 2001 on.
func epoch(s string) (t time.Time, rest string, ok bool) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n != 10 || n == len(s) || s[n] != ' ' && s[n] != '.' {
		return t, s, false
	}
	sec, err := strconv.ParseInt(s[:n], 10, 64)
	if err != nil {
		return t, s, false
	}
	t, rest = fraction(time.Unix(sec, 0).UTC(), s[n:])
	return t, rest, strings.HasPrefix(rest, " ")
}
