package incident

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/record"
)

// shared are domains that belong to nobody's intrusion: infrastructure that
// any host of any organisation uses, and file sharing that is abused and used.
var shared = []string{
	"microsoft.com", "windows.com", "windowsupdate.com", "office.com", "office365.com", "live.com", "msftncsi.com", "msftconnecttest.com",
	"azure.com", "google.com", "googleapis.com", "gstatic.com", "github.com", "githubusercontent.com", "mega.nz", "mega.co.nz", "dropbox.com",
	"amazonaws.com", "cloudfront.net", "akamai.net", "akamaiedge.net", "cloudflare.com", "digicert.com", "apple.com", "ip-api.com",
	"in-addr.arpa", "ip6.arpa", "local", "localdomain", "lan", "internal",
}

// key is a value by which a view is joined to others, and for how long.
type key struct {
	node
	window time.Duration
}

// keys are the values of v that tell intrusions apart.
func (c *builder) keys(v *view) []key {
	var out []key
	for _, n := range v.subjects {
		switch {
		case c.hub(n) && c.own(n):
			out = append(out, key{n, hubStay})
		case !c.hub(n):
			out = append(out, key{n, longStay})
		}
	}
	for _, n := range v.peers {
		switch {
		case c.hub(n):
		case c.own(n):
			out = append(out, key{n, oneMove})
		default:
			out = append(out, key{n, longStay})
		}
	}
	for _, n := range v.things {
		switch n.kind {
		case "account":
			if !c.hubs[n] {
				out = append(out, key{n, oneLogin})
			}
		case "domain", "email":
			if !c.hubs[n] && !isShared(n.value) {
				out = append(out, key{n, longStay})
			}
		case "file", "hash":
			if !c.hubs[n] {
				out = append(out, key{n, forever}) // times of files are what the intruder wants them to be
			}
		}
	}
	return out
}

func isShared(domain string) bool {
	for _, s := range shared {
		if domain == s || strings.HasSuffix(domain, "."+s) {
			return true
		}
	}
	return false
}

// hub tells whether n is something that many own hosts use.
func (c *builder) hub(n node) bool { return c.fans[n] >= hubFan || c.hubs[n] }

// findHubs marks values that the findings of many different hosts share
// without one being the cause of the other.
func (c *builder) findHubs() {
	around := map[node]map[node]bool{}
	for _, v := range c.views {
		for _, n := range slices.Concat(v.peers, v.things) {
			if around[n] == nil {
				around[n] = map[node]bool{}
			}
			for _, s := range v.subjects {
				around[n][s] = true
			}
		}
	}
	for n, subjects := range around {
		// An outside address or a hash on many hosts is an outbreak, and one incident.
		if (n.kind == "account" || n.kind == "domain" || c.own(n)) && len(subjects) >= hubPeers && n.kind != "hash" {
			c.hubs[n] = true
		}
	}
}

// link joins views that share a key within its window.
func (c *builder) link() {
	c.sets = make([]int, len(c.views))
	for i := range c.sets {
		c.sets[i] = i
	}
	last := map[node]seen{}
	for i, v := range c.views {
		for _, k := range c.keys(v) {
			if s, ok := last[k.node]; ok && gap(c.views[s.view].f.End, v.f.Start) <= min(k.window, s.window) {
				c.join(s.view, i)
			}
			last[k.node] = seen{i, k.window}
		}
	}
}

// seen is the last view with some key.
type seen struct {
	view   int
	window time.Duration
}

// gap is the time between two findings; an unknown time fits anywhere.
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
		if !v.atRest() {
			g.span.Grow(v.f.Start)
			g.span.Grow(v.f.End)
		}
	}
	if g.span.Start != 0 {
		return
	}
	for _, v := range g.views {
		g.span.Grow(v.f.Start)
		g.span.Grow(v.f.End)
	}
}

// atRest tells whether v is about a file as it was found, not about an event.
func (v *view) atRest() bool {
	return len(v.f.Refs) > 0 && !slices.ContainsFunc(v.f.Refs, func(r record.Ref) bool { return r.Kind != record.RefFile })
}
