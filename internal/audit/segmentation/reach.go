package segmentation

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// Reach is how far an intruder on one host could go over ways that were seen
// to be open.
type Reach struct {
	From   netip.Addr // invalid: the Internet
	Seen   bool       // the host did something while it was watched
	Sure   []Reached  // over ways that hosts themselves were let through
	Likely []Reached  // the rest, over ways that are open by what was let through beside them
}

// Reached is a host that could be reached.
type Reached struct {
	Host     netip.Addr // invalid: the Internet
	Zone     int
	Steps    int    // hosts taken on the way, this one's service included: 1 is directly
	Open     []Open // what it could be reached by, at the fewest steps
	Path     []Hop  // one of the shortest ways, the last of them to this host
	Taken    []Hop  // one of the shortest ways to the host itself, from which the next step goes on; nil: no service gives it
	Elsewise int    // further services that need more steps
}

// Open is a service that could be reached.
type Open struct {
	Service string
	Ground  Ground
	Ref     record.Ref
}

// Hop is one step of a way.
type Hop struct {
	From, To netip.Addr
	Service  string
	Ground   Ground
	Accounts []string // that were used on this way
	Used     []string // what an administrator did on it
	Ref      record.Ref
}

// Ground is why a way counts as open.
type Ground uint8

// The grounds, the surest first.
const (
	Observed  Ground = iota // the host itself was let through
	Network                 // both are in one network, and others were answered there
	Neighbour               // another host of its network was let through; firewalls seldom tell them apart
)

var groundNames = [...]string{"observed", "same network", "as its neighbours"}

// String is the ground in words.
func (g Ground) String() string { return groundNames[g] }

// MarshalText is String.
func (g Ground) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// way is a service of a host that another was let through to.
type way struct {
	from, to netip.Addr
	service  string
	protocol string
	ref      record.Ref
	log      bool // a host's log tells of it
}

// ways are all that are open, by who was let through.
type ways struct {
	z       *Zoning
	logons  *logons
	by      map[netip.Addr][]way
	to      map[netip.Addr][]way                 // by who answered, one for each service
	network map[netip.Prefix][]netip.Addr        // who opens connections there
	inside  map[netip.Prefix]map[netip.Addr]bool // who answers there
}

func newWays(flows []*Flow, z *Zoning, l *logons) *ways {
	w := &ways{z: z, logons: l, by: map[netip.Addr][]way{}, to: map[netip.Addr][]way{}, network: map[netip.Prefix][]netip.Addr{}, inside: map[netip.Prefix]map[netip.Addr]bool{}}
	for _, f := range flows {
		if f.outcome != passed || f.Folded || f.Transport == icmp.String() {
			continue
		}
		x := way{from: f.Orig, to: f.Resp, service: f.service(), protocol: f.Protocol, ref: f.FirstRef, log: f.FromLog}
		if w.by[f.Orig] == nil && f.Orig.IsValid() {
			w.network[w.z.nets.of(f.Orig)] = append(w.network[w.z.nets.of(f.Orig)], f.Orig)
		}
		w.by[f.Orig] = append(w.by[f.Orig], x)
		if !f.Resp.IsValid() {
			continue
		}
		if w.inside[w.z.nets.of(f.Resp)] == nil {
			w.inside[w.z.nets.of(f.Resp)] = map[netip.Addr]bool{}
		}
		w.inside[w.z.nets.of(f.Resp)][f.Resp] = true
		if !slices.ContainsFunc(w.to[f.Resp], func(y way) bool { return y.service == x.service && (w.takes(y) || !w.takes(x)) }) {
			w.to[f.Resp] = append(w.to[f.Resp], x)
		}
	}
	return w
}

// takes tells whether a way gives the host at its end: remote administration,
// or shares and calls that were used to administer it.
func (w *ways) takes(x way) bool {
	if classes[x.protocol] == admin {
		return true
	}
	if x.protocol != "smb" && x.protocol != "dcerpc" {
		return false
	}
	a := w.logons.pairs[pair{x.from, x.to}]
	return a != nil && len(a.Used) > 0
}

// step is a way as it is open from one host.
type step struct {
	way
	ground Ground
}

// crowd is the hosts of one network in one zone.
type crowd struct {
	net  netip.Prefix
	zone int
}

