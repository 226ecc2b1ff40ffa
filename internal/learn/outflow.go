package learn

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"longwatch/internal/baseline"
	"longwatch/internal/record/habit"
	"longwatch/internal/record/network"
)

const (
	maxSenders  = 1 << 16 // hosts whose day is counted
	maxPeers    = 64      // of a host on a day that are kept at least, the largest
	maxTold     = 1 << 16
	maxLargest  = 4
	dayFloor    = 64 << 20  // bytes of a day below which nothing is unusual
	streamFloor = 256 << 20 // likewise of a stream
	streamDays  = 3         // on which a stream must have run
	window      = 28        // days of a stream
)

// sentDay is what one host sent today.
type sentDay struct {
	name    string
	classes map[baseline.Class]*flow
	peers   map[string]*flow // outside, by site or address
}

type flow struct {
	class       baseline.Class
	sent, taken uint64
	addr        string
	largest     []*network.Conn // the largest first
}

type told struct {
	who  baseline.Subject
	peer string
}

// classOf is the class of a peer.
func (l *Learner) classOf(c *network.Conn) baseline.Class {
	if l.home(c.RespH) {
		return baseline.Inside
	}
	switch c.RespP {
	case 80, 443, 8080, 8443:
		return baseline.Web
	case 25, 465, 587, 110, 143, 993, 995:
		return baseline.Mail
	}
	return baseline.Outside
}

// count adds a connection to the day of its originator; site is what was asked
// for at the other end, where that is known.
func (l *Learner) count(c *network.Conn, name string, s baseline.Subject, site *string) {
	if c.OrigBytes.V == 0 {
		return
	}
	d := l.sent[s]
	if d == nil {
		if len(l.sent) >= maxSenders {
			return
		}
		d = &sentDay{name: name, classes: map[baseline.Class]*flow{}, peers: map[string]*flow{}}
		l.sent[s] = d
	}
	class := l.classOf(c)
	f := d.classes[class]
	if f == nil {
		f = &flow{class: class}
		d.classes[class] = f
	}
	f.add(c)
	if class == baseline.Inside {
		return
	}
	peer := ""
	if site != nil {
		peer = *site
	} else {
		peer = l.addr(c.RespH).text
	}
	p := d.peers[peer]
	if p == nil {
		if len(d.peers) >= 2*maxPeers {
			d.drop()
		}
		p = &flow{class: class, addr: l.addr(c.RespH).text}
		d.peers[peer] = p
	}
	p.add(c)
}

// drop makes room: it forgets the half of the peers that got least.
func (d *sentDay) drop() {
	all := slices.SortedFunc(maps.Keys(d.peers), func(a, b string) int {
		return cmp.Or(cmp.Compare(d.peers[b].sent, d.peers[a].sent), cmp.Compare(b, a))
	})
	for _, p := range all[maxPeers:] {
		delete(d.peers, p)
	}
}

func (f *flow) add(c *network.Conn) {
	f.sent, f.taken = f.sent+c.OrigBytes.V, f.taken+c.RespBytes.V
	if len(f.largest) == maxLargest && f.largest[maxLargest-1].OrigBytes.V >= c.OrigBytes.V {
		return
	}
	f.largest = append(f.largest, c)
	slices.SortStableFunc(f.largest, func(a, b *network.Conn) int { return cmp.Compare(b.OrigBytes.V, a.OrigBytes.V) })
	f.largest = f.largest[:min(len(f.largest), maxLargest)]
}

// roll ends the day: it judges what each host sent, then learns it.
func (l *Learner) roll() {
	if l.day == 0 {
		return
	}
	for _, s := range slices.Sorted(maps.Keys(l.sent)) {
		d := l.sent[s]
		for _, c := range slices.Sorted(maps.Keys(d.classes)) {
			f := d.classes[c]
			l.judgeDay(s, d, f)
			l.now.Sent(s, c, l.day, baseline.KiB(f.sent))
		}
		for _, p := range slices.Sorted(maps.Keys(d.peers)) {
			l.judgeStream(s, d, p)
		}
	}
	clear(l.sent)
}

// judgeDay compares a day with those before.
func (l *Learner) judgeDay(s baseline.Subject, d *sentDay, f *flow) {
	first := f.largest[0]
	q := l.past.Amounts(l.now, s, f.class, first.TS)
	if f.sent < dayFloor || !q.Settled || baseline.KiB(f.sent) <= q.P95 {
		return
	}
	o := l.outflow("day", s, d.name, f, q)
	o.Sent, o.Days, o.First = f.sent, 1, dayOf(first.TS)
	best := ""
	for p, x := range d.peers {
		if x.class == f.class && (best == "" || cmp.Or(cmp.Compare(x.sent, d.peers[best].sent), cmp.Compare(best, p)) > 0) {
			best = p
		}
	}
	if best != "" {
		l.describe(o, s, best, d.peers[best])
	}
	l.emit(o)
}

// judgeStream adds a day to what a host sends to a peer that hardly anybody
// uses, and tells when that has become much.
func (l *Learner) judgeStream(s baseline.Subject, d *sentDay, peer string) {
	f := d.peers[peer]
	holders, _ := l.past.Holders(l.now, peerKind(peer), peer)
	if holders > mostHolders {
		return
	}
	l.now.SentTo(s, peer, l.day, baseline.KiB(f.sent))
	sum, days, first := l.past.Stream(l.now, s, peer, l.day, window)
	key := told{s, peer}
	if sum < streamFloor || days < streamDays || sum < 2*l.told[key] {
		return
	}
	q := l.past.Amounts(l.now, s, f.class, f.largest[0].TS)
	if !q.Settled {
		return
	}
	if len(l.told) < maxTold {
		l.told[key] = sum
	}
	o := l.outflow("stream", s, d.name, f, q)
	o.Sent, o.Days, o.First = sum, uint64(days), first.Time()
	l.describe(o, s, peer, f)
	l.emit(o)
}

func peerKind(peer string) baseline.Kind {
	if isAddress(peer) {
		return baseline.Peer
	}
	return baseline.Site
}

func (l *Learner) outflow(kind string, s baseline.Subject, name string, f *flow, q baseline.Amounts) *habit.Outflow {
	first := f.largest[0]
	o := &habit.Outflow{
		Head: first.Head, Kind: kind, Host: name, Class: f.class.String(), PastDays: uint64(q.Days),
		Median: uint64(q.Median) << 10, P95: uint64(q.P95) << 10, Max: uint64(q.Max) << 10, Since: q.Since.Time(), OddHour: q.OddHour,
	}
	for _, c := range f.largest[1:] {
		o.More = append(o.More, c.Ref)
	}
	return o
}

// describe says who got it.
func (l *Learner) describe(o *habit.Outflow, s baseline.Subject, peer string, f *flow) {
	k := peerKind(peer)
	holders, _ := l.past.Holders(l.now, k, peer)
	among := l.past.Among(l.now, k)
	since := l.past.Since(l.now, k, s, peer)
	o.Peer, o.PeerAddr, o.PeerSent, o.PeerTaken, o.Largest, o.Holders, o.Among, o.PeerSince = peer, f.addr, f.sent, f.taken, f.largest[0].OrigBytes.V, uint64(holders), uint64(among), since.Time()
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
