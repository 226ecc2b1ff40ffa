package beacon

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	leastScore  = 0.45 // from it on about one false finding for a thousand hosts and day: see bench/beacon
	mediumScore = 0.75 // likewise about a quarter of that
	leastEvents = 4
	newAfter    = 48 * time.Hour // after a host's evidence begins
	oneDay      = 12 * time.Hour // longer than anybody sits before a page
	knownFor    = 96 * time.Hour // evidence of a host that is too short to tell what is new
)

// found is a channel that may be a beacon.
type found struct {
	c *channel
	r rhythm
	t traits
	s float64
}

// judge scores every channel and reports the best of those that are the same.
func (d *detector) judge(out detect.Reporter) {
	var all []found
	for _, c := range d.channels {
		if f, ok := d.score(c); ok && f.s >= d.least {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.s, a.s), cmp.Compare(a.c.host, b.c.host), cmp.Compare(a.c.kind, b.c.kind), strings.Compare(a.c.value, b.c.value))
	})
	var told []found
	for _, f := range all {
		i := slices.IndexFunc(told, func(o found) bool { return same(o, f) })
		if i < 0 {
			told = append(told, f)
			continue
		}
		if habit, _ := d.habit(told[i].c, &d.hosts.list[f.c.host]); !habit {
			told[i].s = max(told[i].s, f.s) // seen in another way, the same contacts may show more
		}
	}
	for _, f := range told {
		out.Report(d.finding(f))
	}
}

// rank puts what says more about the same contacts first: a fingerprint of many
// peers, then the name, the address, the URL and the query.
func rank(f found) int {
	switch {
	case f.c.shaped():
		return 6
	case f.c.kind == byPrint && f.c.distinct() > 2:
		return 0
	}
	return []int{byName: 1, byAddress: 2, byURL: 3, byPrint: 4, byDomain: 5}[f.c.kind]
}

// same tells whether two channels of one host seem to be the same contacts.
func same(a, b found) bool {
	if a.c.host != b.c.host {
		return false
	}
	for _, p := range b.c.peers {
		if slices.Contains(a.c.peers, p) {
			return true
		}
	}
	if slices.Contains(a.c.names, b.c.value) || a.c.value == b.c.value || strings.HasSuffix(a.c.value, "."+b.c.value) || strings.HasPrefix(b.c.value, a.c.value+"/") {
		return true
	}
	switch {
	case a.c.kind == byPrint:
		if !a.c.mayHold(b.c) {
			return false
		}
	case b.c.kind == byPrint:
		if !b.c.mayHold(a.c) {
			return false
		}
	case b.c.kind != byDomain:
		return false
	}
	ratio := a.r.Median / b.r.Median
	return ratio > 0.8 && ratio < 1.25 && a.c.first < b.c.last && b.c.first < a.c.last
}

// score measures one channel; false if there is nothing to say of it.
func (d *detector) score(c *channel) (found, bool) {
	h := &d.hosts.list[c.host]
	hosts := d.hostsOf(c)
	if c.events < leastEvents || hosts > max(rarest, len(d.hosts.list)/50) {
		return found{}, false
	}
	switch {
	case c.kind == byDomain && h.resolver:
		return found{}, false // asks for others
	case c.kind == byPrint && c.distinct() < 2:
		return found{}, false // its one peer is followed as such
	case c.kind == byAddress && d.popularName(c):
		return found{}, false
	}
	quiet := h.hours < 2*c.events
	r, _, _ := c.best(quiet)
	t := traits{
		Hosts: hosts, Of: len(d.hosts.list), Solitary: float64(c.events) / float64(c.contacts), New: d.fresh(c, h),
		Nameless: c.kind == byAddress && !d.hasName(c), OddPort: odd(c.port), Silent: c.answered == 0, Daily: daily(r), Lasting: lasting(c, h, r),
		Starts: int(c.starts), OfStarts: int(h.starts - c.startsBefore), ByChance: byChance(c, h),
	}
	t.Same, t.Bytes = d.sizes(c)
	t.Habit, _ = d.habit(c, h)
	if c.kind == byPrint && (c.shaped() || d.crowd.hosts(anyPeer(c.value)) <= rarest) {
		t.Rotating = c.owners() // what many have shows no owner
	}
	if c.shaped() {
		t.Same, t.Bytes, t.New = 0, smallTo, 0 // all are of one size by choice, and everything was rare at first
	}
	return found{c, r, t, score(r, t)}, true
}

