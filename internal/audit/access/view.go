package access

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// view is what was learned, with spellings joined, addresses named and roles
// told.
type view struct {
	a           *Audit
	all         []*account // by name; machines' too
	people      []*account // of people and services
	by          map[string]*account
	controllers []string
	ordinary    map[string]*account // hosts at which somebody without privileges sits, and who
	from        map[*account]map[string]mark
	otherGroups int
	added       []addition
}

// addition is a change with the account that it made more privileged.
type addition struct {
	change
	x     *account
	name  string
	known bool
}

func (a *Audit) view() *view {
	v := &view{a: a, by: map[string]*account{}, ordinary: map[string]*account{}, from: map[*account]map[string]mark{}}
	v.join()
	for name, m := range a.machines {
		if m.controller.n > 0 {
			v.controllers = append(v.controllers, name)
		}
	}
	slices.Sort(v.controllers)
	v.inventory()
	v.groups()
	for _, x := range v.all {
		if !x.machine {
			v.people = append(v.people, x)
		}
	}
	v.places()
	for _, x := range v.people {
		if is, _ := x.isService(); is || x.privileged() {
			continue
		}
		for at, u := range x.uses {
			if u.console.n > 0 && !v.controller(at) && (v.ordinary[at] == nil || x.key() < v.ordinary[at].key()) {
				v.ordinary[at] = x
			}
		}
	}
	return v
}

func (v *view) controller(at string) bool { return slices.Contains(v.controllers, at) }

// join makes one account of the spellings of its name: the domain by its short
// and by its DNS name, and a bare name that only one domain has.
func (v *view) join() {
	short := map[string]bool{}
	for _, x := range v.a.accounts {
		if x.domain != "" && x.local == "" && !strings.Contains(x.domain, ".") {
			short[x.domain] = true
		}
	}
	canonical := func(domain string) string {
		if !strings.Contains(domain, ".") {
			return domain
		}
		for label := range strings.SplitSeq(domain, ".") {
			if short[label] {
				return label
			}
		}
		return domain
	}
	bare := map[string][]string{} // keys of accounts of domains, by bare name
	for _, key := range slices.Sorted(maps.Keys(v.a.accounts)) {
		x := v.a.accounts[key]
		if x.domain == "" {
			continue
		}
		if x.local == "" {
			x.domain = canonical(x.domain)
		}
		v.put(x.key(), x)
		if k := x.key(); x.local == "" && !slices.Contains(bare[x.user], k) {
			bare[x.user] = append(bare[x.user], k)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.a.accounts)) {
		x := v.a.accounts[key]
		if x.domain != "" {
			continue
		}
		if to := bare[x.user]; len(to) == 1 {
			v.put(to[0], x)
			continue
		}
		v.put(key, x)
	}
	for _, key := range slices.Sorted(maps.Keys(v.by)) {
		v.all = append(v.all, v.by[key])
	}
	v.all = slices.CompactFunc(v.all, func(a, b *account) bool { return a == b })
}

func (v *view) put(key string, x *account) {
	if old := v.by[key]; old != nil && old != x {
		old.join(x)
		return
	}
	v.by[key] = x
}

// join adds what another spelling did.
func (x *account) join(o *account) {
	if o.domain != "" && !strings.Contains(o.name, "@") && strings.Contains(x.name, "@") {
		x.name = o.name
	}
	x.span.Grow(o.span.Start)
	x.span.Grow(o.span.End)
	x.logons += o.logons
	for _, p := range [][2]*rare{{&x.failed, &o.failed}, {&x.service, &o.service}, {&x.desk, &o.desk}, {&x.acts, &o.acts}, {&x.weak, &o.weak}, {&x.strong, &o.strong}, {&x.created, &o.created}, {&x.disabled, &o.disabled}, {&x.enabled, &o.enabled}, {&x.deleted, &o.deleted}, {&x.reset, &o.reset}} {
		p[0].join(*p[1])
	}
	x.sits = append(x.sits, o.sits...)
	for at, u := range o.uses {
		m := x.uses[at]
		if m == nil {
			x.uses[at] = u
			continue
		}
		m.any.join(u.any)
		for _, p := range [][2]*rare{{&m.exposed, &u.exposed}, {&m.console, &u.console}, {&m.priv, &u.priv}, {&m.admin, &u.admin}} {
			p[0].join(*p[1])
		}
		m.types, m.kinds = m.types|u.types, m.kinds|u.kinds
		for _, t := range u.early {
			if t != 0 {
				m.first(t)
			}
		}
	}
}

