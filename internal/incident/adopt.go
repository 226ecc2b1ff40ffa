package incident

import (
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// adoption is a core finding that joined an incident although the evidence
// does not say on which host it happened.
type adoption struct {
	v    *view
	host node
}

// likely is the probability that findings of no known place belong to the one
// incident that shows the same set of behaviour: it is the only one to which
// they can, but they may be a story of their own.
const likely = 0.55

// adopt gives findings of no known place (a page found in a copy of a web
// root, a message in a mailbox) to the one incident that shows the same set of
// behaviour. When there is none, or more than one, they stay an incident of their own.
func (c *builder) adopt(groups []*group) {
	byFamily := map[string][]*group{} // placed ones, at most three of each
	var loose []*group
	for _, g := range groups {
		if !placed(g) {
			loose = append(loose, g)
			continue
		}
		for f := range families(g) {
			if len(byFamily[f]) < 3 {
				byFamily[f] = append(byFamily[f], g)
			}
		}
	}
	for _, g := range loose {
		fits := map[*group]bool{}
		var into *group
		for f := range families(g) {
			for _, other := range byFamily[f] {
				fits[other] = true
				into = other
			}
		}
		if len(fits) == 1 {
			c.adoptInto(into, g)
		}
	}
}

func (c *builder) adoptInto(into, g *group) {
	host, _ := mainSubject(into.views)
	j := finding.Join{
		Finding: g.views[0].f.ID, With: into.views[0].f.ID, Probability: likely,
		Because: finding.Because("the evidence names no place for it, and this is the only incident with the same set of behaviour (%.2f)", likely),
	}
	into.joins = append(append(into.joins, g.joins...), j)
	for _, v := range g.views {
		into.adopted = append(into.adopted, adoption{v, host})
	}
	into.views = append(into.views, g.views...)
	slices.SortFunc(into.views, compare)
	g.views = nil
	into.measure()
}

func placed(g *group) bool {
	return slices.ContainsFunc(g.views, func(v *view) bool { return len(v.subjects)+len(v.peers) > 0 })
}

// families are the dossiers that the findings' detections come from: VT of VT-09.
func families(g *group) map[string]bool {
	out := map[string]bool{}
	for _, v := range g.views {
		for _, id := range v.f.Dossier {
			family, _, _ := strings.Cut(id, "-")
			out[family] = true
		}
	}
	return out
}

// holder is a group and its first view that has some value.
type holder struct {
	g *group
	v *view
}

// maxHolders is how many incidents a value may belong to and still say where a
// low finding belongs.
const maxHolders = 8

// takeIn adds low findings to the incidents they share something with, near
// its time: the one with most in common, then the earliest.
func (c *builder) takeIn(groups []*group, low []*view) {
	byNode := map[node][]holder{}
	number := map[*group]int{}
	for i, g := range groups {
		number[g] = i
		mine := map[node]bool{}
		for _, v := range g.views {
			for _, t := range c.ties(v) {
				if list := byNode[t.node]; !mine[t.node] && len(list) <= maxHolders {
					mine[t.node] = true
					byNode[t.node] = append(list, holder{g, v})
				}
			}
		}
	}
	for _, v := range low {
		common := map[*group]int{}
		first := map[*group]finding.Join{}
		var best *group
		for _, t := range c.ties(v) {
			list := byNode[t.node]
			if len(list) > maxHolders {
				continue
			}
			for _, h := range list {
				if !near(h.g, v) {
					continue
				}
				if common[h.g]++; common[h.g] == 1 {
					first[h.g] = c.lowJoin(h, v, t.node)
				}
			}
		}
		for g, n := range common {
			if best == nil || n > common[best] || n == common[best] && number[g] < number[best] {
				best = g
			}
		}
		if best != nil {
			best.low = append(best.low, v)
			best.joins = append(best.joins, first[best])
		}
	}
}

// lowJoin says why a low finding belongs to an incident: the bond of what they
// share, whenever in the incident's time that was.
func (c *builder) lowJoin(h holder, v *view, n node) finding.Join {
	pa, pb := partOf(h.v, n), partOf(v, n)
	b, _ := c.bond(n, h.v, v, pa, pb)
	p := max(b.strength, threshold)
	return finding.Join{
		Finding: v.f.ID, With: h.v.f.ID, Shared: []record.Entity{n.entity()}, Probability: p,
		Because: finding.Because("a minor finding, taken in because both name %q within a day of the incident (%.2f)", n.value, p),
	}
}

func partOf(v *view, n node) part {
	switch {
	case slices.Contains(v.subjects, n):
		return acts
	case slices.Contains(v.peers, n):
		return reached
	}
	return thing
}

func near(g *group, v *view) bool {
	if v.span.Start == 0 || g.span.Start == 0 || v.rest {
		return true
	}
	return v.span.End >= g.span.Start.Add(-lowReach) && v.span.Start <= g.span.End.Add(lowReach)
}