// sizes tells what share of contacts is of the most common size, and how many
// bytes one carries, 0 if that is not known. The hello of TLS, by which a name is
// followed, tells no size: then the connections to the addresses of that name do.
func (d *detector) sizes(c *channel) (same, bytes float64) {
	n, alike, volume := float64(c.sizes.all), float64(c.sizes.all)*c.sizes.same(), c.volume
	if n == 0 && c.kind == byName {
		for _, p := range c.peers {
			if a := d.channels[channelID(c.host, byAddress, p.String())]; a != nil {
				n += float64(a.sizes.all)
				alike += float64(a.sizes.all) * a.sizes.same()
				volume += a.volume
			}
		}
	}
	if n == 0 {
		return unsized, 0
	}
	return alike / n, math.Exp2(volume / n)
}

// byChance is how often a contact would come within startWithin of the host's
// coming up if contacts came at any time that the host is at work.
func byChance(c *channel, h *host) float64 {
	return -math.Expm1(-float64(c.events) * startWithin.Hours() / atWork(c, h))
}

// atWork is for how many hours the host of c was at work since c began.
func atWork(c *channel, h *host) float64 {
	return float64(max(h.hours-min(c.hoursBefore, h.hours), 1))
}

func (d *detector) nameOf(c *channel) (nameOf, bool) {
	a, err := netip.ParseAddr(c.value)
	if err != nil {
		return nameOf{}, false
	}
	n, known := d.names[hashAddr(a)]
	return n, known
}

func (d *detector) hasName(c *channel) bool { _, known := d.nameOf(c); return known }

func (d *detector) popularName(c *channel) bool {
	n, known := d.nameOf(c)
	return known && d.crowd.hosts(n.peer) > rarest
}

// fresh tells whether c began while we watched its host: in hunts before, when
// they know the host, else in this evidence.
func (d *detector) fresh(c *channel, h *host) float64 {
	if habit, known := d.habit(c, h); known {
		if habit {
			return 0
		}
		return 1
	}
	watched := h.last.Sub(h.first)
	switch {
	case watched < knownFor:
		return 0.5
	case c.first.Sub(h.first) >= newAfter && c.first.Sub(d.span.Start) >= newAfter:
		return 1
	}
	return 0
}

// habit tells whether hunts before saw the host at the other end of c, and
// whether they know enough of the host to say so. Fingerprints, URLs and queries
// are not kept by them: that a name was never a site of the host does not say
// that it never asked for it.
func (d *detector) habit(c *channel, h *host) (habit, known bool) {
	s := baseline.Host(h.named(c.first))
	if !d.env.Past.Settled(s, c.first) {
		return false, false
	}
	switch c.kind {
	case byAddress:
		_, habit = d.env.Past.Knew(baseline.Peer, s, c.value, c.first)
	case byDomain:
		_, habit = d.env.Past.Knew(baseline.Site, s, baseline.Normal(baseline.Site, c.value), c.first)
		return habit, habit
	case byName:
		_, habit = d.env.Past.Knew(baseline.Site, s, baseline.Normal(baseline.Site, c.value), c.first)
	case byURL, byPrint:
		return false, false
	}
	return habit, true
}

// lasting tells how much of the time that its host was at work since it began
// the channel fills with waits of its kind. Half of it is as good as all: turns
// are missed, and a beacon may have been ended.
// What lives for part of a day on a host that was known for days may be a page
// that somebody left open.
func lasting(c *channel, h *host, r rhythm) float64 {
	fills := min(2*float64(c.events)*r.Median/3600/atWork(c, h), 1)
	if c.last.Sub(c.first) < oneDay && h.last.Sub(h.first) >= knownFor {
		fills /= 2
	}
	return fills
}

// daily tells whether the period is near a whole number of days and not so
// exact that no person keeps it.
func daily(r rhythm) bool {
	const day = 86400
	n := math.Round(r.Median / day)
	return n >= 1 && math.Abs(r.Median-n*day) < 3*3600 && r.High-r.Low > 600
}

// common are ports that need no reason.
var common = []uint16{0, 22, 25, 53, 80, 110, 143, 443, 465, 587, 853, 993, 995, 5061, 5222, 5223, 5228, 8080, 8443}

// shaped tells a channel whose fingerprint is a port and a size.
func (c *channel) shaped() bool { return c.kind == byPrint && c.peer == 0 }

func odd(port uint16) bool { return !slices.Contains(common, port) }

// shapeName names what all peers on one port are sent as much of.
func shapeName(port uint16, size uint64) string {
	return fmt.Sprintf("about %d bytes to port %d", int(math.Exp2(math.Round(8*math.Log2(float64(size)))/8)), port)
}

