package block

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// finish makes effects of what was kept.
func (r *replay) finish(some, damaged bool) []Effect {
	out := make([]Effect, len(r.blocks))
	for i := range r.blocks {
		b, s := &r.blocks[i], &r.states[i]
		e := &out[i]
		*e = Effect{Block: b.ID, Refused: s.refused, More: s.more + s.moreOT, Industrial: []Talk{}, Business: []Business{}, Intruder: []Talk{}, Approval: []string{}, Says: []string{}}
		e.Replayed = some && (len(b.Addrs) > 0 || b.Domain != "")
		switch {
		case !some:
			e.Says = append(e.Says, "not replayed: the case has no records of traffic; look at the firewall's log of a week before setting it")
			e.Approval = append(e.Approval, "what it cuts is not known: no traffic was recorded")
		case !e.Replayed:
			e.Says = append(e.Says, "not replayed: the address is not known")
			e.Approval = append(e.Approval, "what it cuts is not known: the address of the host is not known")
		case damaged:
			e.Says = append(e.Says, "replayed in part: some records could not be read")
		}
		r.lists(e, b, s)
		if s.moreOT > 0 {
			e.Approval = append(e.Approval, "it cuts more industrial conversations than are listed")
		}
		if s.ownServer != "" {
			e.Approval = append(e.Approval, "the web log of "+s.ownServer+" names the address as its own: it is probably yours")
		}
		e.judge(b)
	}
	return out
}

// lists fills the lists of an effect.
func (r *replay) lists(e *Effect, b *Block, s *state) {
	sc := r.incidents[b.Incident]
	grow := func(t *talk) {
		e.Cut += t.count()
		if t.first != 0 && (e.First == 0 || t.first < e.First) {
			e.First = t.first
		}
		e.Last = max(e.Last, t.last)
	}
	for k, t := range s.industrial {
		grow(t)
		x := r.talk(k, t)
		x.Intruder = k.client.IsValid() && !r.ours.Address(k.client) && slices.Contains(b.Addrs, k.client) && sc != nil && t.first >= sc.start && sc.start != 0
		e.Industrial = append(e.Industrial, x)
	}
	slices.SortFunc(e.Industrial, compareTalks)
	groups := map[use]*Business{}
	for k, t := range s.talks {
		grow(t)
		if sc.has(b, k) {
			e.Intruder = append(e.Intruder, r.talk(k, t))
			continue
		}
		r.business(groups, b, k, t)
	}
	e.Cut += e.More
	slices.SortFunc(e.Intruder, compareTalks)
	if n := len(e.Intruder); n > maxListed {
		for i := maxListed; i < n; i++ {
			e.More += e.Intruder[i].Count
		}
		e.Intruder = e.Intruder[:maxListed]
	}
	for _, g := range groups {
		slices.Sort(g.Hosts)
		g.Hosts = slices.Compact(g.Hosts)
		g.Count = len(g.Hosts)
		g.Hosts = g.Hosts[:min(len(g.Hosts), maxNamed)]
		e.Business = append(e.Business, *g)
	}
	slices.SortFunc(e.Business, func(a, b Business) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(b.Talks, a.Talks), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Proto, b.Proto), cmp.Compare(a.Protocol, b.Protocol), boolFirst(a.Serves, b.Serves))
	})
	if n := len(e.Business); n > maxListed {
		for i := maxListed; i < n; i++ {
			e.More += e.Business[i].Talks
		}
		e.Business = e.Business[:maxListed]
	}
}

func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// has tells whether a conversation is what the block is for: one of a host of
// the incident with an address or a name outside.
func (sc *scene) has(b *Block, k key) bool {
	if sc == nil {
		return false
	}
	other, name := k.client, k.from
	if slices.Contains(b.Addrs, k.client) {
		other, name = k.server, k.to
	}
	if b.Scope == Isolate {
		return !inner(other) && sc.addrs[other]
	}
	return sc.addrs[other] || sc.hosts[strings.ToLower(short(name))]
}

// talk is a key with its talk, for people.
func (r *replay) talk(k key, t *talk) Talk {
	x := Talk{
		Client: text(k.client, k.from), ClientName: r.names[k.client], Server: text(k.server, k.to), ServerName: r.names[k.server], Service: k.at, Protocol: cmp.Or(t.protocol.name, t.service),
		Safety: t.protocol.safety, Kinds: t.kinds, Functions: t.functions, Count: t.count(), Operations: t.operations, First: t.first, Last: t.last, client: k.client, server: k.server,
	}
	slices.Sort(x.Kinds)
	slices.Sort(x.Functions)
	return x
}

func text(a netip.Addr, name string) string {
	if a.IsValid() {
		return a.String()
	}
	return cmp.Or(name, "unknown")
}

// compareTalks puts safety first, then the changes, then by name.
func compareTalks(a, b Talk) int {
	return cmp.Or(boolFirst(a.Safety, b.Safety), a.client.Compare(b.client), cmp.Compare(a.Client, b.Client), a.server.Compare(b.server), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Proto, b.Proto))
}

// use is what a business effect sums up.
type use struct {
	at      Service
	service string
	serves  bool
}

// business adds a conversation to the uses that others make.
func (r *replay) business(groups map[use]*Business, b *Block, k key, t *talk) {
	serves := b.Domain != "" || slices.Contains(b.Addrs, k.server)
	u := use{k.at, t.service, serves}
	g := groups[u]
	if g == nil {
		g = &Business{Service: k.at, Protocol: t.service, Serves: serves}
		groups[u] = g
	}
	other, name := k.client, k.from
	if !serves {
		other, name = k.server, k.to
	}
	g.Hosts = append(g.Hosts, cmp.Or(r.names[other], text(other, name)))
	g.Talks += t.count()
	if t.first != 0 && (g.First == 0 || t.first < g.First) {
		g.First = t.first
	}
	g.Last = max(g.Last, t.last)
}
