package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	maxPaths  = 500 // told
	maxChokes = 256 // nodes that are tried as the one to take away
	maxSteps  = 12  // accounts of a path
)

// Reach is how far an intruder at an ordinary workstation gets.
type Reach struct {
	Workstations int     `json:"workstations"` // at which ordinary people sit
	Reaching     int     `json:"reaching"`     // of them, with a path to a domain controller
	Paths        []Way   `json:"paths"`        // shortest ones, alike ends together
	Chokes       []Choke `json:"choke_points"` // what cuts most of them, best first
	Left         int     `json:"left_out,omitempty"`
}

// Way is a shortest path from workstations to a domain controller.
type Way struct {
	From  []string `json:"from"` // workstations that it begins at
	Steps []Step   `json:"steps"`
}

// Step is an account whose credentials lie at one host and that opens the next.
type Step struct {
	At      string `json:"at"` // host, or "each of them" for the first
	Account string `json:"account"`
	Lies    Reason `json:"lies"` // how its credentials came there
	To      string `json:"to"`
	Opens   Reason `json:"opens"`        // what shows that it opens the next host
	Session bool   `json:"session_only"` // it only logs on there: the host must be mastered by other means
}

// Choke is an account or host whose loss cuts paths.
type Choke struct {
	Kind string `json:"kind"` // account or host
	Name string `json:"name"`
	Cuts int    `json:"cuts"` // workstations that have no path any more without it
	On   int    `json:"on"`   // workstations whose shortest path leads over it
}

// web is who lies where and opens what: hosts lead to accounts whose credentials
// lie in their memory, accounts to hosts that they administer or work at.
type web struct {
	v       *view
	lies    map[string][]*account           // by host
	at      map[*account]map[string]mark    // how they came there
	opens   map[*account][]string           // hosts
	how     map[*account]map[string]opening // what shows it
	openers map[string][]*account           // by host, the reverse
	holders map[*account][]string           // by account, the hosts where it lies
	dist    map[string]int                  // of hosts to a controller, in accounts
	next    map[string]*account             // account to take at a host
	to      map[*account]string             // host to go to by an account
	adist   map[*account]int
}

type opening struct {
	mark
	session bool
}

// paths finds the shortest ways from ordinary workstations to controllers.
func (a *Audit) paths(r *Report) func(*view) []Line {
	return func(v *view) []Line {
		r.Reach.Paths, r.Reach.Chokes = []Way{}, []Choke{}
		r.Reach.Workstations = len(v.ordinary)
		if len(v.controllers) == 0 || len(v.ordinary) == 0 {
			return nil
		}
		w := newWeb(v)
		w.search()
		return w.tell(&r.Reach)
	}
}

func newWeb(v *view) *web {
	w := &web{v: v, lies: map[string][]*account{}, at: map[*account]map[string]mark{}, opens: map[*account][]string{}, how: map[*account]map[string]opening{}, openers: map[string][]*account{}, holders: map[*account][]string{}}
	for _, x := range v.people {
		w.at[x], w.how[x] = map[string]mark{}, map[string]opening{}
		for at, u := range x.uses {
			if u.exposed.n > 0 {
				w.at[x][at] = *u.exposed.mark
			}
			if u.administers() {
				m := u.admin
				if m.n == 0 {
					m = u.priv
				}
				w.how[x][at] = opening{mark: *m.mark}
			} else if u.types&(1<<10) != 0 {
				w.how[x][at] = opening{mark: *u.exposed.mark, session: true}
			}
		}
		for at, m := range v.from[x] {
			if _, known := w.at[x][at]; !known && at != "" {
				w.at[x][at] = m
			}
		}
		w.holders[x], w.opens[x] = slices.Sorted(maps.Keys(w.at[x])), slices.Sorted(maps.Keys(w.how[x]))
		for _, at := range w.holders[x] {
			w.lies[at] = append(w.lies[at], x)
		}
		for _, at := range w.opens[x] {
			w.openers[at] = append(w.openers[at], x)
		}
	}
	return w
}