func (d *detector) finding(f found) finding.Finding {
	c, h := f.c, &d.hosts.list[f.c.host]
	severity := finding.Low
	if f.s >= mediumScore {
		severity = finding.Medium
	}
	out := finding.Finding{
		Severity: severity, Confidence: uint8(min(35+50*f.s, 85)), Start: c.first, End: c.last,
		Refs: append(slices.Clone(c.refs), c.lastRef), Entities: []record.Entity{{Kind: "address", Value: h.addr.String(), Role: "originator"}},
	}
	out.Refs = slices.Compact(out.Refs)
	switch c.kind {
	case byName, byDomain:
		out.Entities = append(out.Entities, record.Entity{Kind: "domain", Value: c.value})
	case byURL:
		out.Entities = append(out.Entities, record.Entity{Kind: "url", Value: c.value})
	case byPrint:
		if what, value, ok := printEntity(c.value); ok {
			out.Entities = append(out.Entities, record.Entity{Kind: what, Value: value})
		}
	}
	if c.kind == byAddress && len(c.peers) == 0 { // a proxy told of it
		out.Entities = append(out.Entities, record.Entity{Kind: "address", Value: c.value, Role: "responder"})
	}
	for _, p := range c.peers {
		out.Entities = append(out.Entities, record.Entity{Kind: "address", Value: p.String(), Role: "responder"})
	}
	for _, n := range c.names {
		out.Entities = append(out.Entities, record.Entity{Kind: "domain", Value: n})
	}
	out.Why = d.reasons(f, h)
	if c.port != 0 && f.t.OddPort {
		out.Techniques = append(slices.Clone(Detector.Techniques), "T1571")
	}
	return out
}

// printEntity splits a fingerprint into the kind of its entity and its value.
func printEntity(s string) (kind, value string, ok bool) {
	for prefix, kind := range map[string]string{"certificate ": "certificate", "ja4 ": "ja4", "ja3 ": "ja3", "user agent ": "user_agent"} {
		if v, is := strings.CutPrefix(s, prefix); is {
			return kind, v, true
		}
	}
	return "", "", false
}

// reasons are the sentences of a finding.
func (d *detector) reasons(f found, h *host) []string {
	c, r, t := f.c, f.r, f.t
	whom := map[kind]string{byAddress: "%v was in contact with %q", byName: "%v was in contact with %q", byURL: "%v asked for %q", byDomain: "%v asked in DNS for names of %q", byPrint: "%v was in contact with peers that share %q"}[c.kind]
	why := []string{
		finding.Because(whom+" %d times in %v, mostly %v to %v apart (median %v)", h.addr, c.value, c.events, wait(c.last.Sub(c.first).Seconds()), wait(r.Low), wait(r.High), wait(r.Median)),
		finding.Because("%.0f %% of the time lies between contacts that keep this rhythm, hours with the host off left out; waits of people spread far more (evidence for a timer %.0f nats)", 100*r.Cover, r.Evidence),
	}
	if c.kind == byPrint {
		why = append(why, finding.Because("the fingerprint was met at about %d peers, none of which more than %d hosts talk to", c.distinct(), rarest))
	} else {
		why = append(why, finding.Because("%d of %d own hosts talk to it", t.Hosts, t.Of))
	}
	switch habit, known := d.habit(c, h); {
	case habit:
		why = append(why, "hunts before saw this host there already")
	case known:
		why = append(why, "hunts before know this host and never saw it there")
	case t.New == 1:
		why = append(why, finding.Because("it began at %v, while the host was known from %v on", c.first, h.first))
	case t.New == 0:
		why = append(why, "it was there when the evidence of this host began: whether it is new cannot be seen")
	}
	if started(t) > 0 {
		why = append(why, finding.Because("it came within %v of the host's coming up %d of %d times", startWithin, t.Starts, t.OfStarts))
	}
	if t.Bytes > 0 && machine(t) > 0.8 && !c.shaped() {
		why = append(why, finding.Because("each turn is one contact, and %.0f %% are of about the same size", 100*t.Same))
	}
	if t.Bytes > 0 && small(t) > 0.7 {
		why = append(why, finding.Because("a contact carries about %.0f bytes both ways: a question whether there is something to do takes no more", t.Bytes))
	}
	if a, err := netip.ParseAddr(c.value); t.Nameless && err == nil {
		n := d.env.Networks.Lookup(a)
		why = append(why, finding.Because("no name was asked for or told for this address (%v)", n))
	}
	if t.OddPort {
		why = append(why, finding.Because("port %d belongs to no common service", c.port))
	}
	if t.Silent {
		why = append(why, "nobody ever answered")
	}
	return why
}

// wait writes seconds as a person would.
func wait(s float64) string {
	switch {
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 2*3600:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 2*86400:
		return fmt.Sprintf("%.1f h", s/3600)
	}
	return fmt.Sprintf("%.1f days", s/86400)
}
