package asset

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Finish makes the inventory of what was learned. The Learner is of no use
// afterwards.
func (l *Learner) Finish() *Inventory {
	l.addControl()
	to := l.merge()
	l.askers(to)
	inv := &Inventory{Span: l.span, Beyond: l.beyond, Learned: l.records, byAddr: map[netip.Addr]int{}, byName: map[string]int{}}
	for _, p := range l.opt.HomeNet {
		inv.Home = append(inv.Home, p.String())
	}
	groups := map[int32][]int32{}
	for i := range l.hosts {
		groups[to[i]] = append(groups[to[i]], int32(i)) // #nosec G115 -- at most maxHosts
	}
	place := make([]int, len(l.hosts))
	made := map[*Asset]int32{}
	for root, members := range groups {
		a := l.asset(members)
		made[a] = root
		inv.Assets = append(inv.Assets, a)
	}
	slices.SortFunc(inv.Assets, compareAssets)
	for i, a := range inv.Assets {
		place[made[a]] = i
	}
	for i := range l.hosts {
		place[i] = place[to[i]]
	}
	inv.index()
	l.finishEdges(inv, place)
	return inv
}

// compareAssets puts own assets first, then orders by address, then by name.
func compareAssets(a, b *Asset) int {
	if a.Own != b.Own {
		if a.Own {
			return -1
		}
		return 1
	}
	switch {
	case len(a.Addresses) > 0 && len(b.Addresses) > 0:
		return cmp.Or(a.Addresses[0].Compare(b.Addresses[0]), cmp.Compare(a.ID, b.ID))
	case len(a.Addresses) != len(b.Addresses) && (len(a.Addresses) == 0 || len(b.Addresses) == 0):
		return cmp.Compare(len(b.Addresses), len(a.Addresses))
	}
	return cmp.Compare(a.ID, b.ID)
}

// index fills the maps by which assets are found.
func (inv *Inventory) index() {
	inv.excluded = map[string]struct{}{}
	add := func(name string, i int) {
		if _, out := inv.excluded[name]; out {
			return
		}
		if j, ok := inv.byName[name]; ok && j != i {
			delete(inv.byName, name)
			inv.excluded[name] = struct{}{}
			return
		}
		inv.byName[name] = i
	}
	for i, a := range inv.Assets {
		for _, addr := range a.Addresses {
			inv.byAddr[addr] = i
		}
		if len(a.Addresses) == 0 {
			add(a.ID, i)
		}
		for _, mac := range a.MACs {
			add(mac, i)
		}
		for _, n := range a.Names {
			add(n, i)
			if short, _, ok := strings.Cut(n, "."); ok {
				add(short, i)
			}
		}
	}
}

// addControl gives pairs that only a protocol's own records told of, without
// one of their connection, an edge and a service.
func (l *Learner) addControl() {
	for key, c := range l.control {
		found := false
		for _, udp := range []bool{false, true} {
			key.udp = udp
			if e := l.edges[key]; e != nil {
				e.does |= c.does
				found = true
			}
		}
		if found {
			continue
		}
		key.udp = c.name == "bacnet" || c.name == "hart-ip"
		l.edges[key] = c
		to := l.hosts[key.to]
		if s := to.serves[serviceKey{key.udp, key.port}]; s == nil && len(to.serves) < maxServices {
			if to.serves == nil {
				to.serves = map[serviceKey]*service{}
			}
			to.serves[serviceKey{key.udp, key.port}] = &service{name: c.name, kind: Control, clients: map[int32]struct{}{key.from: {}}, span: c.span, count: c.count, refs: c.refs}
		}
	}
}

// askers gives hosts the roles of what they serve and of what they ask for.
func (l *Learner) askers(to []int32) {
	for _, k := range l.hosts {
		k.offered()
	}
	ask := make(map[int32]*asker)
	kinds := map[int32]map[Kind]struct{}{}
	for key, e := range l.edges {
		from := to[key.from]
		a := ask[from]
		if a == nil {
			a = &asker{}
			ask[from], kinds[from] = a, map[Kind]struct{}{}
		}
		if e.kind == Control {
			a.devices++
			a.does |= e.does
			a.names = append(a.names, plain(e.name))
			a.refs.merge(&e.refs)
		}
		kinds[from][e.kind] = struct{}{}
	}
	for i, a := range ask {
		for _, k := range []Kind{NameResolution, Authentication, Web, Mail, File} {
			if _, ok := kinds[i][k]; ok {
				a.everyday++
			}
		}
		l.hosts[i].asked(a)
	}
}

