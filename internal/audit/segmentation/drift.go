package segmentation

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"longwatch/internal/record"
)

// Drift is what is other than it was.
type Drift struct {
	Before, Now record.Span
	Changes     []Change // worst first: new, opened, closed, gone, changed
	Hosts       []Arrival
}

// Change is a service from zone to zone that is other than it was.
type Change struct {
	Kind      string // new, gone, opened, closed, hosts, volume
	From, To  int
	Service   string
	Why       string
	Blamed    bool         // a finding is about it
	Added     []netip.Addr // hosts at either end that were not there
	Removed   []netip.Addr // hosts that are no more
	First     record.Time  // of it now; of the last before, when it is gone
	Refs      []record.Ref
	now, then uint64 // connections that passed
}

// Arrival is a host that is new in a zone, or no more there.
type Arrival struct {
	Host netip.Addr
	Zone int
	Gone bool
}

// The kinds of change, in the order in which they are told.
const (
	kindNew    = "new"    // passed, and did not before
	kindOpened = "opened" // passed, and was tried in vain before
	kindClosed = "closed" // is tried in vain, and passed before
	kindGone   = "gone"   // passed before, and is not seen any more
	kindHosts  = "hosts"  // passes between other hosts too, or between fewer
	kindVolume = "volume" // passes four times as often a day as before, or a quarter as often
)

var kindOrder = []string{kindNew, kindOpened, kindClosed, kindGone, kindHosts, kindVolume}

const (
	steady   = 4    // times as many connections a day is a change
	leastDay = 20   // connections below which their number says nothing
	leastFor = 0.25 // days below which a number a day says nothing
)

// sides are what passed and what did not, of one service between two zones.
type sides struct {
	passed, tried []*Flow
}

func sidesOf(flows []*Flow) map[crossingKey]*sides {
	out := map[crossingKey]*sides{}
	for _, f := range flows {
		if f.from == f.to {
			continue
		}
		k := crossingKey{from: f.from, to: f.to, protocol: f.Protocol, transport: f.Transport, port: f.Port}
		s := out[k]
		if s == nil {
			s = &sides{}
			out[k] = s
		}
		if f.outcome == passed {
			s.passed = append(s.passed, f)
			continue
		}
		s.tried = append(s.tried, f)
	}
	return out
}

// drift compares what passes with what passed.
func (r *Report) drift(earlier []*Flow) *Drift {
	d := &Drift{Before: r.Options.Before.Span, Now: r.Traffic.Span}
	then, now := sidesOf(earlier), sidesOf(r.flows)
	for k, s := range now {
		old := then[k]
		if old == nil {
			old = &sides{}
		}
		if c := d.compare(k, old, s); c != nil {
			c.Blamed = slices.ContainsFunc(s.passed, func(f *Flow) bool { return r.blamed[f] })
			d.Changes = append(d.Changes, *c)
		}
	}
	for k, s := range then {
		if len(s.passed) > 0 && now[k] == nil {
			c := change(kindGone, k, s.passed, "passed before, and is not seen any more")
			c.then = countOf(s.passed)
			d.Changes = append(d.Changes, *c)
		}
	}
	slices.SortFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(compareBool(!a.Blamed, !b.Blamed), cmp.Compare(slices.Index(kindOrder, a.Kind), slices.Index(kindOrder, b.Kind)), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Service, b.Service))
	})
	d.arrivals(r.Zoning, earlier, r.flows)
	return d
}

