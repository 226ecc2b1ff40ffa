package baseline

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"longwatch/internal/record"
)

var begin = record.TimeOf(time.Date(2021, 1, 4, 8, 0, 0, 0, time.UTC)) // a Monday

func on(day int) record.Time { return begin.Add(time.Duration(day) * 24 * time.Hour) }

func bytesOf(t *testing.T, m *Memory) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte, budget int64) (*Memory, error) {
	return Read(bytes.NewReader(b), int64(len(b)), budget)
}

// filled is a memory with some of everything.
func filled() *Memory {
	m := New(4 << 20)
	for d := range 100 {
		for i := range 20 {
			h := Host(fmt.Sprintf("ws-%d", i))
			m.Active(h, on(d).Add(time.Duration(i%9)*time.Hour))
			m.Learn(Site, h, fmt.Sprintf("site-%d.example", (i*d)%37), on(d))
			m.Sent(h, Web, DayOf(on(d)), uint32(1000+i*d))
			m.SentTo(h, "203.0.113.9", DayOf(on(d)), uint32(i))
		}
		m.Learn(Source, Account("corp\\svc"), "bk1", on(d))
	}
	m.Suspect(Suspect{Kind: "user", Name: "CORP\\eve", From: 18700, To: 18730, Finding: "f-1"})
	m.Hunted([]string{"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"})
	return m
}

// TestStateRoundTrip: what is read back knows the same and gives the same bytes.
func TestStateRoundTrip(t *testing.T) {
	m := filled()
	b := bytesOf(t, m)
	got, err := read(b, 4<<20)
	if err != nil {
		t.Fatal(err)
	}
	if again := bytesOf(t, got); !bytes.Equal(b, again) {
		t.Errorf("%d bytes became %d others", len(b), len(again))
	}
	s, known := got.Pair(Site, Host("WS-3"), "site-0.example")
	if !known || s.First.String() != "2021-01-04" {
		t.Errorf("pair %+v, %v", s, known)
	}
	if !got.Knows("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08") {
		t.Error("the evidence is forgotten")
	}
	span, _ := got.Span(Host("ws-0"))
	if span.First.String() != "2021-01-04" || span.Last.String() != "2021-04-13" || span.Days != 100 {
		t.Errorf("span %v to %v, %d days", span.First, span.Last, span.Days)
	}
}

// TestDamage: a flipped bit anywhere and every cut are refused, with the reason.
func TestDamage(t *testing.T) {
	m := New(1 << 20)
	for i := range 30 {
		m.Learn(Site, Host("a"), fmt.Sprint(i), on(i))
	}
	whole := bytesOf(t, m)
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1
		if got, err := read(b, 1<<20); got != nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d flipped: memory %v, error %v", i, got != nil, err)
		}
		if got, err := read(whole[:i], 1<<20); got != nil || !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut at %d: memory %v, error %v", i, got != nil, err)
		}
	}
	newer := bytes.Clone(whole)
	newer[len(magic)] = version + 1
	if _, err := read(newer, 1<<20); !errors.Is(err, ErrVersion) {
		t.Errorf("a newer version: %v", err)
	}
}

// TestOrderOfLearning: facts that come in another order within their day give
// the same bytes.
func TestOrderOfLearning(t *testing.T) {
	type fact struct{ h, v int }
	var facts []fact
	for i := range 2000 {
		facts = append(facts, fact{i % 40, i % 333})
	}
	learn := func(order []int) []byte {
		m := New(4 << 20)
		for _, i := range order {
			m.Learn(Site, Host(fmt.Sprint(facts[i].h)), fmt.Sprint(facts[i].v), begin)
		}
		return bytesOf(t, m)
	}
	r := rand.New(rand.NewPCG(1, 2))
	first := learn(r.Perm(len(facts)))
	if second := learn(r.Perm(len(facts))); !bytes.Equal(first, second) {
		t.Error("the order shows")
	}
}

// TestForgetting: memory stays within its budget, what was seen lately stays,
// and what went is counted with its age.
func TestForgetting(t *testing.T) {
	const budget = 1 << 20 // room for 43,690 pairs
	m := New(budget)
	for d := range 200 {
		for i := range 1000 {
			m.Learn(Peer, Host(fmt.Sprint(i%50)), fmt.Sprintf("%d-%d", d, i), on(d))
		}
		if m.Size() > budget {
			t.Fatalf("day %d: %d bytes of %d", d, m.Size(), budget)
		}
	}
	lately := 0
	for d := 190; d < 200; d++ {
		for i := range 1000 {
			if _, known := m.Pair(Peer, Host(fmt.Sprint(i%50)), fmt.Sprintf("%d-%d", d, i)); known {
				lately++
			}
		}
	}
	if lately < 9950 {
		t.Errorf("of 10,000 pairs of the last ten days %d are known", lately)
	}
	s := m.Totals()
	if s.Forgotten < 300_000 || s.Horizon < 4 || s.Horizon > 13 {
		t.Errorf("%d forgotten, last seen %d days before: the memory holds the pairs of 43 days and the values of 13", s.Forgotten, s.Horizon)
	}
}

