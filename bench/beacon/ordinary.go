package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// settings are what a set of evidence is made with. Those for judging differ
// from those that the detector was tuned on.
type settings struct {
	seed     uint64
	machines int
	days     int     // of the evidence
	before   int     // of what hunts before have seen
	niche    float64 // services of one to three machines, for each machine
	fresh    float64 // share of these that were installed during the month
	steady   float64 // share of these that always send as much
	pages    float64 // an hour and user
	catalog  int     // services that many machines have
}

// service is a program that talks on its own.
type service struct {
	to      []*site
	period  float64 // seconds
	jitter  float64 // share of it, even
	user    bool    // only while the user is there
	bunch   int     // connections each time
	out, in float64
	vary    float64 // sigma of the logarithm of sizes
	port    uint16
	udp     bool
	raw     bool
	plain   bool
	ja4     string
	agent   string
	lasts   float64 // seconds
	fails   float64 // chance of a retry soon
	from    record.Time
}

// newWorld makes the machines, the sites and what machines do on an ordinary day.
func newWorld(s settings, put func(record.Record)) *world {
	w := &world{set: s, rng: rand.New(rand.NewPCG(s.seed, 77)), put: put, proxy: netip.MustParseAddr("10.0.0.3"), resolver: netip.MustParseAddr("10.0.0.2")}
	w.start = record.TimeOf(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	w.begin = w.start.Add(time.Duration(s.before) * 24 * time.Hour)
	w.end = w.begin.Add(time.Duration(s.days) * 24 * time.Hour)
	for i := range 6000 {
		w.sites = append(w.sites, w.site(fmt.Sprintf("www.site%d.example%d.com", i, i), 1+max(0, 6-i/40)))
	}
	for i := range s.machines {
		m := &machine{id: i, addr: netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(i%250 + 1)}), kind: "office", early: w.between(-1, 1.5), cached: map[string]record.Time{}}
		switch x := w.rng.Float64(); {
		case x < 0.12:
			m.kind, m.nights = "server", true
		case x < 0.18:
			m.kind, m.nights = "device", true
		default:
			m.nights = w.chance(0.4)
		}
		m.proxied = w.chance(0.2)
		m.ja4 = fmt.Sprintf("t13d1516h2_browser%d", w.rng.IntN(4))
		w.machines = append(w.machines, m)
	}
	w.services()
	for _, m := range w.machines {
		if m.kind == "office" {
			w.user(m)
		}
	}
	return w
}

// services gives machines the programs that talk on their own.
func (w *world) services() {
	for i := range w.set.catalog { // what many have: the system, protection, mail, chat, telemetry
		share := math.Pow(w.rng.Float64(), 1.5)
		s := w.draw(fmt.Sprintf("svc%d.vendor%d.net", i, i/3), 60, 2*86400)
		s.to = nil
		for j := range 1 + w.rng.IntN(4) {
			s.to = append(s.to, w.site(fmt.Sprintf("n%d.svc%d.vendor%d.net", j, i, i/3), 1+w.rng.IntN(20)))
		}
		s.ja4 = fmt.Sprintf("t13d190%d00_system", w.rng.IntN(6))
		for _, m := range w.machines {
			if w.chance(share) {
				w.run(m, s)
			}
		}
	}
	clock := service{to: []*site{w.site("time.vendor.net", 8)}, period: 1024, jitter: 0.01, bunch: 1, out: 48, in: 48, udp: true, port: 123}
	for _, m := range w.machines {
		w.run(m, clock)
	}
	for i := range int(w.set.niche * float64(len(w.machines))) { // what one to three have
		s := w.draw(fmt.Sprintf("api.niche%d.io", i), 15, 7*86400)
		s.user = w.chance(0.45)
		if w.chance(0.25) {
			s.port, s.raw = uint16(w.rng.IntN(60000)+1024), true
		}
		if w.chance(0.15) {
			s.port, s.raw, s.lasts = 993, true, 60
		}
		s.ja4 = fmt.Sprintf("t13d190%d00_system", w.rng.IntN(6))
		if w.chance(0.35) {
			s.ja4 = fmt.Sprintf("t13i_niche%d", i)
		}
		if w.chance(w.set.fresh) {
			s.from = w.begin.Add(seconds(w.between(0, float64(w.set.days)*86400)))
		}
		for range 1 + int(3*math.Pow(w.rng.Float64(), 3)) {
			w.run(w.machines[w.rng.IntN(len(w.machines))], s)
		}
	}
}

