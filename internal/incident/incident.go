// Package incident joins findings that belong together into incidents: ten
// thousand findings of one intrusion become one timeline with an entry point,
// a path and its evidence.
//
// Findings are joined when they share an identity (a host under any of its
// names and addresses, an outside address, a domain, a server-side page, a
// hash, a person's account) within a time that fits that identity. What
// everybody shares (resolvers, domain controllers, popular services, accounts
// such as SYSTEM) joins nothing from a distance, so that two intrusions in the
// same network stay two incidents. Findings of low severity make no incident;
// they join one.
package incident

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Options of Build.
type Options struct {
	HomeNet []netip.Prefix // own networks; private addresses when empty
	Aliases *Aliases       // may be nil
}

const (
	hubFan   = 4              // own hosts that talk to a host: more than any intruder's stepping stone has
	hubPeers = 12             // distinct subjects whose findings share a value: it tells nothing apart
	day      = 24 * time.Hour //
	lowReach = day            // how far outside its span an incident takes in low findings
	forever  = 1<<63 - 1      //
	longStay = 100 * day      // an intruder's return after a quarter of a year is the same intrusion
	oneMove  = 14 * day       // a host was reached, then acts itself
	oneLogin = 3 * day        // an account that was misused
	hubStay  = 7 * day        // several things on one domain controller
)

// builder holds what Build needs while it runs.
type builder struct {
	opt     Options
	aliases *Aliases
	fans    map[node]int
	views   []*view // of core findings, in time order
	sets    []int   // union-find over views
	hubs    map[node]bool
	domains map[string]map[string]bool // of accounts, by name
}

// Build joins findings, which must be sealed, into incidents: the worst first,
// then the earliest. Findings keep their order in the input.
func Build(findings []finding.Finding, opt Options) []finding.Incident {
	c := &builder{opt: opt, aliases: opt.Aliases, fans: opt.Aliases.fanOf(), hubs: map[node]bool{}, domains: domainsOf(findings)}
	var low []*view
	for i := range findings {
		v := c.see(&findings[i])
		if v.f.Severity >= finding.Medium {
			c.views = append(c.views, v)
		} else {
			low = append(low, v)
		}
	}
	byTime := func(a, b *view) int { return finding.Compare(a.f, b.f) }
	slices.SortFunc(c.views, byTime)
	slices.SortFunc(low, byTime)
	c.findHubs()
	c.link()
	groups := c.groups()
	c.adopt(groups)
	groups = slices.DeleteFunc(groups, func(g *group) bool { return len(g.views) == 0 })
	c.takeIn(groups, low)
	out := make([]finding.Incident, 0, len(groups))
	for _, g := range groups {
		out = append(out, c.tell(g))
	}
	slices.SortFunc(out, func(a, b finding.Incident) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// group is an incident in the making.
type group struct {
	views   []*view // core findings
	low     []*view
	adopted []adoption
	keys    map[node]bool // what low findings may share with it
	span    record.Span
}

// tell turns a group into an incident.
func (c *builder) tell(g *group) finding.Incident {
	all := slices.Concat(g.views, g.low)
	slices.SortFunc(all, func(a, b *view) int { return finding.Compare(a.f, b.f) })
	inc := finding.Incident{Start: g.span.Start, End: g.span.End}
	for _, v := range all {
		inc.Findings = append(inc.Findings, v.f)
	}
	inc.Tactics = tacticsOf(g.views)
	inc.Severity = severityOf(g.views, len(inc.Tactics))
	inc.Entry = c.entry(g)
	inc.Edges = c.edges(g, all)
	inc.Entities = entities(all)
	inc.Title = c.title(g, inc.Tactics)
	inc.ID = id(g)
	return inc
}

// id depends on the earliest core finding only, so that further evidence of
// the same intrusion keeps it.
func id(g *group) string {
	h := sha256.Sum256([]byte(g.views[0].f.ID))
	return "i-" + hex.EncodeToString(h[:8])
}

// severityOf is the worst severity, raised by one when the findings reach
// across the kill chain: a single alarm may be an accident, five tactics are not.
func severityOf(views []*view, tactics int) finding.Severity {
	worst := finding.Info
	subjects := map[node]bool{}
	for _, v := range views {
		worst = max(worst, v.f.Severity)
		for _, n := range v.subjects {
			subjects[n] = true
		}
	}
	if worst < finding.Critical && (tactics >= 5 || (tactics >= 4 && len(subjects) >= 2)) {
		worst++
	}
	return worst
}

func (n node) String() string { return fmt.Sprintf("%s %s", n.kind, n.value) }

func (n node) entity() record.Entity {
	kind := n.kind
	if kind == "account" {
		kind = "user"
	}
	return record.Entity{Kind: kind, Value: n.value}
}
