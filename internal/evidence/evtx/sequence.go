package evtx

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Bounds of what is kept and said about record numbers.
const (
	maxRuns = 1 << 12 // runs of consecutive numbers
	maxGaps = 16      // gaps, and steps back in time, told one by one
)

// clockTolerance is how far a clock may be set back unnoticed: time
// synchronisation steps by seconds.
const clockTolerance = 5 * time.Minute

// run is a stretch of consecutive record numbers and when it was written. Of a
// gap it says when the records on both sides were.
type run struct {
	first, last uint64
	from, to    record.Time
}

// sequence watches the numbers and times of records. The frame's number is
// the file's own; the event's is that of the log it was written to first, so
// that an export keeps the latter and renumbers the former.
type sequence struct {
	own, events runs
	foreign     bool // some event has another number than its frame
	records     int64
	bytes       int64 // of the records
	lost        int64 // bytes of the file that could not be read
	written     record.Time
	previous    uint64
	back        []setBack
	backs       int
	hidden      []run
	channels    channels
	recovered   int64
	sums        [wrong + 1]int64 // chunks by what their checksums say
}

type setBack struct {
	id       uint64
	from, to record.Time
}

// add takes the next live record.
func (s *sequence) add(n *numbered) {
	s.records++
	s.bytes += int64(n.info.size)
	s.own.add(n.info.id, n.info.written)
	if n.event != 0 {
		s.events.add(n.event, n.info.written)
		s.foreign = s.foreign || n.event != n.info.id
	}
	if n.hidden && len(s.hidden) < maxGaps {
		s.hidden = append(s.hidden, run{first: n.info.id, last: n.info.id, from: n.info.written, to: n.info.written})
	}
	next := n.info.id == s.previous+1 && s.written != 0 && n.info.written != 0
	if next && s.written.Sub(n.info.written) > clockTolerance {
		s.backs++
		if len(s.back) < maxGaps {
			s.back = append(s.back, setBack{n.info.id, s.written, n.info.written})
		}
	}
	s.channels.add(n, next)
	s.previous, s.written = n.info.id, n.info.written
}

func (s *sequence) has(id uint64) bool { return s.own.has(id) }

// report says what is missing or out of order in the whole file, as problems of
// reading it and as records that detectors judge.
func (s *sequence) report(r *reader) {
	gaps, missing := s.own.gaps()
	for i, g := range gaps {
		if i == maxGaps {
			r.problem("evtx-record-gap", 0, 0, "%d more gaps; %d records are missing in all", len(gaps)-maxGaps, missing)
			break
		}
		odds := s.gapOdds(g, missing)
		why := fmt.Sprintf("records %d to %d are missing (%d): they were removed, or their part of the file is lost; odds of removal %s", g.first, g.last, g.last-g.first+1, ratio(odds))
		r.problem("evtx-record-gap", 0, 0, "%s", why)
		s.put(r, "missing", g, odds, why)
	}
	if len(gaps) == 0 && s.foreign {
		if gaps, missing = s.events.gaps(); len(gaps) > 0 {
			r.problem("evtx-record-gap", 0, 0, "the file is an export of another log and leaves out %d of its records in %d places: it was filtered, or they had been removed before", missing, len(gaps))
		}
	}
	for _, b := range s.back {
		why := fmt.Sprintf("record %d was written at %v, before its predecessor (%v): the clock was set back, or the log was edited", b.id, b.to, b.from)
		r.problem("evtx-time-backwards", 0, 0, "%s", why)
		s.put(r, "clock-back", run{b.id, b.id, b.from, b.to}, 1, why)
	}
	if s.backs > len(s.back) {
		r.problem("evtx-time-backwards", 0, 0, "the time runs backwards in %d more places", s.backs-len(s.back))
	}
	for _, h := range s.hidden {
		s.put(r, "hidden", h, mostOdds, fmt.Sprintf("record %d lay hidden inside its predecessor, which only an editor of logs does", h.first))
	}
	s.file(r, missing)
	if s.foreign {
		return // what was left out of an export looks like silence
	}
	for _, q := range s.channels.silences() {
		why := fmt.Sprintf("%s wrote nothing for %v after record %d, though it wrote %d records, hardly ever %v apart: odds against chance %s",
			q.channel, q.to.Sub(q.from).Round(time.Second), q.first-1, q.records, q.usual.Round(time.Second), ratio(q.odds))
		r.problem("evtx-silence", 0, 0, "%s", why)
		s.putOf(r, q.channelKey, "silence", run{q.first, q.first, q.from, q.to}, q.odds, why)
	}
}

// file tells what the file holds as a whole.
func (s *sequence) file(r *reader, missing uint64) {
	if s.records == 0 {
		return
	}
	main := s.channels.main()
	numbers := &s.own
	if s.foreign {
		numbers = &s.events
	}
	f := &host.LogFile{
		Head: record.Head{Ref: r.file.Ref(record.RefFile, 0)},
		Host: main.host, Channel: main.channel, Forwarded: len(s.channels.list) > 1, Exported: s.foreign, Records: s.records, Recovered: s.recovered, Missing: missing,
		Intact: s.sums[intact], Wrong: s.sums[wrong], Unchecked: s.sums[unchecked], Dirty: r.header.dirty(), Lost: s.lost,
	}
	for i, n := range numbers.list {
		if i == 0 || n.first < f.First {
			f.First = n.first
		}
		f.Last = max(f.Last, n.last)
		for _, t := range []record.Time{n.from, n.to} {
			if t != 0 && (f.TS == 0 || t < f.TS) {
				f.TS = t
			}
			f.Until = max(f.Until, t)
		}
	}
	r.lane.Put(f)
}

func (s *sequence) put(r *reader, kind string, g run, odds float64, why string) {
	s.putOf(r, s.channels.main(), kind, g, odds, why)
}

func (s *sequence) putOf(r *reader, of channelKey, kind string, g run, odds float64, why string) {
	ts := g.from
	if ts == 0 {
		ts = g.to
	}
	gap := &host.LogGap{
		Head: record.Head{TS: ts, Ref: r.file.Ref(record.RefRecord, int64(g.first))}, // #nosec G115 -- as numbers are cited
		Host: of.host, Channel: of.channel, Kind: kind, First: g.first, Last: g.last, Until: g.to, Records: s.records, Odds: odds, Why: why,
	}
	if kind == "missing" {
		gap.Missing = g.last - g.first + 1
	}
	r.lane.Put(gap)
}

// runs is a set of numbers, small when they are mostly consecutive.
type runs struct {
	list []run
	full bool // numbers were left out: gaps are not known
}

func (rs *runs) add(id uint64, written record.Time) {
	if n := len(rs.list); n > 0 && rs.list[n-1].last+1 == id {
		rs.list[n-1].last, rs.list[n-1].to = id, written
		return
	}
	if len(rs.list) == maxRuns {
		rs.full = true
		return
	}
	rs.list = append(rs.list, run{id, id, written, written})
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
	var to record.Time
	for i, r := range sorted {
		if i > 0 && r.first > last && r.first-last > 1 {
			list = append(list, run{last + 1, r.first - 1, to, r.from})
			missing += r.first - last - 1
		}
		if r.last >= last {
			last, to = r.last, r.to
		}
	}
	return list, missing
}
