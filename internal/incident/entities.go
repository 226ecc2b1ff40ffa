package incident

import (
	"cmp"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/record"
)

const maxEntities = 200 // the most connected ones are kept

// compare orders views by time, clocks corrected, then by id.
func compare(a, b *view) int {
	return cmp.Or(cmp.Compare(a.span.Start, b.span.Start), cmp.Compare(a.f.ID, b.f.ID))
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
			if n.kind != "session" { // it stands in the graph
				mine[n.entity()] = true
			}
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