// from are the ways open from a host; with wide, those too that nobody saw it
// go, unless they are done.
func (w *ways) from(a netip.Addr, wide bool, done map[crowd]bool) []step {
	var out []step
	for _, x := range w.by[a] {
		out = append(out, step{x, Observed})
	}
	if !wide || !a.IsValid() {
		return out
	}
	n, zone := w.z.nets.of(a), w.z.Of(a)
	if done[crowd{n, zone}] {
		return out
	}
	done[crowd{n, zone}] = true
	mates := make([]netip.Addr, 0, len(w.inside[n]))
	for b := range w.inside[n] {
		if b != a && w.z.Of(b) == zone {
			mates = append(mates, b)
		}
	}
	slices.SortFunc(mates, netip.Addr.Compare)
	for _, b := range mates {
		for _, x := range w.to[b] {
			out = append(out, step{x, Network})
		}
	}
	for _, b := range w.network[n] {
		if b == a || w.z.Of(b) != zone {
			continue
		}
		for _, x := range w.by[b] {
			if x.to != a && (!x.to.IsValid() || w.z.nets.of(x.to) != n) {
				out = append(out, step{x, Neighbour})
			}
		}
	}
	return out
}

// reach walks from a host, the fewest steps first.
func (w *ways) reach(start netip.Addr, wide bool) []Reached {
	found := map[netip.Addr]*Reached{}
	var order []netip.Addr
	front := []netip.Addr{start}
	done := map[crowd]bool{} // networks whose ways were walked: later ones need more steps
	for steps := 1; len(front) > 0; steps++ {
		var next []netip.Addr
		for _, a := range front {
			for _, s := range w.from(a, wide, done) {
				if s.to == start {
					continue
				}
				r := found[s.to]
				if r == nil {
					r = &Reached{Host: s.to, Zone: w.z.Of(s.to), Steps: steps, Path: w.path(found[a], a, s)}
					found[s.to] = r
					order = append(order, s.to)
				}
				r.open(s, steps)
				if r.Taken == nil && s.to.IsValid() && w.takes(s.way) {
					r.Taken = w.path(found[a], a, s)
					next = append(next, s.to)
				}
			}
		}
		front = next
	}
	out := make([]Reached, 0, len(order))
	for _, a := range order {
		out = append(out, *found[a])
	}
	slices.SortStableFunc(out, func(a, b Reached) int {
		return cmp.Or(cmp.Compare(a.Steps, b.Steps), cmp.Compare(depth(w.z.Zones[a.Zone].Level), depth(w.z.Zones[b.Zone].Level)), a.Host.Compare(b.Host))
	})
	return out
}

// open takes note of a service.
func (r *Reached) open(s step, steps int) {
	i := slices.IndexFunc(r.Open, func(o Open) bool { return o.Service == s.service })
	switch {
	case i >= 0:
		if s.ground < r.Open[i].Ground {
			r.Open[i].Ground, r.Open[i].Ref = s.ground, s.ref
		}
	case steps > r.Steps:
		r.Elsewise++
	default:
		r.Open = append(r.Open, Open{s.service, s.ground, s.ref})
	}
}

// path is the way to a host before, and one step more.
func (w *ways) path(before *Reached, a netip.Addr, s step) []Hop {
	var out []Hop
	if before != nil {
		out = slices.Clone(before.Taken)
	}
	h := Hop{From: a, To: s.to, Service: s.service, Ground: s.ground, Ref: s.ref}
	if acc := w.logons.pairs[pair{a, s.to}]; acc != nil {
		h.Accounts, h.Used = acc.Accounts, acc.Used
	}
	return append(out, h)
}

// ReachFrom tells how far an intruder on a host could go. An invalid address
// is the Internet.
func (r *Report) ReachFrom(a netip.Addr) *Reach {
	w := newWays(r.flows, r.Zoning, r.Traffic.logons)
	out := &Reach{From: a, Seen: len(w.by[a]) > 0 || len(w.to[a]) > 0, Sure: w.reach(a, false)}
	sure := map[netip.Addr]bool{}
	for i := range out.Sure {
		sure[out.Sure[i].Host] = true
	}
	if !a.IsValid() {
		return out
	}
	for _, x := range w.reach(a, true) {
		if !sure[x.Host] {
			out.Likely = append(out.Likely, x)
		}
	}
	return out
}

// needs says in words what an intruder needs for a step that gives a host.
func (h *Hop) needs() string {
	switch {
	case len(h.Accounts) > 0 && len(h.Used) > 0:
		return fmt.Sprintf("with %s, who %s", strings.Join(h.Accounts, ", "), strings.Join(h.Used, ", "))
	case len(h.Accounts) > 0:
		return "with " + strings.Join(h.Accounts, ", ") + ", seen on this way"
	case len(h.Used) > 0:
		return "an administrator " + strings.Join(h.Used, ", ") + "; the account was not seen"
	}
	return "the account was not seen"
}

// words is a way as a sentence.
func (r *Report) words(path []Hop) string {
	var parts []string
	for i := range path {
		h := &path[i]
		s := fmt.Sprintf("%s → %s by %s", r.host(h.From, nil, false), r.host(h.To, nil, false), h.Service)
		if h.Ground != Observed {
			s += " (" + h.Ground.String() + ")"
		}
		if i < len(path)-1 {
			s += ", " + h.needs()
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; then ")
}