// search measures the way from every host and account to a controller. Of ways of one length those by
// administration come before those by mere sessions, then those by name.
func (w *web) search() {
	w.dist, w.next, w.to, w.adist = map[string]int{}, map[string]*account{}, map[*account]string{}, map[*account]int{}
	var edge []string
	for _, c := range w.v.controllers {
		w.dist[c] = 0
		edge = append(edge, c)
	}
	for n := 1; len(edge) > 0 && n <= maxSteps; n++ {
		var met []*account
		for _, session := range []bool{false, true} {
			for _, at := range edge {
				for _, x := range w.openers[at] {
					if _, known := w.adist[x]; known || w.how[x][at].session != session {
						continue
					}
					w.adist[x], w.to[x] = n, at
					met = append(met, x)
				}
			}
		}
		edge = nil
		slices.SortStableFunc(met, func(a, b *account) int {
			return cmp.Or(yes(w.how[a][w.to[a]].session)-yes(w.how[b][w.to[b]].session), strings.Compare(a.key(), b.key()))
		})
		for _, x := range met {
			for _, at := range w.holders[x] {
				if _, known := w.dist[at]; known {
					continue
				}
				w.dist[at], w.next[at] = n, x
				edge = append(edge, at)
			}
		}
		slices.Sort(edge)
	}
}

// tell makes lines of the shortest ways, and finds what cuts them.
func (w *web) tell(r *Reach) (lines []Line) {
	starts := slices.Sorted(maps.Keys(w.v.ordinary))
	type group struct {
		first *account
		from  []string
	}
	groups := map[*account]*group{}
	on := map[any]int{}
	for _, at := range starts {
		first := w.next[at]
		if first == nil || w.dist[at] == 0 {
			continue
		}
		r.Reaching++
		if groups[first] == nil {
			groups[first] = &group{first: first}
		}
		groups[first].from = append(groups[first].from, at)
		for x := first; x != nil; x = w.next[w.to[x]] {
			on[x]++
			if to := w.to[x]; !w.v.controller(to) {
				on[to]++
			} else {
				break
			}
		}
	}
	list := slices.SortedFunc(maps.Values(groups), func(a, b *group) int {
		return cmp.Or(cmp.Compare(w.adist[a.first], w.adist[b.first]), -cmp.Compare(len(a.from), len(b.from)), strings.Compare(a.first.key(), b.first.key()))
	})
	if len(list) > maxPaths {
		r.Left = len(list) - maxPaths
		list = list[:maxPaths]
	}
	r.Chokes = w.chokes(starts, r.Reaching, on)
	for _, g := range list {
		way := w.way(g.first, g.from)
		r.Paths = append(r.Paths, way)
		lines = append(lines, w.line(way, r))
	}
	return lines
}

// way is the path that begins with the account at these hosts.
func (w *web) way(x *account, from []string) Way {
	way := Way{From: from}
	at := from[0]
	for {
		to := w.to[x]
		m, o := w.at[x][at], w.how[x][to]
		how := did(o.how)
		if o.session {
			how = "works there by remote desktop"
		} else if o.how == "special privileges were assigned (4672)" {
			how = "logged on there with special privileges"
		}
		way.Steps = append(way.Steps, Step{
			At: at, Account: x.name, To: to, Session: o.session,
			Lies:  because([]record.Ref{m.ref}, "%s at %s (%s, %s)", m.how, at, times(m.n), dayOf(m.at)),
			Opens: because([]record.Ref{o.ref}, "it %s, at %s (%s, %s)", how, to, times(o.n), dayOf(o.at)),
		})
		if w.v.controller(to) || len(way.Steps) > maxSteps {
			return way
		}
		at, x = to, w.next[to]
	}
}

func (w *web) line(way Way, r *Reach) Line {
	last := way.Steps[len(way.Steps)-1]
	l := Line{Class: Path, Account: last.Account, Severity: finding.Medium, Sure: true, Hosts: way.From}
	if len(way.Steps) == 1 {
		l.Severity = finding.High
	}
	var route []string
	for _, s := range way.Steps {
		route = append(route, fmt.Sprintf("%s → %s", s.Account, s.To))
		l.Reasons = append(l.Reasons, Reason{Text: s.Account + ": " + s.Lies.Text, Refs: s.Lies.Refs}, Reason{Text: s.Account + ": " + s.Opens.Text, Refs: s.Opens.Refs})
		if s.Session {
			l.Sure, l.Doubt = false, "at a host where an account only works, an intruder must first become its administrator"
		}
	}
	l.Says = fmt.Sprintf("who controls %s reaches the domain controller %s by %s: %s", few(way.From, 4), last.To, several(len(way.Steps)), strings.Join(route, ", then "))
	l.Do = fmt.Sprintf("keep %s away from %s", way.Steps[0].Account, few(way.From, 3))
	if len(r.Chokes) > 0 && r.Chokes[0].Cuts > 1 {
		c := r.Chokes[0]
		l.Do += fmt.Sprintf("; or first the %s %s, without which %d of the %d workstations have no path any more", c.Kind, c.Name, c.Cuts, r.Reaching)
	}
	return l
}

