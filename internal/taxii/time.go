package taxii

import (
	"errors"
	"strings"
	"time"
)

// Time is a moment as TAXII orders by it: microseconds since 1970, UTC.
type Time int64

// errTime says what is wrong with a text that is no time.
var errTime = errors.New("taxii: not a timestamp of RFC 3339 in UTC, such as 2026-03-02T08:00:00.000Z")

// Now is t in microseconds.
func Now(t time.Time) Time { return Time(t.UnixMicro()) }

// Std is the same moment of package time.
func (t Time) Std() time.Time { return time.UnixMicro(int64(t)).UTC() }

// String is the time with six digits, as TAXII gives its own times (section
// 1.6.9 and 3.2).
func (t Time) String() string { return t.Std().Format("2006-01-02T15:04:05.000000Z") }

// Version is the time as STIX writes it: three digits, and six when it needs
// them.
func (t Time) Version() string {
	if t%1000 == 0 {
		return t.Std().Format("2006-01-02T15:04:05.000Z")
	}
	return t.String()
}

// ParseTime reads a timestamp of STIX or TAXII: RFC 3339, of the years 1 to
// 9999, in UTC and with a capital Z. Digits after the sixth are cut off.
func ParseTime(s string) (Time, error) {
	if len(s) > 64 || !strings.HasSuffix(s, "Z") || len(s) < 20 || s[10] != 'T' {
		return 0, errTime
	}
	// time.Parse takes any number of digits after the point, and a comma too.
	if s[19] != '.' && s[19] != 'Z' {
		return 0, errTime
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, errTime
	}
	return Now(t), nil
}
