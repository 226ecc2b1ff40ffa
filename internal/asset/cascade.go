package asset

import (
	"cmp"
	"slices"
)

// Loss is a service that a client loses with its server.
type Loss struct {
	Client int    `json:"-"`
	Name   string `json:"client"`
	Server string `json:"server"`
	Kind   Kind   `json:"kind"`
	What   string `json:"service"`
	Needed bool   `json:"needed"`
	Left   int    `json:"left"` // other servers of the kind that the client uses or, for tickets and directory, could
	Days   int    `json:"days"`
	Count  int64  `json:"count"`
}

// Stop is a host that cannot work any more because the last server of a kind
// that it needs is gone.
type Stop struct {
	Asset int    `json:"-"`
	Name  string `json:"asset"`
	Kind  Kind   `json:"kind"`  // that it lacks
	What  string `json:"lacks"` // the service
	Of    string `json:"of"`    // the server that went last
	Depth int    `json:"depth"` // 1: it used what was lost itself
}

// Outcome is what happens without some assets.
type Outcome struct {
	Without []string `json:"without"`
	Lost    []Loss   `json:"lost"`    // by those that used them; what is needed first
	Stopped []Stop   `json:"stopped"` // directly and in cascade, in that order
}

// need is a kind of service that a client needs some server of.
type need struct {
	client  int32
	kind    Kind
	what    string
	servers []int32
}

// Cascade answers what the loss of assets does: a host stops when the last
// server of a kind that it needs is gone, and then no longer serves others.
// Two servers of names that a host both uses are alternatives, and so are all
// servers of tickets or of the directory that share a client, since clients
// find them by name (MS-NRPC section 3.5.4.3, RFC 4120 section 7.2.3). One
// controller is no alternative for another: its loss is told, but the host
// stops only when the last one is gone. A host that gives a service itself
// does not lose it.
type Cascade struct {
	inv    *Inventory
	needs  []need
	uses   [][]int32 // edges by server
	feeds  [][]int32 // needs by server
	lost   []int32   // of needs, servers gone in the present round
	round  []int32   // of needs, in which lost was counted
	gone   []int32   // of assets, the round in which they went
	now    int32
	budget int64
}

// mostSteps bounds the work of Impacts.
const mostSteps = 400_000_000

// located are services whose servers clients find by name.
var located = map[string]bool{"krb": true, "ldap": true}

// NewCascade prepares questions about inv.
func NewCascade(inv *Inventory) *Cascade {
	n := len(inv.Assets)
	c := &Cascade{inv: inv, uses: make([][]int32, n), feeds: make([][]int32, n), gone: make([]int32, n), budget: mostSteps}
	type key struct {
		client int
		what   string
	}
	at := map[key]int{}
	gives := make([]map[string]bool, n)
	for i := range inv.Edges {
		e := &inv.Edges[i]
		c.uses[e.To] = append(c.uses[e.To], int32(i)) // #nosec G115 -- edges fit into memory
		if gives[e.To] == nil {
			gives[e.To] = map[string]bool{}
		}
		gives[e.To][family(e)] = true
	}
	for i := range inv.Edges {
		e := &inv.Edges[i]
		what := family(e)
		if !e.Needed || gives[e.From][what] {
			continue
		}
		k := key{e.From, what}
		j, ok := at[k]
		if !ok {
			j = len(c.needs)
			at[k] = j
			c.needs = append(c.needs, need{client: int32(e.From), kind: e.Kind, what: what}) // #nosec G115 -- assets fit into memory
		}
		if s := int32(e.To); !slices.Contains(c.needs[j].servers, s) { // #nosec G115 -- assets fit into memory
			c.needs[j].servers = append(c.needs[j].servers, s)
		}
	}
	c.locate()
	for i := range c.needs {
		for _, s := range c.needs[i].servers {
			c.feeds[s] = append(c.feeds[s], int32(i)) // #nosec G115 -- edges fit into memory
		}
	}
	c.lost, c.round = make([]int32, len(c.needs)), make([]int32, len(c.needs))
	return c
}

// family is what servers of a kind are alternatives in: the protocol; of
// control and databases the kind.
func family(e *Edge) string {
	switch {
	case e.Kind == Control || e.Kind == Database:
		return string(e.Kind)
	case e.Name == "":
		return string(e.Kind)
	}
	return plain(e.Name)
}

// locate gives needs whose servers are found by name all servers that share a
// client with one of theirs.
func (c *Cascade) locate() {
	for what := range located {
		peer := map[int32]int32{}
		var find func(int32) int32
		find = func(s int32) int32 {
			p, ok := peer[s]
			if !ok || p == s {
				return s
			}
			r := find(p)
			peer[s] = r
			return r
		}
		for i := range c.needs {
			n := &c.needs[i]
			if n.what != what {
				continue
			}
			for _, s := range n.servers {
				if a, b := find(n.servers[0]), find(s); a != b {
					peer[max(a, b)] = min(a, b)
				}
			}
		}
		members := map[int32][]int32{}
		for i := range c.needs {
			if c.needs[i].what != what {
				continue
			}
			for _, s := range c.needs[i].servers {
				if r := find(s); c.inv.Assets[s].Own && !slices.Contains(members[r], s) {
					members[r] = append(members[r], s)
				}
			}
		}
		for _, m := range members {
			slices.Sort(m)
		}
		for i := range c.needs {
			n := &c.needs[i]
			if n.what != what || !c.inv.Assets[n.servers[0]].Own {
				continue
			}
			n.servers = slices.DeleteFunc(slices.Clone(members[find(n.servers[0])]), func(s int32) bool { return s == n.client })
		}
	}
}