func several(n int) string {
	if n == 1 {
		return "one account"
	}
	return fmt.Sprintf("%d accounts", n)
}

// chokes tries what lies on the shortest ways: without which of it do most
// workstations have no path at all.
func (w *web) chokes(starts []string, reaching int, on map[any]int) []Choke {
	type node struct {
		x    *account
		host string
		on   int
	}
	var nodes []node
	for k, n := range on {
		switch k := k.(type) {
		case *account:
			nodes = append(nodes, node{x: k, on: n})
		case string:
			nodes = append(nodes, node{host: k, on: n})
		}
	}
	name := func(n node) string {
		if n.x != nil {
			return "a" + n.x.key()
		}
		return "h" + n.host
	}
	slices.SortFunc(nodes, func(a, b node) int { return cmp.Or(-cmp.Compare(a.on, b.on), strings.Compare(name(a), name(b))) })
	out := []Choke{}
	if len(nodes) == 0 {
		return out
	}
	g := w.grid(starts)
	for _, n := range nodes[:min(len(nodes), maxChokes)] {
		c := Choke{Kind: "host", Name: n.host, On: n.on}
		if n.x != nil {
			c.Kind, c.Name = "account", n.x.name
			c.Cuts = reaching - g.reaching(g.accounts[n.x], -1)
		} else {
			c.Cuts = reaching - g.reaching(-1, g.hosts[n.host])
		}
		if c.Cuts > 0 {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Choke) int { return -cmp.Compare(a.Cuts, b.Cuts) })
	return out
}

// grid is a web by numbers, to be walked often.
type grid struct {
	hosts    map[string]int32
	accounts map[*account]int32
	openers  [][]int32 // by host, accounts that open it
	holders  [][]int32 // by account, hosts at which it lies
	ends     []int32   // controllers
	starts   []int32
}

func (w *web) grid(starts []string) *grid {
	g := &grid{hosts: map[string]int32{}, accounts: map[*account]int32{}}
	host := func(name string) int32 {
		n, ok := g.hosts[name]
		if !ok {
			n = int32(len(g.openers)) // #nosec G115 -- bounded by maxMachines and maxSources
			g.hosts[name] = n
			g.openers = append(g.openers, nil)
		}
		return n
	}
	for _, x := range w.v.people {
		n := int32(len(g.holders)) // #nosec G115 -- bounded by maxAccounts
		g.accounts[x] = n
		var at []int32
		for _, h := range w.holders[x] {
			at = append(at, host(h))
		}
		g.holders = append(g.holders, at)
		for _, h := range w.opens[x] {
			k := host(h)
			g.openers[k] = append(g.openers[k], n)
		}
	}
	for _, c := range w.v.controllers {
		g.ends = append(g.ends, host(c))
	}
	for _, s := range starts {
		g.starts = append(g.starts, host(s))
	}
	return g
}

// reaching counts the starts with a path, without an account or a host; -1 is
// none. Paths longer than those that are searched do not count here either.
func (g *grid) reaching(account, host int32) (n int) {
	seenHost, seenAccount := make([]bool, len(g.openers)), make([]bool, len(g.holders))
	var edge []int32
	for _, c := range g.ends {
		if c != host && !seenHost[c] {
			seenHost[c] = true
			edge = append(edge, c)
		}
	}
	for step := 0; len(edge) > 0 && step < maxSteps; step++ {
		var next []int32
		for _, at := range edge {
			for _, x := range g.openers[at] {
				if seenAccount[x] || x == account {
					continue
				}
				seenAccount[x] = true
				for _, h := range g.holders[x] {
					if !seenHost[h] && h != host {
						seenHost[h] = true
						next = append(next, h)
					}
				}
			}
		}
		edge = next
	}
	for _, s := range g.starts {
		if seenHost[s] {
			n++
		}
	}
	return n
}
