package cert

import (
	"math"
	"time"

	"longwatch/internal/record"
)

// The last instants that record.Time can hold.
const (
	maxSeconds = math.MaxInt64 / int64(time.Second)
	minSeconds = math.MinInt64 / int64(time.Second)
)

// timeOf reads UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5), clipped
// to what record.Time can hold; 0 when it is no time. noExpiry tells of the
// value that stands for "no well-defined expiration date".
func timeOf(v value) (t record.Time, noExpiry bool) {
	s := v.body
	year := 0
	switch v.tag {
	case tagUTCTime:
		yy, ok := digits(s, 2)
		if !ok {
			return 0, false
		}
		year, s = 1900+yy, s[2:]
		if yy < 50 {
			year += 100
		}
	case tagGenTime:
		yyyy, ok := digits(s, 4)
		if !ok {
			return 0, false
		}
		year, s = yyyy, s[4:]
	default:
		return 0, false
	}
	var f [5]int // month, day, hour, minute, second
	for i := range f {
		n, ok := digits(s, 2)
		if !ok {
			if i == 4 {
				break // seconds may be missing
			}
			return 0, false
		}
		f[i], s = n, s[2:]
	}
	if len(s) > 0 && s[0] == '.' {
		for s = s[1:]; len(s) > 0 && s[0] >= '0' && s[0] <= '9'; {
			s = s[1:]
		}
	}
	offset, ok := zone(s)
	if !ok {
		return 0, false
	}
	at := time.Date(year, time.Month(f[0]), f[1], f[2], f[3], f[4], 0, time.UTC).Unix() - offset
	noExpiry = v.tag == tagGenTime && string(v.body) == "99991231235959Z"
	return record.Time(min(max(at, minSeconds), maxSeconds) * int64(time.Second)), noExpiry
}

// zone reads "Z", "+hhmm" or "-hhmm" as seconds east of UTC.
func zone(s []byte) (int64, bool) {
	switch {
	case len(s) == 0 || s[0] == 'Z':
		return 0, true
	case s[0] != '+' && s[0] != '-':
		return 0, false
	}
	hh, ok1 := digits(s[1:], 2)
	if !ok1 {
		return 0, false
	}
	mm, ok2 := digits(s[3:], 2)
	if !ok2 {
		return 0, false
	}
	n := int64(hh)*3600 + int64(mm)*60
	if s[0] == '-' {
		n = -n
	}
	return n, true
}

func digits(s []byte, n int) (int, bool) {
	if len(s) < n {
		return 0, false
	}
	v := 0
	for _, c := range s[:n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}
