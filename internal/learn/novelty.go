package learn

import (
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/record"
	"longwatch/internal/record/habit"
)

// waiting is a novelty until it is known how many others have the same.
type waiting struct {
	novelty *habit.Novelty
	kind    baseline.Kind
	value   string
	day     baseline.Day
}

// mostHolders is how many may have a value that is still worth a word. Of
// accounts' logons every first time is.
const mostHolders = 3

// ofAccounts tells whether a kind is about accounts.
func ofAccounts(k baseline.Kind) bool { return k <= baseline.Route }

// learn notes that a host or an account was seen with a value; when that is the
// first time, and enough is known of it, a novelty begins to wait.
func (l *Learner) learn(r record.Record, k baseline.Kind, name, source, shown string) {
	shown = cut(shown)
	if name == "" || shown == "" || !l.fresh(k, name, shown) {
		return
	}
	ts := r.Base().TS
	value := baseline.Normal(k, shown)
	s := l.machine(name)
	if ofAccounts(k) {
		s = baseline.Account(name)
	}
	q := l.past.Ask(l.now, k, s, value, ts)
	l.now.LearnAfter(l.past, k, s, value, ts)
	if q.Known || !q.Settled {
		return
	}
	n := &habit.Novelty{
		Head: *r.Base(), Kind: k.String(), Source: source, Value: value,
		Since: q.Since.Time(), ActiveDays: uint64(q.ActiveDays), Had: uint64(q.Had), OtherHours: q.OtherHours, OddHour: q.OddHour,
		Doubted: q.Doubted, Kept: l.past.Loaded(),
	}
	if value != shown {
		n.Shown = shown
	}
	if ofAccounts(k) {
		n.Account, n.Host = name, hostOf(r)
	} else {
		n.Host = name
	}
	if k == baseline.Source {
		since := l.past.ValueSince(l.now, k, value, ts)
		n.Established = since != 0 && since+baseline.LearnDays <= baseline.DayOf(ts)
	}
	l.queue = append(l.queue, waiting{n, k, value, baseline.DayOf(ts)})
	if len(l.queue) > maxWait {
		l.early++
		l.pop()
	}
}

// note notes that a subject was seen with a value of which a first time is no
// news by itself; detectors ask for it.
func (l *Learner) note(r record.Record, k baseline.Kind, s baseline.Subject, name, value string) {
	if value = cut(value); value != "" && l.fresh(k, name, value) {
		l.now.LearnAfter(l.past, k, s, value, r.Base().TS)
	}
}

func hostOf(r record.Record) string {
	for _, e := range r.RecordType().Entities(r) {
		if e.Kind == "host" && e.Role == "" {
			return e.Value
		}
	}
	return ""
}

// release hands on what waited for long enough.
func (l *Learner) release(now record.Time) {
	for len(l.queue) > 0 && now.Sub(l.queue[0].novelty.TS) > wait {
		l.pop()
	}
}

// pop hands on the first that waits, unless many have the same by now.
func (l *Learner) pop() {
	w := l.queue[0]
	l.queue[0] = waiting{}
	l.queue = l.queue[1:]
	n := w.novelty
	holders, since := l.past.Holders(l.now, w.kind, w.value)
	if holders > mostHolders && !ofAccounts(w.kind) {
		return
	}
	n.Holders, n.Among, n.ValueSince = uint64(holders), uint64(l.past.Among(l.now, w.kind)), since.Time()
	l.emit(n)
}

// Early is how many novelties had to be judged before others could have had the
// same, because too many waited.
func (l *Learner) Early() uint64 { return l.early }

// dayOf is the start of the day of t.
func dayOf(t record.Time) record.Time {
	return record.Time(int64(t) / int64(24*time.Hour) * int64(24*time.Hour))
}