// asset joins what is known of the addresses and names of one machine.
func (l *Learner) asset(members []int32) *Asset {
	a := &Asset{}
	var all known
	var names, macs []claim
	for _, i := range members {
		k := l.hosts[i]
		if k.addr.IsValid() {
			a.Addresses = append(a.Addresses, k.addr)
			a.Own = a.Own || l.own(k.addr)
		} else {
			if !isMAC(k.name) {
				names = append(names, claim{value: k.name, rank: logged, count: k.count})
			}
			a.Own = true
		}
		names, macs = append(names, k.names...), append(macs, k.macs...)
		all.absorb(k)
	}
	slices.SortFunc(a.Addresses, func(x, y netip.Addr) int {
		if x.Is4() != y.Is4() {
			if x.Is4() {
				return -1
			}
			return 1
		}
		return x.Compare(y)
	})
	a.Silent, a.First, a.Last, a.Records, a.Refs = !all.spoke, all.span.Start, all.span.End, all.count, all.refs.list()
	a.Names, a.MACs = ranked(names), ranked(macs)
	slices.Sort(all.vlans)
	a.VLANs = slices.Compact(all.vlans)
	switch {
	case len(a.Addresses) > 0:
		a.ID = a.Addresses[0].String()
	case len(a.MACs) > 0 && isMAC(l.hosts[members[0]].name):
		a.ID = a.MACs[0]
	case len(a.Names) > 0:
		a.ID = a.Names[0]
	}
	if !a.Own && len(a.Addresses) > 0 {
		a.Domain = l.domains[a.Addresses[0]]
		if n := l.opt.Networks.Lookup(a.Addresses[0]); n.Known() {
			a.Network = n.String()
		}
	}
	l.special(a, &all)
	a.Roles, a.Software, a.Services, a.Identities = all.roles(), all.software(), all.services(), all.identities()
	for i := range a.Services {
		a.Outside = a.Outside || a.Services[i].Outside
	}
	if len(a.MACs) > 1 {
		a.Notes = append(a.Notes, "several hardware addresses claimed its address: it was given to another machine, or one of them lies")
	}
	if all.more {
		a.Notes = append(a.Notes, "more names, hardware addresses, software or devices behind it were told than are kept")
	}
	a.Vendor = vendor(a)
	return a
}

// special gives groups and broadcast addresses their role: they are endpoints
// and no machines.
func (l *Learner) special(a *Asset, k *known) {
	if len(a.Addresses) != 1 {
		return
	}
	addr := a.Addresses[0]
	switch {
	case addr.IsUnspecified():
		k.part(Unspecified, Sure, "it stands for a host that has no address yet")
	case addr.IsMulticast():
		k.part(Group, Sure, "%s is an address of a group", addr)
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		k.part(Broadcast, Sure, "it stands for everybody")
	case a.Silent && addr.Is4() && a.Own && addr.As4()[3] == 255:
		k.part(Broadcast, Likely, "nothing came from it and its last byte is 255")
	}
}

// absorb adds what is known of o.
func (k *known) absorb(o *known) {
	k.spoke = k.spoke || o.spoke
	k.more = k.more || o.more
	k.count += o.count
	k.span.Grow(o.span.Start)
	k.span.Grow(o.span.End)
	k.refs.merge(&o.refs)
	k.vlans = append(k.vlans, o.vlans...)
	k.does |= o.does
	for key, s := range o.soft {
		if k.soft == nil {
			k.soft = map[softKey]*Software{}
		}
		if k.soft[key] == nil || k.soft[key].Surety < s.Surety {
			k.soft[key] = s
		}
	}
	for key, s := range o.serves {
		if k.serves == nil {
			k.serves = map[serviceKey]*service{}
		}
		if old := k.serves[key]; old == nil || len(old.clients) < len(s.clients) {
			k.serves[key] = s
		}
	}
	for key, id := range o.ids {
		if k.ids == nil {
			k.ids = map[string]*Identity{}
		}
		if old := k.ids[key]; old != nil {
			old.join(id)
			continue
		}
		k.ids[key] = id
	}
	for name, r := range o.hints {
		if k.hints == nil {
			k.hints = map[string]*Role{}
		}
		if old := k.hints[name]; old == nil || old.Surety < r.Surety || old.Surety == r.Surety && r.Why < old.Why {
			k.hints[name] = r
		}
	}
}

