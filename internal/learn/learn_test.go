package learn_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/baseline"
	"longwatch/internal/learn"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/habit"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

var begin = record.TimeOf(time.Date(2023, 1, 2, 8, 0, 0, 0, time.UTC))

func at(day int, clock time.Duration) record.Time {
	return begin.Add(time.Duration(day)*24*time.Hour + clock - 8*time.Hour)
}

func home(a netip.Addr) bool { return a.IsPrivate() }

func logon(ts record.Time, account, from, to string) record.Record {
	l := &host.Logon{Outcome: "success", LogonType: 3, Target: account, SourceHost: from}
	l.TS, l.Host = ts, to
	return l
}

func conn(ts record.Time, from, to string, port uint16, sent uint64) record.Record {
	c := &network.Conn{Proto: "tcp", OrigBytes: record.Some(sent), RespBytes: record.Some(uint64(500))}
	c.TS, c.OrigH, c.RespH, c.RespP = ts, netip.MustParseAddr(from), netip.MustParseAddr(to), port
	return c
}

func tls(ts record.Time, from, to, name, ja4 string) record.Record {
	r := &ssl.Record{ServerName: name, JA4: ja4}
	r.TS, r.OrigH, r.RespH, r.RespP = ts, netip.MustParseAddr(from), netip.MustParseAddr(to), 443
	return r
}

// office is what a day of a small office looks like: six people at their
// machines from eight to five, a backup account at night, a page for each.
func office(day int) []record.Record {
	out := []record.Record{logon(at(day, 2*time.Hour), `corp\backup`, "bk1", "fs1")}
	for i := range 6 {
		for _, hour := range []int{8, 11, 14, 16} {
			ts, ws := at(day, time.Duration(hour)*time.Hour+time.Duration(i)*time.Minute), fmt.Sprintf("10.0.0.%d", 10+i)
			out = append(out, logon(ts, fmt.Sprintf(`corp\user%d`, i), fmt.Sprintf("ws-%d", i), "fs1"),
				tls(ts, ws, "198.51.100.7", "www.example.org", "t13d_office"), conn(ts, ws, "198.51.100.7", 443, 3<<20))
		}
	}
	return out
}

func run(past *baseline.Past, days ...[]record.Record) (*baseline.Memory, []record.Record) {
	var out []record.Record
	l := learn.New(past, 4<<20, home, func(r record.Record) { out = append(out, r) })
	for _, d := range days {
		for _, r := range d {
			l.Observe(r)
		}
	}
	l.Finish()
	return l.Learned(), out
}

func offices(from, to int) (out [][]record.Record) {
	for d := from; d < to; d++ {
		out = append(out, office(d))
	}
	return out
}

// story is a night on which the backup account comes from a person's machine.
func story(day int) []record.Record {
	return append([]record.Record{logon(at(day, 3*time.Hour+10*time.Minute), `corp\user3`, "ws-0", "db1")}, office(day)...)
}

// TestNovelty: after the time of learning the one thing that is new is told,
// with what was usual; nothing is told of ordinary days, and nothing before.
func TestNovelty(t *testing.T) {
	_, out := run(&baseline.Past{}, offices(0, 40)...)
	if len(out) != 0 {
		t.Errorf("ordinary days tell %+v", out[0])
	}
	_, out = run(&baseline.Past{}, append(offices(0, 10), story(10))...)
	if len(out) != 0 {
		t.Errorf("on the eleventh day it tells %+v", out[0])
	}
	_, out = run(&baseline.Past{}, append(offices(0, 40), story(40))...)
	var kinds []string
	for _, r := range out {
		n := r.(*habit.Novelty)
		kinds = append(kinds, n.Kind)
		if n.Account != `corp\user3` || n.Had != 1 || !n.OddHour || n.ActiveDays != 16 || n.Since != at(0, 0) {
			t.Errorf("%+v", n)
		}
		if n.Kind == "source" && (!n.Established || n.Holders != 2 || n.Value != "ws-0") {
			t.Errorf("source %+v", n)
		}
	}
	if diff := cmp.Diff([]string{"source", "target", "route"}, kinds); diff != "" {
		t.Error(diff)
	}
}

