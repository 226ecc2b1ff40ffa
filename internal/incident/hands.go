package incident

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// hands are the accounts that act in a group of findings: in whose name
// somebody works. Two intruders on one machine share the machine; they do not
// share the accounts that each of them took.
type hands map[node]bool

// handsOf are the accounts that act in v. A number of a user of one machine is
// nobody's name, and whom a finding only asks about does not act in it.
func handsOf(v *view) hands {
	out := hands{}
	for _, n := range v.things {
		if n.kind == "account" && !strings.HasPrefix(n.value, "uid ") && !uses(v.f, asking) {
			out[n] = true
		}
	}
	return out
}

// strangeTo tells whether both are known and nobody is in both.
func (h hands) strangeTo(o hands) bool {
	if len(h) == 0 || len(o) == 0 {
		return false
	}
	for n := range h {
		if o[n] {
			return false
		}
	}
	return true
}

// placeOnly tells whether nothing but a machine speaks for a kinship.
func (k *kinship) placeOnly() bool {
	for f := range allFamilies {
		if f != place && k.best[f].p > 0 {
			return false
		}
	}
	return true
}

// unite joins view i with the groups that it is of one intrusion with. One
// whose accounts are others than those of the groups that it joined before, and
// for which nothing speaks but that the machine is the same, is somebody else
// there: two intruders may hold one machine, and what happens on it is one's or
// the other's.
func (c *builder) unite(i int, near map[int]*kinship) {
	joinedOne := false
	for _, root := range byKinship(near) {
		k := near[root]
		if k.p() < threshold || c.find(root) == c.find(i) {
			continue
		}
		if joinedOne && k.placeOnly() && c.hands[c.find(i)].strangeTo(c.hands[root]) {
			continue
		}
		all := maps.Clone(c.hands[c.find(i)])
		maps.Copy(all, c.hands[c.find(root)])
		c.join(root, i)
		c.hands[c.find(i)] = all
		c.joins = append(c.joins, joined{i, k.join(c.views, c.views[i])})
		joinedOne = true
	}
}

// atOne is how near in time two findings are at one: one act leaves traces in
// several logs, seconds apart.
const atOne = time.Minute

// byKinship are the roots: those for which more speaks than a machine first,
// then the likeliest; of those for which only a machine speaks, the latest.
func byKinship(near map[int]*kinship) []int {
	out := make([]int, 0, len(near))
	for root := range near {
		out = append(out, root)
	}
	slices.SortFunc(out, func(a, b int) int {
		x, y := near[a], near[b]
		switch {
		case x.placeOnly() && !y.placeOnly():
			return 1
		case y.placeOnly() && !x.placeOnly():
			return -1
		case x.placeOnly() && x.p() >= threshold && y.p() >= threshold: // of two on one machine, who was there last
			return cmp.Or(cmp.Compare(x.best[place].gap/atOne, y.best[place].gap/atOne), -cmp.Compare(x.p(), y.p()), cmp.Compare(a, b))
		}
		return cmp.Or(-cmp.Compare(x.p(), y.p()), cmp.Compare(a, b))
	})
	return out
}