// find is the account of a name, nil when no record but the change names it.
func (v *view) find(name, at string) *account {
	domain, user, ok := spelled(name)
	if !ok {
		return nil
	}
	if domain != "" {
		if x := v.by[domain+`\`+user]; x != nil {
			return x
		}
		for _, x := range v.all {
			if x.user == user && x.local == "" && x.domain != "" && slices.Contains(strings.Split(domain, "."), x.domain) {
				return x
			}
		}
		return nil
	}
	if at != "" {
		if x := v.by[at+`\`+user]; x != nil {
			return x
		}
	}
	if x := v.by[user]; x != nil {
		return x
	}
	var found *account
	for _, x := range v.all {
		if x.user == user && x.local == "" {
			if found != nil {
				return nil // two domains have it
			}
			found = x
		}
	}
	return found
}

// groups gives accounts the privileged groups that they were put into and not
// taken out of again.
func (v *view) groups() {
	removed := map[string]record.Time{}
	for i := range v.a.changes {
		c := &v.a.changes[i]
		name, _ := v.a.who(c)
		if c.kind == "member-removed" {
			k := strings.ToLower(name + "\x00" + c.group)
			removed[k] = max(removed[k], c.at)
		}
	}
	for i := range v.a.changes {
		c := v.a.changes[i]
		if c.kind == "member-removed" {
			continue
		}
		if c.reach == 0 {
			v.otherGroups++
			continue
		}
		at := shortName(c.host)
		if c.reach == overHost && v.controller(at) && (c.kind == "member-added" || c.kind == "right-added") {
			c.reach, c.domain = overDomain, true
		}
		name, known := v.a.who(&c)
		add := addition{change: c, name: name, known: known}
		if known {
			add.x = v.find(name, at)
		}
		v.added = append(v.added, add)
		if add.x != nil && c.reach >= overHost && c.kind != "command" && removed[strings.ToLower(name+"\x00"+c.group)] < c.at {
			add.x.groups = append(add.x.groups, c)
		}
	}
	slices.SortStableFunc(v.added, func(x, y addition) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.name, y.name), cmp.Compare(x.ref.File, y.ref.File), cmp.Compare(x.ref.Pos, y.ref.Pos))
	})
}

// places names the hosts that accounts were used from.
func (v *view) places() {
	for k, m := range v.a.sources {
		x := v.by[k.who]
		if x == nil {
			if x = v.find(k.who, ""); x == nil {
				continue
			}
		}
		at := k.name
		if k.addr.IsValid() {
			at = v.nameOf(k.addr, m.at)
		}
		if v.from[x] == nil {
			v.from[x] = map[string]mark{}
		}
		old := v.from[x][at]
		old.join(*m)
		v.from[x][at] = old
	}
}

// nameOf is the host that had the address then, or the address.
func (v *view) nameOf(addr netip.Addr, t record.Time) string {
	if h := v.a.aliases.Host(addr, t); h != "" {
		return h
	}
	return addr.String()
}

// overDomain tells why an account administers the whole domain, by what was
// seen of it.
func (v *view) overDomain(x *account) (why []Reason) {
	if x.machine {
		return nil
	}
	for _, g := range x.groups {
		if g.reach == overDomain {
			why = append(why, because([]record.Ref{g.ref}, "it was put into %s on %s", g.group, dayOf(g.at)))
		}
	}
	for _, at := range v.controllers {
		u := x.uses[at]
		switch {
		case u == nil:
		case u.administers() && u.admin.n > 0:
			why = append(why, because(u.admin.refs(), "it %s on the domain controller %s", did(u.admin.how), at))
		case u.administers():
			why = append(why, because(u.priv.refs(), "it logged on with special privileges at the domain controller %s (%d times, first on %s)", at, u.priv.n, dayOf(u.priv.at)))
		}
	}
	if x.entry != nil && x.entry.Tier0 {
		why = append(why, because(nil, "the inventory says that it administers the domain"))
	}
	return why
}

// coverage says on how many days between the first and the last any of these
// hosts recorded logons.
type coverage struct{ days, gaps int }

func (a *Audit) coverage(hosts []string) coverage {
	set := map[int32]struct{}{}
	for _, h := range hosts {
		for d := range a.machines[h].days {
			set[d] = struct{}{}
		}
	}
	if len(set) == 0 {
		return coverage{}
	}
	days := slices.Sorted(maps.Keys(set))
	return coverage{days: len(days), gaps: int(days[len(days)-1]-days[0]) + 1 - len(days)}
}

// since is on how many of the last days, from t to the end of the evidence,
// these hosts recorded logons.
func (a *Audit) since(hosts []string, t record.Time) int {
	set := map[int32]struct{}{}
	for _, h := range hosts {
		for d := range a.machines[h].days {
			if record.Time(int64(d)*int64(day)) >= t {
				set[d] = struct{}{}
			}
		}
	}
	return len(set)
}
