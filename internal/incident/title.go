package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/attack"
)

// title says in words what happened where, and how far it went.
func (c *builder) title(g *group, tactics []attack.Tactic) string {
	top := slices.MinFunc(g.views, func(a, b *view) int {
		return cmp.Or(-cmp.Compare(a.f.Severity, b.f.Severity), -cmp.Compare(a.f.Confidence, b.f.Confidence), compare(a, b))
	})
	var b strings.Builder
	b.WriteString(top.f.Title)
	own := c.ownSubjects(g.views)
	main, ok := mainSubject([]*view{top})
	if ok {
		fmt.Fprintf(&b, " on %s", main.value)
	}
	if others := len(own) - 1; ok && others > 0 {
		fmt.Fprintf(&b, " and %d other host%s", others, plural(others))
	}
	if len(tactics) > 1 {
		fmt.Fprintf(&b, ", %s to %s", strings.ToLower(tactics[0].Title()), strings.ToLower(tactics[len(tactics)-1].Title()))
	}
	return b.String()
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func (c *builder) ownSubjects(views []*view) map[node]bool {
	out := map[node]bool{}
	for _, v := range views {
		for _, n := range v.subjects {
			if c.own(n) {
				out[n] = true
			}
		}
	}
	return out
}

// mainSubject is what most of the views are about.
func mainSubject(views []*view) (node, bool) {
	count := map[node]int{}
	for _, v := range views {
		for _, n := range v.subjects {
			count[n]++
		}
	}
	var best node
	for n, k := range count {
		if k > count[best] || (k == count[best] && n.value < best.value) {
			best = n
		}
	}
	return best, count[best] > 0
}