// compare is what is other about one service; nil when nothing is.
func (d *Drift) compare(k crossingKey, old, now *sides) *Change {
	switch {
	case len(now.passed) == 0 && len(old.passed) == 0:
		return nil
	case len(now.passed) == 0:
		return change(kindClosed, k, now.tried, "is tried in vain, and passed before")
	case len(old.passed) == 0 && len(old.tried) > 0:
		return change(kindOpened, k, now.passed, "passes, and was tried in vain before")
	case len(old.passed) == 0:
		return change(kindNew, k, now.passed, "passes, and did not before")
	}
	c := change(kindHosts, k, now.passed, "")
	c.now, c.then = countOf(now.passed), countOf(old.passed)
	c.Added, c.Removed = difference(now.passed, old.passed, old.passed), difference(old.passed, now.passed, old.passed)
	if len(c.Added) > 0 || len(c.Removed) > 0 {
		c.Why = fmt.Sprintf("%s that did not take part before, %d that do no more", several(len(c.Added), "host"), len(c.Removed))
		return c
	}
	was, is := daily(c.then, d.Before), daily(c.now, d.Now)
	if was == 0 || is == 0 || max(c.then, c.now) < leastDay || is < steady*was && was < steady*is {
		return nil
	}
	c.Kind, c.Why = kindVolume, fmt.Sprintf("%.0f connections a day, %.0f before", is, was)
	return c
}

func change(kind string, k crossingKey, flows []*Flow, why string) *Change {
	f := Flow{Protocol: k.protocol, Transport: k.transport, Port: k.port}
	c := &Change{Kind: kind, From: k.from, To: k.to, Service: f.service(), Why: why, Refs: refsOf(flows), First: flows[0].First, now: countOf(flows)}
	for _, x := range flows {
		c.First = min(c.First, x.First)
	}
	if kind == kindNew || kind == kindOpened {
		from, to := hostsOf(flows)
		c.Added = slices.Concat(from, to)
	}
	return c
}

func countOf(flows []*Flow) (n uint64) {
	for _, f := range flows {
		n += f.Count
	}
	return n
}

// daily is how often a day; 0 when it was not watched for long enough to say.
func daily(n uint64, s record.Span) float64 {
	days := s.End.Sub(s.Start).Hours() / 24
	if days < leastFor {
		return 0
	}
	return float64(n) / days
}

// many are hosts at one end of a service from which on it is nobody's in
// particular, so that another one is no change.
const many = 16

// difference are the hosts in some flows that are in none of the others, at
// the same end, where those before were not many.
func difference(of, without, before []*Flow) (out []netip.Addr) {
	f1, t1 := hostsOf(of)
	f2, t2 := hostsOf(without)
	f0, t0 := hostsOf(before)
	gone := map[netip.Addr]bool{{}: true} // the Internet, and those told already
	for _, side := range [][3][]netip.Addr{{f1, f2, f0}, {t1, t2, t0}} {
		if len(side[2]) >= many {
			continue
		}
		there := map[netip.Addr]bool{}
		for _, a := range side[1] {
			there[a] = true
		}
		for _, a := range side[0] {
			if !there[a] && !gone[a] {
				gone[a] = true
				out = append(out, a)
			}
		}
	}
	return out
}

// arrivals are hosts that are new in their zones, or no more there: hosts that
// talked, whatever became of it, or answered.
func (d *Drift) arrivals(z *Zoning, earlier, now []*Flow) {
	talked := func(flows []*Flow) map[netip.Addr]int {
		out := map[netip.Addr]int{}
		for _, f := range flows {
			if f.Folded {
				continue
			}
			if f.Orig.IsValid() && f.outcome != oneSided {
				out[f.Orig] = f.from
			}
			if f.Resp.IsValid() && f.outcome != tried {
				out[f.Resp] = f.to
			}
		}
		return out
	}
	was, is := talked(earlier), talked(now)
	for a, zone := range is {
		if _, ok := was[a]; !ok {
			d.Hosts = append(d.Hosts, Arrival{Host: a, Zone: zone})
		}
	}
	for a, zone := range was {
		if _, ok := is[a]; !ok {
			d.Hosts = append(d.Hosts, Arrival{Host: a, Zone: zone, Gone: true})
		}
	}
	slices.SortFunc(d.Hosts, func(a, b Arrival) int {
		return cmp.Or(compareBool(a.Gone, b.Gone), cmp.Compare(depth(z.Zones[a.Zone].Level), depth(z.Zones[b.Zone].Level)), a.Host.Compare(b.Host))
	})
}
