package incident

import (
	"slices"
	"strings"
)

// adoption is a core finding that joined an incident although the evidence
// does not say on which host it happened.
type adoption struct {
	v    *view
	host node
}

// adopt gives findings of no known place (a page found in a copy of a web
// root, a message in a mailbox) to the one incident that shows the same set of
// behaviour. When there is none, or more than one, they stay an incident of their own.
func (c *builder) adopt(groups []*group) {
	for _, g := range groups {
		if placed(g) {
			continue
		}
		var into *group
		fits := 0
		for _, other := range groups {
			if other != g && len(other.views) > 0 && placed(other) && shareFamily(g, other) {
				into, fits = other, fits+1
			}
		}
		if fits != 1 {
			continue
		}
		host, _ := mainSubject(into.views)
		for _, v := range g.views {
			into.adopted = append(into.adopted, adoption{v, host})
		}
		into.views = append(into.views, g.views...)
		slices.SortFunc(into.views, func(a, b *view) int { return compare(a, b) })
		g.views = nil
		into.measure()
	}
}

func placed(g *group) bool {
	return slices.ContainsFunc(g.views, func(v *view) bool { return len(v.subjects)+len(v.peers) > 0 })
}

func shareFamily(a, b *group) bool {
	in := families(a)
	for f := range families(b) {
		if in[f] {
			return true
		}
	}
	return false
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

// takeIn adds low findings to the incidents they share something with, near
// its time: the one with most in common, then the earliest.
func (c *builder) takeIn(groups []*group, low []*view) {
	byKey := map[node][]*group{}
	for _, g := range groups {
		g.keys = map[node]bool{}
		for _, v := range g.views {
			for _, k := range c.keys(v) {
				if !g.keys[k.node] {
					g.keys[k.node] = true
					byKey[k.node] = append(byKey[k.node], g)
				}
			}
		}
	}
	for _, v := range low {
		common := map[*group]int{}
		for _, k := range c.keys(v) {
			for _, g := range byKey[k.node] {
				if near(g, v) {
					common[g]++
				}
			}
		}
		var best *group
		for _, g := range groups {
			if common[g] > 0 && (best == nil || common[g] > common[best]) {
				best = g
			}
		}
		if best != nil {
			best.low = append(best.low, v)
		}
	}
}

func near(g *group, v *view) bool {
	if v.f.Start == 0 || g.span.Start == 0 || v.atRest() {
		return true
	}
	return v.f.End >= g.span.Start.Add(-lowReach) && v.f.Start <= g.span.End.Add(lowReach)
}
