package baseline

import (
	"maps"
	"slices"
)

// Merge adds what another memory knows. What both know counts once where its
// days show that it is the same; where they cannot show it, the larger count
// holds. The order of merging changes only what is forgotten when both do not
// fit, and the order of the list of evidence.
func (m *Memory) Merge(o *Memory) {
	o.pairs.each(m.pairs.join)
	o.values.each(m.values.join)
	for _, s := range slices.Sorted(maps.Keys(o.lives)) {
		from := o.lives[s]
		to := m.lives[s]
		if to == nil {
			to = m.life(s, from.first)
			*to = life{}
		}
		to.join(from)
	}
	for k := range m.subjects {
		m.subjects[k].join(&o.subjects[k])
	}
	for i, w := range o.days {
		m.days[i] |= w
	}
	for _, id := range o.evidence.list {
		m.evidence.add(id)
	}
	for _, s := range o.suspects {
		m.Suspect(s)
	}
	m.hunts += o.hunts
	m.dead += o.dead
	m.lost += o.lost
	m.evidence.lost += o.evidence.lost
	for _, t := range [][2]*table{{m.pairs, o.pairs}, {m.values, o.values}} {
		t[0].forgot += t[1].forgot
		for i, n := range t[1].forgets {
			t[0].forgets[i] += n
		}
	}
}
