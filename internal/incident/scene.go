package incident

import (
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// slack is how much later than its effect a cause may be seen: clocks differ,
// and an exploit is often noticed after its first effect.
const slack = 10 * time.Minute

// scene is one incident as a whole, from which its story is told.
type scene struct {
	c        *builder
	g        *group
	all      []*view              // core and low ones, in order of time
	events   []*view              // core ones that happened at some time; all core ones when none did
	traces   map[node]*trace      // of own machines
	accounts map[node]bool        // that were misused
	acting   map[node]bool        // of these, those that are seen to act, not only to be asked about
	mails    map[node][]*view     // to accounts, of messages that name no machine
	edges    []*host.LogonEdge    // logons from or to machines of the incident, or by its accounts
	below    map[node]int         // machines with traces that the path leads to from a place
	arrived  map[node]record.Time // own machines that the path leads to from another own machine
}

// trace is what is seen of the intruder on one machine.
type trace struct {
	span  record.Span
	worst *view
	views []*view
}

// asking are techniques whose findings name accounts that need not be where the
// finding is: in whose name tickets were taken, whose passwords were tried, who
// was listed.
var asking = []attack.ID{"T1558", "T1110", "T1087"}

func (c *builder) scene(g *group, all []*view) *scene {
	s := &scene{c: c, g: g, all: all, traces: map[node]*trace{}, accounts: map[node]bool{}, acting: map[node]bool{}, mails: map[node][]*view{}, below: map[node]int{}, arrived: map[node]record.Time{}}
	s.events = slices.DeleteFunc(slices.Clone(g.views), func(v *view) bool { return v.rest })
	if len(s.events) == 0 {
		s.events = g.views
	}
	for _, v := range g.views {
		for _, n := range v.subjects {
			if c.own(n) && !c.passedOn(v, n) {
				s.trace(n, v)
			}
		}
		for _, n := range v.things {
			if n.kind == "account" && !c.popular[n] && !c.hubs[n] {
				s.accounts[n] = true
				s.acting[n] = s.acting[n] || !uses(v.f, asking)
			}
		}
	}
	for _, v := range s.events {
		for _, n := range v.things {
			if n.kind == "account" && len(v.subjects) == 0 {
				s.mails[n] = append(s.mails[n], v)
			}
		}
	}
	s.logons()
	return s
}

func (s *scene) trace(n node, v *view) {
	t := s.traces[n]
	if t == nil {
		t = &trace{worst: v}
		s.traces[n] = t
	}
	t.views = append(t.views, v)
	if v.f.Severity > t.worst.f.Severity {
		t.worst = v
	}
	if !v.rest {
		t.span.Grow(v.span.Start)
		t.span.Grow(v.span.End)
	}
}

// logons picks the logons that touch the incident's machines or accounts.
func (s *scene) logons() {
	if len(s.traces) == 0 {
		return
	}
	for _, e := range s.c.opt.Logons {
		from, to := s.c.endOf(e.From, e.TS), s.c.endOf(e.To, e.TS)
		if s.traces[from] != nil || s.traces[to] != nil || s.accounts[node{"account", s.c.accountOf(e.User)}] {
			s.edges = append(s.edges, e)
		}
	}
}

// accountOf is the account of a logon as findings know it; one of the same name
// in another domain is another.
func (c *builder) accountOf(user string) string {
	name, domain := account(user), domainOf(user)
	if known := c.domains[name]; domain != "" && len(known) == 1 && !known[domain] {
		return ""
	}
	return c.account(user)
}

// endOf is an end of a logon as findings know it.
func (c *builder) endOf(name string, ts record.Time) node {
	if ip, err := netip.ParseAddr(name); err == nil {
		n, _ := c.addressNode(ip, ts)
		return n
	}
	return node{"host", HostName(name)}
}

// machines are the own machines with traces, in the order of their first.
func (s *scene) machines() []node {
	out := make([]node, 0, len(s.traces))
	for n := range s.traces {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b node) int {
		return compareNodes(s.traces[a].span.Start, s.traces[b].span.Start, a, b)
	})
	return out
}

// first is the first trace at a time that counts.
func (s *scene) first() record.Time { return s.g.span.Start }

// clocks are those of the incident's sources that are off.
func (s *scene) clocks() []finding.Clock {
	if s.c.opt.Clock == nil {
		return nil
	}
	var out []finding.Clock
	for _, v := range s.all {
		k := s.c.opt.Clock(v.f)
		if k != nil && !slices.ContainsFunc(out, func(o finding.Clock) bool { return o.Source == k.Source }) {
			out = append(out, *k)
		}
	}
	return out
}
