package evtx

import (
	"cmp"
	"slices"
	"time"

	"longwatch/internal/record"
)

// Bounds of what is kept and said about record numbers.
const (
	maxRuns = 1 << 12 // runs of consecutive numbers
	maxGaps = 16      // gaps, and steps back in time, told one by one
)

// clockTolerance is how far a clock may be set back unnoticed: time
// synchronisation steps by seconds.
const clockTolerance = 5 * time.Minute

// run is a stretch of consecutive record numbers.
type run struct{ first, last uint64 }

// sequence watches the numbers and times of records. The frame's number is
// the file's own; the event's is that of the log it was written to first, so
// that an export keeps the latter and renumbers the former.
type sequence struct {
	own, events runs
	foreign     bool // some event has another number than its frame
	written     record.Time
	previous    uint64
	back        []setBack
	backs       int
}

type setBack struct {
	id       uint64
	from, to record.Time
}

// add takes the next live record; event is 0 when it could not be decoded.
func (s *sequence) add(info recordInfo, event uint64) {
	s.own.add(info.id)
	if event != 0 {
		s.events.add(event)
		s.foreign = s.foreign || event != info.id
	}
	if info.id == s.previous+1 && s.written != 0 && info.written != 0 && s.written.Sub(info.written) > clockTolerance {
		s.backs++
		if len(s.back) < maxGaps {
			s.back = append(s.back, setBack{info.id, s.written, info.written})
		}
	}
	s.previous, s.written = info.id, info.written
}

func (s *sequence) has(id uint64) bool { return s.own.has(id) }

// report says what is missing or out of order in the whole file.
func (s *sequence) report(r *reader) {
	gaps, missing := s.own.gaps()
	for i, g := range gaps {
		if i == maxGaps {
			r.problem("evtx-record-gap", 0, 0, "%d more gaps; %d records are missing in all", len(gaps)-maxGaps, missing)
			break
		}
		r.problem("evtx-record-gap", 0, 0, "records %d to %d are missing (%d): they were removed, or their part of the file is lost", g.first, g.last, g.last-g.first+1)
	}
	if len(gaps) == 0 && s.foreign {
		if gaps, missing = s.events.gaps(); len(gaps) > 0 {
			r.problem("evtx-record-gap", 0, 0, "the file is an export of another log and leaves out %d of its records in %d places: it was filtered, or they had been removed before", missing, len(gaps))
		}
	}
	for _, b := range s.back {
		r.problem("evtx-time-backwards", 0, 0, "record %d was written at %v, before its predecessor (%v): the clock was set back, or the log was edited", b.id, b.to, b.from)
	}
	if s.backs > len(s.back) {
		r.problem("evtx-time-backwards", 0, 0, "the time runs backwards in %d more places", s.backs-len(s.back))
	}
}

// runs is a set of numbers, small when they are mostly consecutive.
type runs struct {
	list []run
	full bool // numbers were left out: gaps are not known
}

func (rs *runs) add(id uint64) {
	if n := len(rs.list); n > 0 && rs.list[n-1].last+1 == id {
		rs.list[n-1].last = id
		return
	}
	if len(rs.list) == maxRuns {
		rs.full = true
		return
	}
	rs.list = append(rs.list, run{id, id})
}

func (rs *runs) has(id uint64) bool {
	return slices.ContainsFunc(rs.list, func(r run) bool { return r.first <= id && id <= r.last })
}

// gaps returns the numbers between the runs and how many they are.
func (rs *runs) gaps() (list []run, missing uint64) {
	if rs.full {
		return nil, 0
	}
	sorted := slices.Clone(rs.list)
	slices.SortFunc(sorted, func(a, b run) int { return cmp.Compare(a.first, b.first) })
	var last uint64
	for i, r := range sorted {
		if i > 0 && r.first > last && r.first-last > 1 {
			list = append(list, run{last + 1, r.first - 1})
			missing += r.first - last - 1
		}
		last = max(last, r.last)
	}
	return list, missing
}
