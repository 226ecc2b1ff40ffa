package record

import "time"

// Time is nanoseconds since 1970-01-01 UTC; 0 means unknown.
type Time int64

// TimeOf converts a time.Time; the zero time.Time gives 0.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixNano())
}

// Std converts to a UTC time.Time.
func (t Time) Std() time.Time { return time.Unix(0, int64(t)).UTC() }

// Sub is t minus u.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Add is t plus d.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// String is RFC 3339 in UTC with as many digits as needed, or "unknown".
func (t Time) String() string {
	if t == 0 {
		return "unknown"
	}
	return t.Std().Format(time.RFC3339Nano)
}

// AppendSeconds writes ns as seconds with six digits, as Zeek does.
func AppendSeconds(dst []byte, ns int64) []byte {
	if ns < 0 {
		dst = append(dst, '-')
		ns = -ns
	}
	us := (ns + 500) / 1000
	dst = AppendUint(dst, uint64(us/1e6)) // #nosec G115 -- not negative
	const micros = 6
	dst = extend(dst, 1+micros)
	b := dst[len(dst)-1-micros:]
	b[0] = '.'
	putDigits(b[1:], uint64(us%1e6)) // #nosec G115 -- not negative
	return dst
}

// Span is a stretch of time, both ends included; 0 ends are unknown.
type Span struct{ Start, End Time }

// Grow widens s to include t.
func (s *Span) Grow(t Time) {
	if t == 0 {
		return
	}
	if s.Start == 0 || t < s.Start {
		s.Start = t
	}
	if t > s.End {
		s.End = t
	}
}