// draw makes a service with one site.
func (w *world) draw(name string, least, most float64) service {
	s := service{to: []*site{w.site(name, 1+w.rng.IntN(3))}, period: w.spread(least, most), bunch: 1, out: w.spread(200, 5000), in: w.spread(200, 50000), lasts: w.spread(0.1, 20), fails: 0.02}
	switch x := w.rng.Float64(); {
	case x < 0.4:
		s.jitter = 0.01
	case x < 0.8:
		s.jitter = w.between(0.05, 0.5)
	default:
		s.jitter = w.between(0.5, 1)
	}
	s.vary = 0.6
	if w.chance(w.set.steady) {
		s.vary = 0.02
	}
	if w.chance(0.3) {
		s.bunch = 1 + w.rng.IntN(4)
	}
	s.user = w.chance(0.2)
	s.plain = w.chance(0.1)
	s.agent = "agent " + name
	return s
}

// run starts s on m.
func (w *world) run(m *machine, s service) {
	begin := max(s.from, w.start).Add(seconds(w.between(0, min(s.period, 3*86400))))
	w.add(begin, func(p *process) {
		there, next := w.on(m, p.at)
		if s.user {
			there, next = w.worked(m, p.at)
		}
		if !there {
			p.at = next.Add(seconds(w.between(5, 180)))
			return
		}
		for i := range 1 + w.rng.IntN(s.bunch) {
			w.send(m, p.at.Add(seconds(float64(i)*w.between(0.1, 3))), talk{
				to: s.to[w.rng.IntN(len(s.to))], port: s.port, udp: s.udp, raw: s.raw, plain: s.plain, path: "/v1/status", ja4: s.ja4, agent: s.agent,
				out: w.size(s.out, s.vary), in: w.size(s.in, s.vary), lasts: seconds(s.lasts * w.between(0.5, 1.5)),
			})
		}
		wait := s.period * w.between(1-s.jitter, 1+s.jitter)
		if w.chance(s.fails) {
			wait = min(wait, w.between(5, 60))
		}
		p.at = p.at.Add(seconds(wait))
	})
}

func (w *world) size(mean, vary float64) uint64 {
	return uint64(mean * math.Exp(vary*w.rng.NormFloat64()))
}

// user makes somebody at m browse: pages of popular sites, of their own few,
// with what pages load from others, and tabs left open that poll.
func (w *world) user(m *machine) {
	var own []*site
	for i := range 4 {
		own = append(own, w.site(fmt.Sprintf("own%d.user%d.org", i, m.id), 1+w.rng.IntN(2)))
	}
	w.add(w.start.Add(seconds(w.between(0, 3600))), func(p *process) {
		there, next := w.worked(m, p.at)
		if !there {
			p.at = next.Add(seconds(w.between(10, 1200)))
			return
		}
		to := w.sites[int(float64(len(w.sites))*math.Pow(w.rng.Float64(), 4))]
		if w.chance(0.1) {
			to = own[int(4*math.Pow(w.rng.Float64(), 2))]
		}
		for range 1 + w.rng.IntN(4) {
			w.page(m, p.at, to)
		}
		for range w.rng.IntN(6) {
			w.page(m, p.at.Add(seconds(w.between(0.3, 4))), w.sites[w.rng.IntN(200)])
		}
		if w.chance(0.02) {
			w.tab(m, p.at, to)
		}
		wait := w.spread(5, 600)
		if w.chance(0.08) {
			wait = w.between(1200, 7200)
		}
		p.at = p.at.Add(seconds(wait * 15 / w.set.pages))
	})
}

func (w *world) page(m *machine, t record.Time, to *site) {
	w.send(m, t.Add(seconds(w.between(0, 0.5))), talk{to: to, ja4: m.ja4, agent: "browser", out: w.size(1500, 0.7), in: w.size(30000, 1.2), lasts: seconds(w.spread(1, 120))})
}

// tab polls a page for as long as it is open.
func (w *world) tab(m *machine, t record.Time, to *site) {
	every, until := w.spread(10, 300), t.Add(seconds(w.spread(600, 9*3600)))
	w.add(t, func(p *process) {
		if there, _ := w.worked(m, p.at); !there || p.at > until {
			p.at = w.end
			return
		}
		w.send(m, p.at, talk{to: to, ja4: m.ja4, agent: "browser", out: w.size(900, 0.1), in: w.size(900, 0.4), lasts: seconds(1)})
		p.at = p.at.Add(seconds(every * w.between(0.97, 1.03)))
	})
}
