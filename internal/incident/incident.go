// Package incident joins findings that belong together into incidents: ten
// thousand findings of one intrusion become one timeline with an entry point,
// a path and its evidence.
//
// Findings are joined by what they share: a host under any of its names and
// addresses, an outside address, a domain, a server-side page, a hash, a
// session, a person's account. Each shared value has a probability that both
// findings are of one intrusion, which falls with the time between them and
// with how many use that value anyway; values that do not depend on each other
// add up (noisy-or), and from one half on findings are joined. What everybody
// shares (resolvers, domain controllers, scanners, popular services, accounts
// such as SYSTEM) joins nothing from a distance, so that two intrusions in the
// same network stay two incidents. Every join is kept with its reasons.
// Findings of low severity make no incident; they join one.
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
	"longwatch/internal/record/host"
)

// Options of Build. All but HomeNet may be left out: less is then known.
type Options struct {
	HomeNet []netip.Prefix                        // own networks; private addresses when empty
	Aliases *Aliases                              // who had which address, and what is everybody's
	Witness *Witness                              // sessions of cited records
	Logons  []*host.LogonEdge                     // who went from where to where, in the order of time
	Files   map[string]record.Span                // first and last record of each file of evidence
	Clock   func(*finding.Finding) *finding.Clock // of the source that timed a finding, if it is off; may return nil
	End     record.Time                           // of all evidence
	Memory  Memory                                // what hunts before have seen; may be nil
}

const (
	hubFan     = 4                // own hosts that talk to a host: more than any intruder's stepping stone has
	hubPeers   = 12               // distinct subjects whose findings share a value: it tells nothing apart
	day        = 24 * time.Hour   //
	lowReach   = day              // how far outside its span an incident takes in low findings
	forever    = 1<<63 - 1        //
	longStay   = 100 * day        // an intruder's return after a quarter of a year is the same intrusion
	oneMove    = 14 * day         // a host was reached, then acts itself
	oneMeeting = 5 * day          // a host was reached from two others
	oneLogin   = 3 * day          // an account that was misused
	hubStay    = 7 * day          // several things on one domain controller
	atOnce     = 30 * time.Minute // a domain controller was reached, then acts itself
)

// builder holds what Build needs while it runs.
type builder struct {
	opt       Options
	aliases   *Aliases
	fans      map[node]int
	views     []*view // of core findings, in time order
	sets      []int   // union-find over views
	hands     []hands // by root
	joins     []joined
	hubs      map[node]bool
	popular   map[node]bool              // accounts that many machines see
	common    map[node]bool              // digests of programs that many machines start
	sweepers  map[node]bool              // machines that reach everybody
	resolvers map[node]bool              // machines that answer questions for names
	domains   map[string]map[string]bool // of accounts, by name
}

func newBuilder(findings []finding.Finding, opt Options) *builder {
	return &builder{
		opt: opt, aliases: opt.Aliases, fans: opt.Aliases.fanOf(), hubs: map[node]bool{}, popular: opt.Aliases.popular(),
		common: opt.Aliases.common(), sweepers: opt.Aliases.sweepers(), resolvers: opt.Aliases.resolvers(), domains: domainsOf(findings),
	}
}

// Build joins findings, which must be sealed, into incidents: the worst first,
// then the earliest. Findings keep their order in the input.
func Build(findings []finding.Finding, opt Options) []finding.Incident {
	c := newBuilder(findings, opt)
	var low []*view
	for i := range findings {
		v := c.see(&findings[i])
		if v.f.Severity >= finding.Medium {
			c.views = append(c.views, v)
		} else {
			low = append(low, v)
		}
	}
	slices.SortFunc(c.views, compare)
	slices.SortFunc(low, compare)
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
	joins   []finding.Join
	span    record.Span // of the events, with all clocks corrected
}

// tell turns a group into an incident.
func (c *builder) tell(g *group) finding.Incident {
	all := slices.Concat(g.views, g.low)
	slices.SortFunc(all, compare)
	inc := finding.Incident{Start: g.span.Start, End: g.span.End, Joins: g.joins}
	for _, v := range all {
		inc.Findings = append(inc.Findings, v.f)
	}
	inc.Tactics = tacticsOf(g.views)
	inc.Severity = severityOf(g.views, len(inc.Tactics))
	inc.Edges = c.edges(g, all)
	inc.Entities = entities(all)
	inc.Title = c.title(g, inc.Tactics)
	inc.ID = id(g)
	s := c.scene(g, all)
	inc.Path = s.path()
	inc.Entry, inc.Alternatives = s.entries(inc.Path)
	inc.Reach = s.reach()
	inc.Dwell = s.dwell(inc.Entry, inc.Reach)
	inc.Clocks = s.clocks()
	inc.Why = s.why()
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
