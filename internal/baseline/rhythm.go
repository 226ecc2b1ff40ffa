package baseline

import (
	"slices"
	"time"

	"longwatch/internal/record"
)

const (
	week  = 7 * 24 // hours
	early = 16     // first days, and first values of a kind, that are kept with their days
)

// life is what is remembered of one host or account besides its pairs. All that
// detectors ask for carries the day since when it holds, so that a question
// about the time before a day has the same answer later.
type life struct {
	first, last Day
	days        uint16           // on which it was seen, in the order of time
	early       [early]Day       // the first of them, rising
	fan         [kinds][]Day     // of each kind, the days on which its first values came, rising, at most early
	hours       [week]Day        // since when it is active in an hour of the week
	weeks       [week]uint8      // in how many weeks it was, at most 255
	hour        uint32           // hours since 1970, the last one counted
	sent        [classes]*totals // per class of peers
	to          []stream         // the peers that get most
}

// lifeSize is about what a life takes with all that hangs on it.
const lifeSize = 1024 + classes*totalsSize + streams*streamSize

// hourOf is the hour of the week of t in UTC, 0 being the first of Monday.
func hourOf(t record.Time) int {
	h := int64(t) / int64(time.Hour)
	return int((h + 3*24) % week) // 1 January 1970 was a Thursday
}

// touch notes that the subject was active at t.
func (l *life) touch(t record.Time, d Day) {
	if l.first == 0 || d < l.first {
		l.first = d
	}
	if d > l.last {
		l.last = d
		if l.days < 1<<16-1 {
			l.days++
		}
	}
	if (l.early[early-1] == 0 || d < l.early[early-1]) && !slices.Contains(l.early[:], d) {
		l.early = firstDays(append(l.early[:], d))
	}
	h := uint32(int64(t) / int64(time.Hour))
	if h <= l.hour {
		return
	}
	l.hour = h
	slot := hourOf(t)
	if l.hours[slot] == 0 || d < l.hours[slot] {
		l.hours[slot] = d
	}
	if l.weeks[slot] < 255 {
		l.weeks[slot]++
	}
}

// firstDays are the first of some days, each once; unused places are 0.
func firstDays(days []Day) (out [early]Day) {
	days = slices.Clone(days)
	slices.Sort(days)
	n := 0
	for _, d := range slices.Compact(days) {
		if d != 0 && n < early {
			out[n] = d
			n++
		}
	}
	return out
}

// arrive notes that a first value of a kind came on a day.
func (l *life) arrive(k Kind, d Day) {
	f := l.fan[k]
	if len(f) == early && d >= f[early-1] {
		return
	}
	i, _ := slices.BinarySearch(f, d)
	f = slices.Insert(f, i, d)
	l.fan[k] = f[:min(len(f), early)]
}

// daysBefore is on how many days it was seen before d, at most early.
func (l *life) daysBefore(d Day) int { return below(l.early[:], d) }

// valuesBefore is how many values of a kind it had before d, at most early.
func (l *life) valuesBefore(k Kind, d Day) int { return below(l.fan[k], d) }

func below(days []Day, d Day) int {
	n := 0
	for _, x := range days {
		if x != 0 && x < d {
			n++
		}
	}
	return n
}

// active tells whether it was active before d at the hour of t or the one before
// or after; any day of the week, if any is set.
func (l *life) active(t record.Time, d Day, anyDay bool) bool {
	slot := hourOf(t)
	for off := week - 1; off <= week+1; off++ {
		at := (slot + off) % week
		for day := range 7 {
			if day > 0 && !anyDay {
				break
			}
			if s := l.hours[(at+24*day)%week]; s != 0 && s < d {
				return true
			}
		}
	}
	return false
}

// join adds what another memory knows of the same subject.
func (l *life) join(o *life) {
	l.days = joinDays(l.first, l.last, l.days, o.first, o.last, o.days)
	if l.first == 0 || o.first != 0 && o.first < l.first {
		l.first = o.first
	}
	l.early = firstDays(slices.Concat(l.early[:], o.early[:]))
	for k := range l.fan {
		l.fan[k] = union(l.fan[k], o.fan[k])
	}
	later := o.hour > l.hour && o.first >= l.last
	for h := range week {
		if l.hours[h] == 0 || o.hours[h] != 0 && o.hours[h] < l.hours[h] {
			l.hours[h] = o.hours[h]
		}
		n := max(l.weeks[h], o.weeks[h])
		if later {
			n = uint8(min(int(l.weeks[h])+int(o.weeks[h]), 255))
		}
		l.weeks[h] = n
	}
	l.last, l.hour = max(l.last, o.last), max(l.hour, o.hour)
	for c := range l.sent {
		if o.sent[c] == nil {
			continue
		}
		if l.sent[c] == nil {
			l.sent[c] = &totals{}
		}
		l.sent[c].join(o.sent[c])
	}
	for i := range o.to {
		l.carry(&o.to[i])
	}
}

// joinDays is how many days two counts are together: those of spans that share
// no day, or one, are added; of others the larger one holds.
func joinDays(first, last Day, n uint16, oFirst, oLast Day, m uint16) uint16 {
	if oFirst < first {
		last, n, oFirst, oLast, m = oLast, m, first, last, n
	}
	sum := int(n) + int(m)
	switch {
	case n == 0 || m == 0 || oFirst > last:
	case oFirst == last && oLast > last:
		sum--
	default:
		sum = int(max(n, m))
	}
	return uint16(min(sum, 1<<16-1))
}

// union is the first of the values that either knows: those that came on the
// same day may be the same.
func union(a, b []Day) []Day {
	var out []Day
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case j == len(b) || i < len(a) && a[i] < b[j]:
			out = append(out, a[i])
			i++
		case i == len(a) || b[j] < a[i]:
			out = append(out, b[j])
			j++
		default:
			out = append(out, a[i])
			i, j = i+1, j+1
		}
	}
	return out[:min(len(out), early)]
}
