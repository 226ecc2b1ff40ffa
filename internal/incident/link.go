package incident

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// sharedDomains belong to nobody's intrusion: infrastructure that any host of any
// organisation uses, and file sharing that is abused and used.
var sharedDomains = []string{
	"microsoft.com", "windows.com", "windowsupdate.com", "office.com", "office365.com", "live.com", "msftncsi.com", "msftconnecttest.com",
	"azure.com", "google.com", "googleapis.com", "gstatic.com", "github.com", "githubusercontent.com", "mega.nz", "mega.co.nz", "dropbox.com",
	"amazonaws.com", "cloudfront.net", "akamai.net", "akamaiedge.net", "cloudflare.com", "digicert.com", "apple.com", "ip-api.com",
	"in-addr.arpa", "ip6.arpa", "local", "localdomain", "lan", "internal",
}

func isShared(domain string) bool {
	for _, s := range sharedDomains {
		if domain == s || strings.HasSuffix(domain, "."+s) {
			return true
		}
	}
	return false
}

// maxSlots is how many groups are remembered with each value: what more than
// that many share tells nothing apart, and the cost stays linear.
const maxSlots = 4

// slot is the last view of a group that has some value.
type slot struct{ view int }

// link joins each view to the earlier groups that it is of one intrusion with,
// in the order of time. Every join is kept: together they say why an incident
// is one.
func (c *builder) link() {
	c.sets, c.hands = make([]int, len(c.views)), make([]hands, len(c.views))
	for i := range c.sets {
		c.sets[i] = i
	}
	slots := map[tie][]slot{}
	var near map[int]*kinship
	for i, v := range c.views {
		near = map[int]*kinship{}
		ties := c.ties(v)
		for _, t := range ties {
			for _, p := range [...]part{acts, reached, thing} {
				if (p == thing) != (t.part == thing) {
					continue
				}
				for _, s := range slots[tie{t.node, p}] {
					c.compare(near, t, p, s.view, i)
				}
			}
		}
		c.hands[i] = handsOf(v)
		c.unite(i, near)
		for _, t := range ties {
			slots[t] = c.remember(slots[t], i)
		}
	}
}

// joined is a join with the place of its later view.
type joined struct {
	view int
	finding.Join
}

// compare adds what view i shares with view j by t to the kinship with j's group.
func (c *builder) compare(near map[int]*kinship, t tie, pj part, j, i int) {
	a, b := c.views[j], c.views[i]
	bd, f := c.bond(t.node, a, b, pj, t.part)
	if bd.strength == 0 {
		return
	}
	s := shared{node: t.node, pa: pj, pb: t.part, gap: apart(a, b)}
	if s.gap < 0 {
		s.p = bd.strength * 0.9
	} else {
		if bd.window != forever {
			bd.window = time.Duration(float64(bd.window) * sureness(a, b))
		}
		s.p = bd.at(s.gap)
	}
	root := c.find(j)
	k := near[root]
	if k == nil {
		k = &kinship{}
		near[root] = k
	}
	k.add(f, s, j)
}

// remember puts view i in the place of the last view of its group.
func (c *builder) remember(list []slot, i int) []slot {
	root := c.find(i)
	list = slices.DeleteFunc(list, func(s slot) bool { return c.find(s.view) == root })
	if len(list) == maxSlots {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, slot{i})
}

// apart is the time between two views; -1 when one is about a file at rest or
// of unknown time, which fits anywhere.
func apart(a, b *view) time.Duration {
	switch {
	case a.rest || b.rest || a.span.Start == 0 || b.span.Start == 0:
		return -1
	case b.span.Start > a.span.End:
		return b.span.Start.Sub(a.span.End)
	case a.span.Start > b.span.End:
		return a.span.Start.Sub(b.span.End)
	}
	return 0
}

// hub tells whether n is something that many own hosts use.
func (c *builder) hub(n node) bool { return c.fans[n] >= hubFan || c.hubs[n] }

