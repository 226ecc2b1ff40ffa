package beacon

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// draw is n waits of a kind.
func draw(n int, f func(*rand.Rand) float64) []gap {
	rng := rand.New(rand.NewPCG(5, 6))
	out := make([]gap, n)
	for i := range out {
		x := f(rng)
		out[i] = gap{x, x, 1}
	}
	return out
}

// A timer with any jitter is told from waits of people, given enough of them.
func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		name  string
		gaps  []gap
		timer bool
	}{
		{"exact", draw(5, func(*rand.Rand) float64 { return 600 }), true},
		{"jitter 10 %", draw(8, func(r *rand.Rand) float64 { return 600 * (0.9 + 0.2*r.Float64()) }), true},
		{"jitter 50 %", draw(30, func(r *rand.Rand) float64 { return 600 * (0.5 + r.Float64()) }), true},
		{"jitter 90 %", draw(100, func(r *rand.Rand) float64 { return 600 * (0.1 + 1.8*r.Float64()) }), true},
		{"shortened by up to 90 %", draw(100, func(r *rand.Rand) float64 { return 600 * (0.1 + 0.9*r.Float64()) }), true},
		{"a turn in ten missed", draw(100, func(r *rand.Rand) float64 {
			x := 600 * (0.75 + 0.5*r.Float64())
			if r.Float64() < 0.1 {
				x *= 2
			}
			return x
		}), true},
		{"exponential", draw(400, func(r *rand.Rand) float64 { return 600 * r.ExpFloat64() }), false},
		{"log-normal", draw(400, func(r *rand.Rand) float64 { return 600 * math.Exp(1.8*r.NormFloat64()) }), false},
		{"in bunches", draw(400, func(r *rand.Rand) float64 {
			if r.Float64() < 0.8 {
				return 2 + 10*r.Float64()
			}
			return 3600 * r.ExpFloat64()
		}), false},
	} {
		r := measure(c.gaps, 1)
		if timer := r.Evidence > 5 && r.Cover > 0.8; timer != c.timer {
			t.Errorf("%s: %+v: a timer %v, want %v", c.name, r, timer, c.timer)
		}
	}
}

// The histogram says what the waits one by one say.
func TestHistogram(t *testing.T) {
	c := &channel{}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		c.gap(uint32(100 * 600 * (0.5 + rng.Float64())))
	}
	r, _, _ := c.best(false)
	if c.hist == nil || r.Gaps != 5000 || math.Abs(r.Median-600) > 30 || math.Abs(r.Low-330) > 30 || math.Abs(r.High-870) > 60 || r.Evidence < 1000 {
		t.Errorf("%+v of 5000 waits between 300 and 900 s", r)
	}
}

func TestHostOff(t *testing.T) {
	var h host
	at := func(hours float64) record.Time { return record.Time(1748736000e9 + int64(hours*3600e9)) } // a whole hour
	for day := range 3 {
		for hour := 8; hour < 18; hour++ {
			h.active(at(float64(24*day+hour)+0.5), at(float64(24*day+hour)+0.5))
		}
	}
	for _, c := range []struct {
		from, to float64
		off      bool
	}{{8.5, 12, false}, {17.5, 19.2, false}, {17.5, 32, true}, {33, 41, false}, {10, 60, true}} {
		if got := h.off(at(c.from), at(c.to)); got != c.off {
			t.Errorf("from hour %v to %v: off %v, want %v", c.from, c.to, got, c.off)
		}
	}
	if h.starts != 3 || h.hours != 30 {
		t.Errorf("came up %d times, worked %d hours, want 3 and 30", h.starts, h.hours)
	}
}

// However many peers there are, no more is kept than the memory allows, and the
// beacon among them is found.
func TestMemory(t *testing.T) {
	env := detect.Env{HomeNet: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Memory: leastMemory}
	d := newDetector(env, leastScore)
	rng := rand.New(rand.NewPCG(3, 4))
	start, n := record.Time(1748736000e9), int64(0)
	send := func(at record.Time, from, to netip.Addr) {
		n++
		h := record.Conn{Head: record.Head{TS: at, Ref: record.Ref{File: "x", Pos: n}}, OrigH: from, RespH: to, RespP: 443}
		d.conn(&network.Conn{Conn: h, Proto: "tcp", OrigBytes: record.Some(uint64(500)), RespBytes: record.Some(uint64(500))}, nil)
		h.Ref.Pos += 1 << 40
		d.tls(&ssl.Record{Conn: h, ServerName: to.String() + ".example", JA4: "t13d1516h2_browser"}, nil)
	}
	evil := netip.MustParseAddr("203.0.113.7")
	for s := range 5 * 86400 / 20 {
		at := start.Add(time.Duration(s) * 20 * time.Second)
		for range 3 { // peers that are met twice each
			k := rng.IntN(60000)
			send(at.Add(time.Duration(rng.IntN(19))*time.Second), netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + k%30)}), netip.AddrFrom4([4]byte{20, byte(k >> 16), byte(k >> 8), byte(k)}))
		}
		if s%90 == 0 && s > 3*86400/20 {
			send(at, netip.MustParseAddr("10.0.0.12"), evil)
		}
	}
	if len(d.channels) > d.room || len(d.names) > d.maxNames() || len(d.pairs.slots)*8 > leastMemory/4 || len(d.crowd.slots)*24 > leastMemory/8 {
		t.Errorf("%d channels of %d, %d names of %d, %d pairs, %d peers", len(d.channels), d.room, len(d.names), d.maxNames(), len(d.pairs.slots), len(d.crowd.slots))
	}
	if n, what := d.Forgot(); n != d.dropped || what == "" {
		t.Errorf("forgot %d %q, want %d", n, what, d.dropped)
	}
	var got reports
	d.judge(&got)
	if len(got) != 1 || got[0].Entities[1].Value != evil.String()+".example" {
		t.Errorf("%d findings: %+v", len(got), got)
	}
}

type reports []finding.Finding

func (r *reports) Report(f finding.Finding) { *r = append(*r, f) }
