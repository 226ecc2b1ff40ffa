package main

import (
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/record"
)

// options is the size of what is simulated.
type options struct {
	hosts, accounts, days int
	memory                int64
	probes                int
}

// result is what was measured.
type result struct {
	facts             int
	learning, writing time.Duration
	summary           baseline.Summary
	most              int64
	stateBytes        int64
	truthBytes        int64

	firsts, falseKnown, falseNew, wrongDay int // pairs of the sample
	probeHits                              int
	few, fewWrong, some                    int
	someOff                                float64
	counted, machines                      int // that ran a program
}

// What an organisation does. The numbers are of the size that proxies, DNS logs
// and software inventories of offices show: a person visits the same two or three
// dozen sites every day, a few of thousands that everybody knows now and then, and
// a handful that hardly anybody else ever sees; programs are replaced by their
// next version every few weeks, on all hosts within days; some hosts and people
// are replaced every year.
const (
	popular     = 20_000 // sites that many know
	habits      = 25     // sites of a host, of which it visits some every day
	tail        = 2      // sites a day that hardly anybody visits
	addresses   = 1      // likewise of addresses without a name
	programs    = 300    // on a host
	runs        = 5      // different programs that run on a day and are not those of every day
	release     = 45     // days from one version of a program to the next
	turnover    = 0.15   // share of hosts and people replaced in a year
	sampleEvery = 100    // of hosts, one whose truth is known
)

// world learns and keeps the truth of a sample.
type world struct {
	m       *baseline.Memory
	r       *result
	truth   map[string]int           // pairs of the sample: first day
	holders map[string]map[int]bool  // values of the sample
	seen    map[string]baseline.Kind // kind of a value of the sample
	buf     []byte
	now     record.Time
	day     int
}

var start = record.TimeOf(time.Date(2020, 1, 6, 8, 0, 0, 0, time.UTC))

func run(o options, progress func(day int)) *result {
	w := &world{m: baseline.New(o.memory), r: &result{}, truth: map[string]int{}, holders: map[string]map[int]bool{}, seen: map[string]baseline.Kind{}}
	begin := time.Now()
	for day := range o.days {
		progress(day)
		w.day, w.now = day, start.Add(time.Duration(day)*24*time.Hour)
		work := day%7 < 5
		for h := range o.hosts {
			if work || h%10 == 0 { // one in ten is a server
				w.host(h)
			}
		}
		for a := range o.accounts {
			if work {
				w.account(a, o.hosts)
			}
		}
		w.r.most = max(w.r.most, w.m.Size())
	}
	w.r.learning = time.Since(begin)
	w.check(o)
	return w.r
}

// generation is which machine or person bears a number: some are replaced.
func generation(n, day int) int { return int(float64(day)/365*turnover + float64(n%1000)/1000) }

func (w *world) host(h int) {
	name := "ws" + strconv.Itoa(h) + "." + strconv.Itoa(generation(h, w.day))
	s := baseline.Host(name)
	r := rand.New(rand.NewPCG(uint64(h), uint64(w.day)))
	own := rand.New(rand.NewPCG(uint64(h), uint64(generation(h, w.day))+1<<32))
	w.m.Active(s, w.now)
	sample := h%sampleEvery == 0
	for range habits {
		site := int(math.Pow(own.Float64(), 3) * popular)
		if r.IntN(6) == 0 {
			w.fact(sample, baseline.Site, s, h, "p", site)
		}
	}
	w.fact(sample, baseline.Site, s, h, "p", int(math.Pow(r.Float64(), 2)*popular))
	for range tail {
		w.fact(sample, baseline.Site, s, h, "t", r.IntN(1<<24))
	}
	for range addresses {
		w.fact(sample, baseline.Peer, s, h, "a", r.IntN(1<<25))
	}
	for range runs {
		p := int(math.Pow(r.Float64(), 2) * programs)
		w.fact(sample, baseline.Software, s, h, "e", p*7+int(own.Uint64()%2))
		version := (w.day + p*13 + h%3) / release
		w.fact(sample, baseline.Digest, s, h, "d", p<<12|version)
	}
	w.fact(sample, baseline.Hello, s, h, "j", r.IntN(6)+w.day/200*6)
	w.m.Sent(s, baseline.Web, baseline.DayOf(w.now), uint32(r.IntN(1<<17)))
	w.m.SentTo(s, "x"+strconv.Itoa(r.IntN(20)), baseline.DayOf(w.now), uint32(r.IntN(1<<12)))
}

func (w *world) account(a, hosts int) {
	s := baseline.Account("user" + strconv.Itoa(a) + "." + strconv.Itoa(generation(a, w.day)))
	r := rand.New(rand.NewPCG(uint64(a)+1<<40, uint64(w.day)))
	w.m.Active(s, w.now)
	if r.IntN(3) > 0 {
		return // where it always works
	}
	from := a % hosts
	if r.IntN(50) == 0 {
		from = r.IntN(hosts)
	}
	to := r.IntN(8)*hosts/10 + a%40
	w.fact(false, baseline.Source, s, 0, "ws", from)
	w.fact(false, baseline.Target, s, 0, "srv", to)
	w.fact(false, baseline.Route, s, 0, "r", from<<20|to)
}

// fact learns, and holds the answer against the truth.
func (w *world) fact(sample bool, k baseline.Kind, s baseline.Subject, h int, space string, n int) {
	w.r.facts++
	w.buf = strconv.AppendInt(append(w.buf[:0], space...), int64(n), 10)
	value := string(w.buf)
	was, known := w.m.Learn(k, s, value, w.now)
	if len(w.holders) < 30_000 && n%499 == 0 && (space == "t" || space == "p" || space == "e") {
		if w.holders[value] == nil {
			w.holders[value], w.seen[value] = map[int]bool{}, k
		}
	}
	if set := w.holders[value]; set != nil && h > 0 {
		set[h<<8|generation(h, w.day)] = true
	} else if set != nil {
		set[generation(h, w.day)] = true
	}
	if !sample {
		return
	}
	pair := strconv.Itoa(h) + "." + strconv.Itoa(generation(h, w.day)) + k.String() + value
	first, had := w.truth[pair]
	switch {
	case !had:
		w.truth[pair] = w.day
		w.r.truthBytes += int64(len(pair)) + 48
		w.r.firsts++
		if known {
			w.r.falseKnown++
		}
	case !known:
		w.r.falseNew++
	case was.First != baseline.DayOf(start)+baseline.Day(first):
		w.r.wrongDay++
	}
}

// counter counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

var _ io.Writer = (*counter)(nil)

func (w *world) check(o options) {
	r := w.r
	r.summary = w.m.Totals()
	begin := time.Now()
	var c counter
	if err := w.m.Write(&c); err == nil {
		r.stateBytes, r.writing = int64(c), time.Since(begin)
	}
	for i := range o.probes {
		if _, known := w.m.Pair(baseline.Site, baseline.Subject(uint64(i)*0x9e3779b97f4a7c15+1), "nobody"); known {
			r.probeHits++
		}
	}
	for value, set := range w.holders {
		_, n, _, known := w.m.Value(w.seen[value], value)
		switch real := len(set); {
		case !known || real == 0 || real > 100:
		case real <= 3:
			r.few++
			if n != real {
				r.fewWrong++
			}
		default:
			r.some++
			r.someOff += math.Abs(float64(n-real)) / float64(real)
		}
	}
	r.counted = w.m.Subjects(baseline.Software)
	for h := range o.hosts {
		r.machines += generation(h, o.days-1) - generation(h, 0) + 1
	}
}