// findHubs marks values that the findings of many different hosts share
// without one being the cause of the other, and machines that reach everybody.
func (c *builder) findHubs() {
	around := map[node]map[node]bool{}
	unsure := map[node]int{} // findings of little confidence that name it
	out := map[node]*outgoing{}
	for _, v := range c.views {
		for _, n := range slices.Concat(v.peers, v.things) {
			if around[n] == nil {
				around[n] = map[node]bool{}
			}
			for _, s := range v.subjects {
				around[n][s] = true
			}
			if v.f.Confidence < 70 {
				unsure[n]++
			}
		}
		c.outgoings(out, v)
	}
	for n, subjects := range around {
		if len(subjects) < hubPeers {
			continue
		}
		// An outside address, a hash or a sure domain on many hosts is an outbreak, and one incident.
		if n.kind == "account" || c.own(n) && n.kind != "hash" || n.kind == "domain" && unsure[n] > 0 {
			c.hubs[n] = true
		}
	}
	for n, o := range out {
		if len(around[n]) == 0 && o.lone() {
			c.sweepers[n] = true
		}
	}
}

// outgoing is what the findings about a machine have in common.
type outgoing struct {
	peers   map[node]bool
	titles  map[string]bool
	outside bool // it also has dealings with the outside
}

// lone tells whether a machine does one thing to many and nothing else: a
// scanner, a backup or an inventory server rather than a stepping stone.
func (o *outgoing) lone() bool {
	return len(o.peers) >= hubPeers && len(o.titles) <= 2 && !o.outside
}

func (c *builder) outgoings(out map[node]*outgoing, v *view) {
	for _, s := range v.subjects {
		o := out[s]
		if o == nil {
			o = &outgoing{peers: map[node]bool{}, titles: map[string]bool{}}
			out[s] = o
		}
		o.titles[v.f.Title] = true
		for _, p := range v.peers {
			if c.own(p) {
				o.peers[p] = true
			} else {
				o.outside = true
			}
		}
	}
}

// gap is the time between two points; an unknown time fits anywhere.
func gap(end, start record.Time) time.Duration {
	if end == 0 || start == 0 || start < end {
		return 0
	}
	return start.Sub(end)
}

func (c *builder) find(i int) int {
	for c.sets[i] != i {
		c.sets[i] = c.sets[c.sets[i]]
		i = c.sets[i]
	}
	return i
}

func (c *builder) join(i, j int) {
	a, b := c.find(i), c.find(j)
	c.sets[max(a, b)] = min(a, b)
}

// groups are the joined views, in the order of their earliest.
func (c *builder) groups() []*group {
	byRoot := map[int]*group{}
	var out []*group
	for i, v := range c.views {
		root := c.find(i)
		g := byRoot[root]
		if g == nil {
			g = &group{}
			byRoot[root] = g
			out = append(out, g)
		}
		g.views = append(g.views, v)
	}
	for _, j := range c.joins {
		g := byRoot[c.find(j.view)]
		g.joins = append(g.joins, j.Join)
	}
	for _, g := range out {
		g.measure()
	}
	return out
}

// measure sets the span. Files at rest (cited as a whole) carry a time that an
// intruder can set, so they count only when there is nothing else.
func (g *group) measure() {
	g.span = record.Span{}
	for _, v := range g.views {
		if !v.rest {
			g.span.Grow(v.span.Start)
			g.span.Grow(v.span.End)
		}
	}
	if g.span.Start != 0 {
		return
	}
	for _, v := range g.views {
		g.span.Grow(v.span.Start)
		g.span.Grow(v.span.End)
	}
}

// atRest tells whether f is about a file as it was found, not about an event.
func atRest(f *finding.Finding) bool {
	return len(f.Refs) > 0 && !slices.ContainsFunc(f.Refs, func(r record.Ref) bool { return r.Kind != record.RefFile })
}
