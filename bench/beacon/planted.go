package main

import (
	"fmt"
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// planted is one beacon.
type planted struct {
	m      *machine
	sleep  float64 // seconds
	jitter float64
	mode   string
	peers  []netip.Addr
	names  []string
	turns  int // check-ins that were made
	began  record.Time
	early  bool    // in the first two days of the evidence
	score  float64 // of the best finding that names it
}

var (
	sleeps  = []float64{10, 60, 600, 3600, 6 * 3600, 86400, 3 * 86400, 7 * 86400}
	jitters = []float64{0, 0.1, 0.25, 0.5, 0.75, 0.9}
	modes   = []string{"name", "address", "odd port", "rotating", "proxy"}
)

// plant puts one beacon on a machine: inert rows that show when somebody would
// call home and how much would be sent, nothing else.
func (w *world) plant(m *machine, n int, sleep, jitter float64, mode string) *planted {
	b := &planted{m: m, sleep: sleep, jitter: jitter, mode: mode}
	x := talk{out: uint64(w.spread(150, 900)), in: uint64(w.spread(100, 600)), lasts: seconds(w.spread(0.1, 2)), agent: fmt.Sprintf("client/%d", n), ja4: "t13d190100_system"}
	if w.chance(0.5) {
		x.ja4 = fmt.Sprintf("t12i_beacon%d", n)
	}
	count := 1
	switch mode {
	case "address":
		x.nameless = true
	case "odd port":
		x.raw, x.port = true, uint16(w.between(2000, 60000))
	case "rotating":
		count = 3 + w.rng.IntN(28)
		if w.chance(0.5) {
			x.cert = fmt.Sprintf("%064x", n+1)
		}
		x.ja4 = fmt.Sprintf("t12i_beacon%d", n)
	case "proxy":
		m.proxied = true
		x.plain, x.path = w.chance(0.5), "/news/feed.php"
	}
	for i := range count {
		s := w.site(fmt.Sprintf("cdn%d.planted%d.live", i, n), 1)
		if n%2 == 0 && count > 1 { // domains rotate, not only names below one
			s.name = fmt.Sprintf("cdn0.planted%d-%d.live", n, i)
		}
		b.peers, b.names = append(b.peers, s.addrs...), append(b.names, s.name)
	}
	vary, misses, shorten := 0.02, w.between(0, 0.1), w.chance(0.5)
	if w.chance(0.3) {
		vary = 0.5
	}
	room := max(float64(w.set.days)*86400-max(4*86400, 4.5*sleep), 3600)
	b.began = w.begin.Add(seconds(w.between(0, min(room, 14*86400))))
	turn := 0
	w.add(b.began, func(p *process) {
		if there, next := w.on(m, p.at); !there {
			p.at = next.Add(seconds(w.between(20, 300))) // it starts with the machine
			return
		}
		if !w.chance(misses) {
			i := turn % count
			if count > 1 && shorten {
				i = w.rng.IntN(count)
			}
			y := x
			y.to = &site{name: b.names[i], addrs: b.peers[i : i+1], ttl: time.Minute}
			y.out, y.in = w.size(float64(x.out), vary), w.size(float64(x.in), vary)
			w.send(m, p.at, y)
			if w.chance(0.05) { // an answer to a task
				y.out = w.size(5000, 1)
				w.send(m, p.at.Add(seconds(w.between(1, 4))), y)
			}
			b.turns++
			turn++
		}
		wait := sleep * w.between(1-jitter, 1)
		if !shorten {
			wait = sleep * w.between(1-jitter, 1+jitter)
		}
		p.at = p.at.Add(seconds(wait + w.between(0, 0.5)))
	})
	return b
}