// TestMergeTwice: what is merged a second time changes nothing but the count of
// hunts.
func TestMergeTwice(t *testing.T) {
	a, b := New(4<<20), filled()
	for d := 50; d < 150; d++ {
		a.Active(Host("ws-1"), on(d))
		a.Learn(Site, Host("ws-1"), "site-5.example", on(d))
	}
	a.Merge(b)
	once := bytesOf(t, a)
	b.hunts = 0
	a.Merge(b)
	if !bytes.Equal(once, bytesOf(t, a)) {
		t.Error("merging again changes the state")
	}
	s, _ := a.Pair(Site, Host("ws-1"), "site-5.example")
	if s.First.String() != "2021-01-09" || s.Last.String() != "2021-06-02" { // day 5: 1*5 mod 37; day 149
		t.Errorf("%v to %v", s.First, s.Last)
	}
}

// TestMergeDays: days of one story cut in two are counted once, as if it had been
// learned whole, also when both halves have a day in common.
func TestMergeDays(t *testing.T) {
	part := func(p *Past, from, to int) *Memory {
		m := New(1 << 20)
		for d := from; d < to; d++ {
			m.Active(Host("a"), on(d))
			m.LearnAfter(p, Site, Host("a"), "b", on(d))
		}
		return m
	}
	whole := bytesOf(t, part(nil, 0, 90))
	for _, cut := range [][2]int{{40, 40}, {41, 40}} {
		m := part(nil, 0, cut[0])
		var p Past
		p.Load(m)
		m.Merge(part(&p, cut[1], 90))
		s, _ := m.Pair(Site, Host("a"), "b")
		l, _ := m.Span(Host("a"))
		if s.Days != 90 || l.Days != 90 {
			t.Errorf("cut at %v: pair on %d days, host on %d, want 90", cut, s.Days, l.Days)
		}
		if cut[0] == cut[1] && !bytes.Equal(whole, bytesOf(t, m)) {
			t.Error("two halves are not the whole")
		}
	}
}

// TestCounts: how far the counts of holders and of subjects are off.
func TestCounts(t *testing.T) {
	m := New(16 << 20)
	for _, n := range []int{1, 2, 3, 5, 10, 30, 100} {
		for trial := range 50 {
			for i := range n {
				m.Learn(Software, Host(fmt.Sprintf("h%d-%d-%d", n, trial, i)), fmt.Sprintf("p%d-%d", n, trial), begin)
			}
		}
	}
	for _, n := range []int{1, 2, 3, 5, 10, 30, 100} {
		off, sum := 0, 0
		for trial := range 50 {
			_, holders, _, known := m.Value(Software, fmt.Sprintf("p%d-%d", n, trial))
			if !known {
				t.Fatalf("p%d-%d is unknown", n, trial)
			}
			sum += holders
			if holders != n {
				off++
			}
		}
		if n <= 3 && off > 8 || float64(sum)/50 < 0.9*float64(n) || float64(sum)/50 > 1.1*float64(n) {
			t.Errorf("%d holders: %d of 50 wrong, %.1f in the mean", n, off, float64(sum)/50)
		}
	}
	if got, want := m.Subjects(Software), 50*(1+2+3+5+10+30+100); got < want*95/100 || got > want*105/100 {
		t.Errorf("%d subjects, counted %d", want, got)
	}
}

// TestDistinctLarge: the counter of subjects keeps to its error beyond linear
// counting.
func TestDistinctLarge(t *testing.T) {
	var d distinct
	for i := range 200_000 {
		d.add(mix(uint64(i) + 1))
	}
	if got := d.count(); got < 190_000 || got > 210_000 {
		t.Errorf("200,000 counted as %d", got)
	}
}

// TestQuantiles: exact for the last sixty days, within 19 % for those before.
func TestQuantiles(t *testing.T) {
	var x totals
	for d := range 1000 {
		x.put(total{Day(1000 + d), uint32(1000 + d)})
	}
	q := quantiles([]*totals{&x}, 5000, func(Day) bool { return false })
	near := func(got, want uint32) bool {
		return float64(got) > 0.8*float64(want) && float64(got) < 1.2*float64(want)
	}
	if q.Days != 1000 || !near(q.Median, 1500) || !near(q.P95, 1950) || !near(q.Max, 1999) {
		t.Errorf("%+v", q)
	}
	early := quantiles([]*totals{&x}, 1960, func(Day) bool { return false })
	if early.Max > 1959*12/10 || early.Days != 960 {
		t.Errorf("before day 1960: %+v", early)
	}
}

