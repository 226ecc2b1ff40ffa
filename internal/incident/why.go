package incident

import (
	"cmp"
	"slices"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const maxReasons = 5 // shared values that are named

// why says in a few sentences why the findings are one incident: what ties most
// of them, and the tie on which it hangs.
func (s *scene) why() []string {
	joins := s.g.joins
	if len(joins) == 0 {
		return []string{"there is one finding"}
	}
	out := []string{finding.Because("%d findings, tied by %d joins, each of which is at least as likely as not; the threshold is %.2f", len(s.all), len(joins), threshold)}
	type tally struct {
		n     int
		least float64
		most  float64
	}
	by := map[record.Entity]*tally{}
	var order []record.Entity
	for i := range joins {
		if len(joins[i].Shared) == 0 {
			continue
		}
		e := joins[i].Shared[0]
		t := by[e]
		if t == nil {
			t = &tally{least: 1}
			by[e] = t
			order = append(order, e)
		}
		t.n++
		t.least, t.most = min(t.least, joins[i].Probability), max(t.most, joins[i].Probability)
	}
	slices.SortStableFunc(order, func(a, b record.Entity) int { return -cmp.Compare(by[a].n, by[b].n) })
	for _, e := range order[:min(len(order), maxReasons)] {
		t := by[e]
		out = append(out, finding.Because("%d by %s %q, %.2f to %.2f", t.n, e.Kind, e.Value, t.least, t.most))
	}
	if rest := len(order) - maxReasons; rest > 0 {
		out = append(out, finding.Because("the others by %d more values", rest))
	}
	return append(out, s.hangs()...)
}

// hangs tells what is left without the weakest join.
func (s *scene) hangs() []string {
	joins := s.g.joins[:len(s.g.joins)-len(s.g.low)] // those of minor findings come last
	if len(joins) == 0 {
		return nil
	}
	weakest := 0
	for i := range joins {
		if joins[i].Probability < joins[weakest].Probability {
			weakest = i
		}
	}
	parent := map[string]string{}
	find := func(id string) string {
		for parent[id] != "" {
			if up := parent[parent[id]]; up != "" {
				parent[id] = up
			}
			id = parent[id]
		}
		return id
	}
	for i := range joins {
		a, b := find(joins[i].Finding), find(joins[i].With)
		if i != weakest && a != b {
			parent[a] = b
		}
	}
	part := find(joins[weakest].Finding)
	n := 0
	for _, v := range s.g.views {
		if find(v.f.ID) == part {
			n++
		}
	}
	n = min(n, len(s.g.views)-n)
	if n == 0 {
		return nil
	}
	return []string{finding.Because("the weakest tie: %s; without it %d of the %d findings of medium severity and above would be an incident of their own", joins[weakest].Because, n, len(s.g.views))}
}