// TestKept: what was learned in hunts before counts as if it were one hunt, and
// a hunt over the same evidence says the same again and changes nothing.
func TestKept(t *testing.T) {
	_, whole := run(&baseline.Past{}, append(offices(0, 40), story(40))...)
	kept := baseline.New(4 << 20)
	for d := 0; d < 40; d += 8 {
		var p baseline.Past
		p.Load(kept)
		now, out := run(&p, offices(d, d+8)...)
		if len(out) != 0 {
			t.Fatalf("days %d on tell %+v", d, out[0])
		}
		kept.Merge(now)
	}
	for round := range 3 {
		var p baseline.Past
		p.Load(kept)
		now, out := run(&p, story(40))
		if len(out) != len(whole) {
			t.Fatalf("round %d: %d records, want %d", round, len(out), len(whole))
		}
		for i := range out {
			out[i].(*habit.Novelty).Kept = false
		}
		if diff := cmp.Diff(whole, out); diff != "" {
			t.Errorf("round %d (-in one hunt +kept):\n%s", round, diff)
		}
		before := state(t, kept)
		kept.Merge(now)
		if round > 0 && !bytes.Equal(before, state(t, kept)) {
			t.Errorf("round %d changes the state", round)
		}
	}
}

func state(t *testing.T, m *baseline.Memory) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRollOut: what many hosts get within three days is no news, what one has is.
func TestRollOut(t *testing.T) {
	days := offices(0, 44)
	for i := range 6 {
		days[40+i%2] = append(days[40+i%2], tls(at(40+i%2, 20*time.Hour+time.Duration(i)*time.Minute), fmt.Sprintf("10.0.0.%d", 10+i), "198.51.100.9", "new.example", "t13d_update"))
	}
	days[41] = append(days[41], tls(at(41, 21*time.Hour), "10.0.0.12", "198.51.100.66", "cdn.odd.example", "t13d_odd"))
	_, out := run(&baseline.Past{}, days...)
	got := map[string]string{}
	for _, r := range out {
		n := r.(*habit.Novelty)
		got[n.Kind] = n.Host + " " + n.Value
	}
	if diff := cmp.Diff(map[string]string{"ja4": "10.0.0.12 t13d_odd", "site": "10.0.0.12 odd.example"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestOutflow: a day above all others is told with them, and so is a stream that
// stays below them every day.
func TestOutflow(t *testing.T) {
	days := offices(0, 60)
	days[50] = append(days[50], conn(at(50, 23*time.Hour), "10.0.0.13", "203.0.113.5", 443, 900<<20))
	for d := 40; d < 58; d++ {
		days[d] = append(days[d], conn(at(d, 22*time.Hour), "10.0.0.11", "203.0.113.6", 443, 20<<20))
	}
	_, out := run(&baseline.Past{}, days...)
	var day, stream *habit.Outflow
	for _, r := range out {
		if o, ok := r.(*habit.Outflow); ok {
			if o.Kind == "day" {
				day = o
			} else {
				stream = o
			}
		}
	}
	if day == nil || day.Host != "10.0.0.13" || day.Sent != 912<<20 || day.Median != 12<<20 || day.Max != 12<<20 || day.PastDays != 50 || day.Peer != "203.0.113.5" || day.Holders != 1 || !day.OddHour {
		t.Errorf("day %+v", day)
	}
	if stream == nil || stream.Host != "10.0.0.11" || stream.Peer != "203.0.113.6" || stream.Sent != 260<<20 || stream.Days != 13 || stream.First != at(40, 0) {
		t.Errorf("stream %+v", stream)
	}
}

// BenchmarkObserve is what learning costs a record of an ordinary day.
func BenchmarkObserve(b *testing.B) {
	l := learn.New(&baseline.Past{}, 64<<20, home, func(record.Record) {})
	n, records := 0, 0
	for b.Loop() {
		for _, r := range office(n) {
			l.Observe(r)
			records++
		}
		n++
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(records)*1e9, "ns/record")
}