// TestRhythm: hours at which a subject was active are told from others, on this
// day of the week and on any, with an hour's grace.
func TestRhythm(t *testing.T) {
	m := New(1 << 20)
	s := Account("a")
	for d := range 28 {
		if d%7 < 5 { // Monday to Friday at eight
			m.Active(s, on(d))
		}
	}
	l := m.lives[s]
	at := func(day, hour int) record.Time { return on(day).Add(time.Duration(hour-8) * time.Hour) }
	for _, c := range []struct {
		day, hour     int
		thisDay, any_ bool
	}{{28, 8, true, true}, {28, 9, true, true}, {28, 10, false, false}, {33, 8, false, true}, {33, 3, false, false}} {
		ts := at(c.day, c.hour)
		if got := l.active(ts, DayOf(ts), false); got != c.thisDay {
			t.Errorf("day %d at %d: this day of the week %v", c.day, c.hour, got)
		}
		if got := l.active(ts, DayOf(ts), true); got != c.any_ {
			t.Errorf("day %d at %d: any day %v", c.day, c.hour, got)
		}
	}
}

// TestSuspects: what came while a finding was about somebody is no habit, until
// it is trusted.
func TestSuspects(t *testing.T) {
	m := New(1 << 20)
	m.Learn(Source, Account("eve"), "ws-1", on(0))
	m.Learn(Source, Account("eve"), "ws-9", on(50))
	m.Suspect(Suspect{Kind: "user", Name: "EVE", From: DayOf(on(45)), To: DayOf(on(60)), Finding: "f-1"})
	ask := func() (bool, bool) {
		var p Past
		p.Load(m)
		_, a := p.Knew(Source, Account("eve"), "ws-1", on(70))
		_, b := p.Knew(Source, Account("eve"), "ws-9", on(70))
		return a, b
	}
	if a, b := ask(); !a || b {
		t.Errorf("before the finding %v, during it %v", a, b)
	}
	if n := m.Trust("user", "Eve"); n != 1 {
		t.Errorf("%d claims dropped", n)
	}
	if a, b := ask(); !a || !b {
		t.Errorf("trusted: %v, %v", a, b)
	}
}

// TestNormal: versions, users and temporary names do not make a program new.
func TestNormal(t *testing.T) {
	for _, c := range []struct {
		k         Kind
		a, b      string
		different string
	}{
		{Software, `C:\Users\ann\AppData\Local\Microsoft\Teams\1.6.00.123\Teams.exe`, `C:\Users\ben\AppData\Local\Microsoft\Teams\1.7.00.9\Teams.exe`, `C:\Users\Public\Teams.exe`},
		{Software, `C:\Windows\Temp\{90120000-0010-0409-0000-0000000FF1CE}\setup.exe`, `C:\Windows\Temp\{11120000-0110-0409-0000-0000000AA1CE}\setup.exe`, `C:\Windows\Temp\svc.exe`},
		{Site, "www.example.org", "cdn.example.org", "example.net"},
		{Agent, "Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/121.0.1", "curl/8.5.0"},
	} {
		if Normal(c.k, c.a) != Normal(c.k, c.b) {
			t.Errorf("%q and %q differ", Normal(c.k, c.a), Normal(c.k, c.b))
		}
		if Normal(c.k, c.a) == Normal(c.k, c.different) {
			t.Errorf("%q and %q are the same", c.a, c.different)
		}
	}
}

// FuzzRead: whatever stands between head and checksum, it is refused as damaged
// or read into a memory that is written and read back the same.
func FuzzRead(f *testing.F) {
	small := New(1 << 20)
	small.Learn(Site, Host("a"), "b", begin)
	small.Active(Host("a"), begin)
	small.Sent(Host("a"), Web, DayOf(begin), 7)
	small.SentTo(Host("a"), "c", DayOf(begin), 7)
	small.Suspect(Suspect{Kind: "host", Name: "x", From: 5, To: 9, Finding: "f"})
	for _, m := range []*Memory{New(1 << 20), small} {
		var b bytes.Buffer
		if err := m.Write(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes()[len(magic)+1 : b.Len()-sumSize])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append([]byte(magic), version)
		b = append(b, body...)
		sum := sha256.Sum256(b)
		m, err := read(append(b, sum[:]...), 1<<20)
		if err != nil {
			if m != nil || !errors.Is(err, ErrDamaged) {
				t.Fatalf("memory %v with error %v", m != nil, err)
			}
			return
		}
		if m.Size() > 2<<20 {
			t.Fatalf("%d bytes of memory", m.Size())
		}
		once := bytesOf(t, m)
		again, err := read(once, 1<<20)
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if !bytes.Equal(once, bytesOf(t, again)) {
			t.Fatal("writing and reading is not stable")
		}
	})
}
