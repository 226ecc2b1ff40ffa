package asset

import (
	"slices"
	"strings"
)

// mostJoined is how many addresses are taken for one machine's. A hardware
// address that answers for more is a router's, answering for others.
const mostJoined = 8

// merge says for each host which one it is part of. Addresses are one
// machine's when they share a hardware address that nobody else claimed for
// them, or when the machine's own log gives it both. A name that only logs use
// joins the one address that has it. What a host says of itself on the wire
// joins nothing: an intruder chooses it.
func (l *Learner) merge() []int32 {
	to := make([]int32, len(l.hosts))
	for i := range to {
		to[i] = int32(i) // #nosec G115 -- at most maxHosts
	}
	byMAC, byName := map[string][]int32{}, map[string][]int32{}
	for i, k := range l.hosts {
		if k.addr.IsMulticast() || !k.addr.IsValid() && len(k.macs) == 0 {
			continue
		}
		if len(k.macs) == 1 {
			byMAC[k.macs[0].value] = append(byMAC[k.macs[0].value], int32(i)) // #nosec G115 -- at most maxHosts
		}
		for _, n := range k.names {
			if n.rank == logged {
				byName[n.value] = append(byName[n.value], int32(i)) // #nosec G115 -- at most maxHosts
			}
		}
	}
	for _, groups := range []map[string][]int32{byMAC, byName} {
		for _, members := range groups {
			if len(members) < 2 || len(members) > mostJoined {
				continue
			}
			for _, m := range members[1:] {
				join(to, members[0], m)
			}
		}
	}
	for name, i := range l.byName {
		if at := l.addressOf(name, to); at >= 0 {
			join(to, at, i)
		}
	}
	for i := range to {
		to[i] = root(to, int32(i)) // #nosec G115 -- at most maxHosts
	}
	return to
}

// root is who stands for i, with the way there made short.
func root(to []int32, i int32) int32 {
	for to[i] != i {
		to[i] = to[to[i]]
		i = to[i]
	}
	return i
}

// join makes two one; the first of them stands for both.
func join(to []int32, a, b int32) {
	a, b = root(to, a), root(to, b)
	to[max(a, b)] = min(a, b)
}

// addressOf is the machine with an address that has the name, by the most
// trusted kind of claim that names one machine alone; -1 for none.
func (l *Learner) addressOf(name string, to []int32) int32 {
	if l.addrsOf == nil {
		l.addrsOf = map[string][]nameOf{}
		for i, k := range l.hosts {
			if !k.addr.IsValid() || !l.own(k.addr) {
				continue
			}
			for _, n := range k.names {
				if n.rank > asked {
					o := nameOf{int32(i), n.rank} // #nosec G115 -- at most maxHosts
					l.addrsOf[n.value] = append(l.addrsOf[n.value], o)
					if short, _, ok := strings.Cut(n.value, "."); ok {
						l.addrsOf[short+"."] = append(l.addrsOf[short+"."], o)
					}
				}
			}
		}
	}
	list := l.addrsOf[name]
	if short, _, ok := strings.Cut(name, "."); !ok {
		list = slices.Concat(list, l.addrsOf[name+"."])
	} else {
		list = slices.Concat(list, l.addrsOf[short]) // the wire knows it by its short name
	}
	for rank := logged; rank > asked; rank-- {
		found, several := int32(-1), false
		for _, o := range list {
			if o.rank != rank {
				continue
			}
			if r := root(to, o.at); found >= 0 && r != found {
				several = true
			} else {
				found = r
			}
		}
		if found >= 0 {
			if several {
				return -1
			}
			return found
		}
	}
	return -1
}

// nameOf says that a host is called something.
type nameOf struct {
	at   int32
	rank uint8
}
