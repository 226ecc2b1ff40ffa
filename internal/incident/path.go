package incident

import (
	"cmp"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	maxEdges    = 400 // the most severe ones are kept
	maxEntities = 200 // the most connected ones are kept
	entrySlack  = day // clocks differ, and an exploit is often noticed after its first effect
)

func compare(a, b *view) int { return finding.Compare(a.f, b.f) }

// entries are techniques by which somebody comes in.
var entries = []attack.ID{"T1190", "T1133", "T1566", "T1189", "T1195", "T1199", "T1091", "T1200", "T0819", "T0822", "T0866"}

// footholds show where somebody came in when the way in itself was not seen.
var footholds = []attack.ID{"T1505.003", "T1204", "T1078"}

func uses(f *finding.Finding, ids []attack.ID) bool {
	return slices.ContainsFunc(f.Techniques, func(id attack.ID) bool {
		return slices.Contains(ids, id) || slices.Contains(ids, id.Parent())
	})
}

// entry is where the incident began as far as the evidence shows: the first
// way in, if nothing else happened well before it; else the first foothold on
// the same terms; else the first trace.
func (c *builder) entry(g *group) *finding.Step {
	events := slices.DeleteFunc(slices.Clone(g.views), (*view).atRest)
	if len(events) == 0 {
		events = g.views
	}
	first := events[0]
	for _, kind := range [][]attack.ID{entries, footholds} {
		i := slices.IndexFunc(events, func(v *view) bool { return uses(v.f, kind) })
		if i >= 0 && gap(first.f.Start, events[i].f.Start) <= entrySlack {
			why := finding.Because("first way in that the evidence shows: %s", events[i].f.Title)
			return c.step(events[i], why)
		}
	}
	return c.step(first, finding.Because("earliest trace; the evidence does not show how it came about: %s", first.f.Title))
}

func (c *builder) step(v *view, why string) *finding.Step {
	s := &finding.Step{Time: v.f.Start, Finding: v.f.ID, Why: why}
	if i := slices.IndexFunc(v.f.Entities, func(e record.Entity) bool { return e.Kind == "email" && e.Role == "sender" }); i >= 0 && len(v.subjects) == 0 {
		s.Entity = v.f.Entities[i] // of a message, who sent it, before envelope and answers
		return s
	}
	for _, n := range slices.Concat(v.subjects, v.peers, v.things) {
		if c.own(n) || (n.kind == "email" && len(v.subjects) == 0) {
			s.Entity = n.entity()
			return s
		}
	}
	if len(v.f.Entities) > 0 {
		s.Entity = v.f.Entities[0]
	}
	return s
}

// tacticsOf are the tactics of the core findings, in ATT&CK order. Of a
// technique that serves several only the first counts, so that one finding
// does not look like a whole intrusion.
func tacticsOf(views []*view) []attack.Tactic {
	have := map[attack.Tactic]bool{}
	for _, v := range views {
		for _, id := range v.f.Techniques {
			if t := attack.TacticsOf(id); len(t) > 0 {
				have[t[0]] = true
			}
		}
	}
	var out []attack.Tactic
	for _, t := range attack.Tactics {
		if have[t] {
			out = append(out, t)
		}
	}
	return out
}

// edges say who reached whom, with the findings that show it. The label is the
// title of the most severe of them.
func (c *builder) edges(g *group, all []*view) []finding.Edge {
	type pair struct{ from, to node }
	at := map[pair]int{}
	var out []finding.Edge
	var worst []finding.Severity
	put := func(from, to node, label string, f *finding.Finding) {
		i, ok := at[pair{from, to}]
		if !ok {
			i = len(out)
			at[pair{from, to}] = i
			out = append(out, finding.Edge{From: from.entity(), To: to.entity(), Label: label})
			worst = append(worst, f.Severity)
		}
		if f.Severity > worst[i] {
			worst[i], out[i].Label = f.Severity, label
		}
		if len(out[i].Findings) < maxEdges {
			out[i].Findings = append(out[i].Findings, f.ID)
		}
	}
	for _, v := range all {
		for _, e := range v.pairs() {
			put(e[0], e[1], v.f.Title, v.f)
		}
	}
	for _, a := range g.adopted {
		for _, n := range a.v.things {
			put(n, a.host, "same set of behaviour; the evidence names no host for it", a.v.f)
		}
	}
	order := make([]int, len(out))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return -cmp.Compare(worst[a], worst[b]) })
	order = order[:min(len(order), maxEdges)]
	slices.Sort(order)
	kept := make([]finding.Edge, len(order))
	for i, j := range order {
		kept[i] = out[j]
	}
	return kept
}

// pairs are the edges that one finding shows, from who acted to what was reached.
func (v *view) pairs() [][2]node {
	var out [][2]node
	outside := func(n node) bool {
		for _, e := range v.f.Entities {
			if e.Role == "originator" && e.Value == n.value {
				return true
			}
		}
		return false
	}
	for _, s := range v.subjects {
		for _, p := range v.peers {
			if outside(p) {
				out = append(out, [2]node{p, s})
			} else {
				out = append(out, [2]node{s, p})
			}
		}
		for _, t := range v.things {
			if t.kind == "account" || t.kind == "email" {
				out = append(out, [2]node{t, s})
			} else {
				out = append(out, [2]node{s, t})
			}
		}
	}
	if len(v.subjects) == 0 {
		out = append(out, v.mails()...)
	}
	return out
}

// mails are the edges of a message: from its sender to its recipients.
func (v *view) mails() [][2]node {
	var from, to []node
	for _, e := range v.f.Entities {
		if e.Kind != "email" {
			continue
		}
		n := node{"email", strings.ToLower(e.Value)}
		if e.Role == "sender" {
			from = add(from, n)
		} else {
			to = add(to, n)
		}
	}
	var out [][2]node
	for _, f := range from {
		for _, t := range to {
			out = append(out, [2]node{f, t})
		}
	}
	return out
}

// entities are what the findings touch, most connected first. Addresses that
// are known to be a host's stand beside it.
func entities(all []*view) []record.Entity {
	count := map[record.Entity]int{}
	for _, v := range all {
		mine := map[record.Entity]bool{}
		for _, n := range slices.Concat(v.subjects, v.peers, v.things) {
			mine[n.entity()] = true
		}
		for _, e := range v.f.Entities {
			if e.Kind != "host" && e.Kind != "user" && e.Kind != "domain" {
				mine[record.Entity{Kind: e.Kind, Value: e.Value}] = true
			}
		}
		for e := range mine {
			count[e]++
		}
	}
	out := make([]record.Entity, 0, len(count))
	for e := range count {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b record.Entity) int {
		return cmp.Or(-cmp.Compare(count[a], count[b]), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), maxEntities)]
}
