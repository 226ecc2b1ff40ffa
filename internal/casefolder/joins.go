package casefolder

import (
	"cmp"
	"slices"

	"longwatch/internal/finding"
)

// weakest are the n joins of least probability, in their own order.
func weakest(joins []finding.Join, n int) []finding.Join {
	if len(joins) <= n {
		return joins
	}
	at := make([]int, len(joins))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(joins[a].Probability, joins[b].Probability) })
	at = at[:n]
	slices.Sort(at)
	out := make([]finding.Join, n)
	for i, k := range at {
		out[i] = joins[k]
	}
	return out
}

// joinsOf maps the ids of findings to what joined them to their incident. A
// finding that several groups have a part in joined them all.
func (c *Case) joinsOf() map[string][]*finding.Join {
	m := map[string][]*finding.Join{}
	for _, i := range c.Incidents {
		for k := range i.Joins {
			x := &i.Joins[k]
			m[x.Finding] = append(m[x.Finding], x)
		}
	}
	return m
}