// Without tells what happens without the assets at those places.
func (c *Cascade) Without(places ...int) Outcome {
	var out Outcome
	for _, p := range places {
		out.Without = append(out.Without, c.inv.Assets[p].Name())
	}
	out.Stopped = c.run(places, true)
	away := map[int]bool{}
	for _, p := range places {
		away[p] = true
	}
	for _, p := range places {
		for _, i := range c.uses[p] {
			e := &c.inv.Edges[i]
			if away[e.From] {
				continue
			}
			out.Lost = append(out.Lost, Loss{
				Client: e.From, Name: c.inv.Assets[e.From].Name(), Server: c.inv.Assets[p].Name(), Kind: e.Kind, What: e.Name,
				Needed: e.Needed, Left: c.left(e, away), Days: e.Days, Count: e.Count,
			})
		}
	}
	slices.SortStableFunc(out.Lost, func(a, b Loss) int {
		return cmp.Or(-cmpBool(a.Needed && a.Left == 0, b.Needed && b.Left == 0), -cmpBool(a.Needed, b.Needed), cmp.Compare(a.Left, b.Left), cmp.Compare(b.Days, a.Days), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Client, b.Client))
	})
	return out
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// left counts other servers of the kind of e that its client has.
func (c *Cascade) left(e *Edge, away map[int]bool) int {
	if !replaceable(e.Kind) {
		return 0
	}
	servers := map[int]bool{}
	what := family(e)
	for i := c.firstEdge(e.From); i < len(c.inv.Edges) && c.inv.Edges[i].From == e.From; i++ {
		if o := &c.inv.Edges[i]; o.Kind == e.Kind && family(o) == what && !away[o.To] && o.To != e.To {
			servers[o.To] = true
		}
	}
	for _, j := range c.feeds[e.To] {
		if n := &c.needs[j]; int(n.client) == e.From && n.what == what {
			for _, s := range n.servers {
				if !away[int(s)] && int(s) != e.To {
					servers[int(s)] = true
				}
			}
		}
	}
	return len(servers)
}

// replaceable tells whether one server of a kind gives what another does. Any
// server of names, tickets or time does; a share, a site or a mailbox is on one.
func replaceable(k Kind) bool {
	switch k {
	case NameResolution, Authentication, Time, Addressing, Proxying, Logging:
		return true
	}
	return false
}

// firstEdge is the place of the first edge of a client.
func (c *Cascade) firstEdge(from int) int {
	i, _ := slices.BinarySearchFunc(c.inv.Edges, from, func(e Edge, f int) int { return cmp.Compare(e.From, f) })
	return i
}

// run takes assets away and follows what stops. It returns the stops, or only
// as many empty ones when they are not to be told.
func (c *Cascade) run(places []int, tell bool) []Stop {
	c.now++
	var out []Stop
	type going struct {
		asset int32
		depth int
	}
	var queue []going
	for _, p := range places {
		c.gone[p] = c.now
		queue = append(queue, going{int32(p), 0}) // #nosec G115 -- assets fit into memory
	}
	for i := 0; i < len(queue) && c.budget > 0; i++ {
		g := queue[i]
		for _, j := range c.feeds[g.asset] {
			c.budget--
			n := &c.needs[j]
			if c.round[j] != c.now {
				c.round[j], c.lost[j] = c.now, 0
			}
			c.lost[j]++
			if int(c.lost[j]) < len(n.servers) || c.gone[n.client] == c.now {
				continue
			}
			c.gone[n.client] = c.now
			queue = append(queue, going{n.client, g.depth + 1})
			s := Stop{Asset: int(n.client)}
			if tell {
				s = Stop{Asset: int(n.client), Name: c.inv.Assets[n.client].Name(), Kind: n.kind, What: n.what, Of: c.inv.Assets[g.asset].Name(), Depth: g.depth + 1}
			}
			out = append(out, s)
		}
	}
	return out
}

// Impact is what the loss of one asset does.
type Impact struct {
	Asset     int    `json:"-"`
	Name      string `json:"asset"`
	ID        string `json:"id"`
	Role      string `json:"role,omitempty"`
	Stops     int    `json:"stops"`     // hosts that cannot work any more, directly and in cascade
	Cascades  int    `json:"cascades"`  // of these, those that did not use it themselves
	Clients   int    `json:"clients"`   // hosts that use it
	Dominates int    `json:"dominates"` // hosts all of whose needs rest on it: see structure.go
	Parts     int    `json:"parts"`     // hosts that talk to the others only through it
}

// Impacts are those of all assets that somebody uses, the worst first. With
// more work than a bound allows the count stops; whole is false then.
func (c *Cascade) Impacts() (list []Impact, whole bool) {
	for p, a := range c.inv.Assets {
		if len(c.uses[p]) == 0 {
			continue
		}
		im := Impact{Asset: p, Name: a.Name(), ID: a.ID, Role: a.Role()}
		direct := map[int]bool{}
		for _, i := range c.uses[p] {
			direct[c.inv.Edges[i].From] = true
		}
		im.Clients = len(direct)
		for _, s := range c.run([]int{p}, false) {
			im.Stops++
			if !direct[s.Asset] {
				im.Cascades++
			}
		}
		list = append(list, im)
	}
	return list, c.budget > 0
}

// sortImpacts puts the worst first.
func sortImpacts(list []Impact) {
	slices.SortFunc(list, func(a, b Impact) int {
		return cmp.Or(cmp.Compare(b.Stops, a.Stops), cmp.Compare(b.Parts, a.Parts), cmp.Compare(b.Dominates, a.Dominates), cmp.Compare(b.Clients, a.Clients), cmp.Compare(a.Asset, b.Asset))
	})
}