// ranked are the values of claims, most trusted and most frequent first.
func ranked(list []claim) []string {
	slices.SortFunc(list, func(a, b claim) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.count, a.count), cmp.Compare(a.value, b.value))
	})
	var out []string
	for _, c := range list {
		if !slices.Contains(out, c.value) {
			out = append(out, c.value)
		}
	}
	return out
}

var kindOrder = []string{KindOS, KindFirmware, KindServer, KindClient, KindInstalled}

func (k *known) software() []Software {
	var out []Software
	for _, s := range k.soft {
		slices.SortFunc(s.Refs, compareRefs)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Software) int {
		return cmp.Or(cmp.Compare(slices.Index(kindOrder, a.Kind), slices.Index(kindOrder, b.Kind)), cmp.Compare(b.Surety, a.Surety), cmp.Compare(told(b), told(a)), cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.Product, b.Product), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Port, b.Port))
	})
	return out
}

// told is how much is known: a version more than none, a release more than
// the name of a family.
func told(s Software) int {
	switch {
	case s.Version != "":
		return 2
	case s.Product == "Windows" || s.Product == "Linux":
		return 0
	}
	return 1
}

func (k *known) services() []Service {
	var out []Service
	for key, s := range k.serves {
		proto := "tcp"
		if key.udp {
			proto = "udp"
		}
		out = append(out, Service{
			Proto: proto, Port: key.port, Name: s.name, Kind: s.kind, ByPort: s.byPort, Clients: len(s.clients), More: s.more, Outside: s.outside,
			Count: s.count, First: s.span.Start, Last: s.span.End, Refs: s.refs.list(),
		})
	}
	slices.SortFunc(out, func(a, b Service) int { return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Proto, b.Proto)) })
	return out
}

func (k *known) identities() []Identity {
	var out []Identity
	for _, id := range k.ids {
		slices.SortFunc(id.Refs, compareRefs)
		out = append(out, *id)
	}
	slices.SortFunc(out, func(a, b Identity) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(len(a.Unit), len(b.Unit)), cmp.Compare(a.Unit, b.Unit))
	})
	return out
}

// finishEdges writes the edges with the places of their ends, those between
// the same two for the same service joined.
func (l *Learner) finishEdges(inv *Inventory, place []int) {
	type pair struct {
		from, to int
		udp      bool
		port     uint16
	}
	joined := map[pair]*edge{}
	for key, e := range l.edges {
		p := pair{place[key.from], place[key.to], key.udp, key.port}
		if p.from == p.to {
			continue
		}
		old := joined[p]
		if old == nil {
			joined[p] = e
			continue
		}
		old.join(e)
	}
	for p, e := range joined {
		proto := "tcp"
		if p.udp {
			proto = "udp"
		}
		to := inv.Assets[p.to]
		if e.kind == Web && !to.Own && updates[to.Domain] {
			e.kind = Update
		}
		// An intruder's listener on the port of a database is not a need of anybody's.
		needed := e.kind.Needed() && (to.Own || !e.byPort)
		inv.Edges = append(inv.Edges, Edge{
			From: p.from, To: p.to, Client: inv.Assets[p.from].ID, Server: inv.Assets[p.to].ID, Kind: e.kind, Proto: proto, Port: p.port, Name: e.name, ByPort: e.byPort, Needed: needed, Days: len(e.days),
			Count: e.count, Bytes: e.bytes, Access: e.does.furthest(), First: e.span.Start, Last: e.span.End, Refs: e.refs.list(),
		})
	}
	slices.SortFunc(inv.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Proto, b.Proto))
	})
}

// updates are domains that give nothing but updates of software.
var updates = map[string]bool{
	"windowsupdate.com": true, "ubuntu.com": true, "debian.org": true, "fedoraproject.org": true, "centos.org": true, "opensuse.org": true,
	"rpmfusion.org": true, "update.googleapis.com": true, "gvt1.com": true, "swcdn.apple.com": true, "fortiguard.com": true, "fortinet.net": true, "clamav.net": true,
}

// join adds what is known of o.
func (e *edge) join(o *edge) {
	if better(e.name, e.kind, e.byPort, &use{name: o.name, kind: o.kind, byPort: o.byPort}) {
		e.name, e.kind, e.byPort = o.name, o.kind, o.byPort
	}
	e.count += o.count
	e.bytes += o.bytes
	e.does |= o.does
	e.span.Grow(o.span.Start)
	e.span.Grow(o.span.End)
	e.refs.merge(&o.refs)
	for _, d := range o.days {
		if i, found := slices.BinarySearch(e.days, d); !found && len(e.days) < maxDays {
			e.days = slices.Insert(e.days, i, d)
		}
	}
}
