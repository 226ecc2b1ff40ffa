package asset

import (
	"cmp"
	"slices"

	"longwatch/internal/asset/graph"
)

// Analysis is what follows from an inventory's edges.
type Analysis struct {
	Impacts    []Impact   `json:"impacts"`              // the worst first
	Bridges    []Link     `json:"bridges,omitempty"`    // conversations that alone join a part of the network to the rest
	Separation *Parting   `json:"separation,omitempty"` // controllers from everything outside; nil when there are none, or no way
	Suppliers  []Supplier `json:"suppliers,omitempty"`  // whom many depend on, the most shared first
	Partial    bool       `json:"partial,omitempty"`    // the bound of work was reached: impacts may be too small
}

// Link is a conversation between two assets.
type Link struct {
	A    string `json:"a"`
	B    string `json:"b"`
	Lost int    `json:"lost"` // hosts on the smaller side
}

// Parting is how controllers can be kept from everything outside by as few
// assets as possible.
type Parting struct {
	Nodes   []string    `json:"nodes"`            // each of which every conversation from outside passes one of
	Direct  [][2]string `json:"direct,omitempty"` // outside and controller that talk to each other without anybody between
	Devices int         `json:"devices"`          // controllers that it is about
	TooMany bool        `json:"too_many,omitempty"`
}

const (
	maxParting = 16 // more assets than that say nothing
	maxBridges = 200
)

// Analyse finds whose loss cascades, what holds the network together and who
// is depended on by many. It fills RestsOn of assets.
func (inv *Inventory) Analyse() *Analysis {
	c := NewCascade(inv)
	out := &Analysis{Suppliers: suppliers(inv)}
	list, whole := c.Impacts()
	out.Impacts, out.Partial = list, !whole
	at := map[int]*Impact{}
	for i := range list {
		at[list[i].Asset] = &list[i]
	}
	dominated := inv.rest(c)
	for v, n := range dominated {
		if im := at[v]; im != nil {
			im.Dominates = n
		}
	}
	g := inv.conversations()
	cuts, bridges := g.Cuts()
	for _, cut := range cuts {
		if im := at[cut.Node]; im != nil {
			im.Parts = cut.Lost
		}
	}
	slices.SortStableFunc(bridges, func(a, b graph.Bridge) int { return cmp.Compare(b.Lost, a.Lost) })
	for _, b := range bridges[:min(len(bridges), maxBridges)] {
		if b.Lost > 1 {
			out.Bridges = append(out.Bridges, Link{A: inv.called(b.A), B: inv.called(b.B), Lost: b.Lost})
		}
	}
	out.Separation = inv.parting(g)
	sortImpacts(list)
	return out
}

// called is the name of a node; the one behind the last asset is everything
// outside.
func (inv *Inventory) called(v int) string {
	if v == len(inv.Assets) {
		return "outside"
	}
	return inv.Assets[v].Name()
}

// rest finds for each asset the nearest one that everything it needs rests on:
// its dominator in the graph that leads from servers to those who need them.
// It starts at all that need nothing, and at those that need each other in a
// ring which nobody else feeds. The result is how many rest on each.
func (inv *Inventory) rest(c *Cascade) []int {
	n := len(inv.Assets)
	g := graph.New(n + 1)
	fed := make([]bool, n)
	for i := range c.needs {
		for _, s := range c.needs[i].servers {
			g.Add(int(s), int(c.needs[i].client))
		}
	}
	of, count := g.Components()
	outside := make([]bool, count) // of components: fed by another
	for i := range c.needs {
		for _, s := range c.needs[i].servers {
			if of[s] != of[c.needs[i].client] {
				outside[of[c.needs[i].client]] = true
			}
		}
	}
	for v := range n {
		fed[v] = outside[of[v]]
		if !fed[v] {
			g.Add(n, v)
		}
	}
	idom := g.Dominators(n)
	for v, a := range inv.Assets {
		if d := idom[v]; d >= 0 && int(d) < n {
			a.RestsOn = inv.Assets[d].ID
		}
	}
	return graph.Dominated(idom)[:n]
}

// conversations is the undirected graph of who talks to whom. Everything that
// is not an own asset and no industrial device is one node, behind the last.
func (inv *Inventory) conversations() *graph.Graph {
	n := len(inv.Assets)
	g := graph.New(n + 1)
	for i := range inv.Edges {
		e := &inv.Edges[i]
		g.Both(inv.inside(e.From), inv.inside(e.To))
	}
	return g
}

// inside is the node of an asset in the graph of conversations.
func (inv *Inventory) inside(v int) int {
	if a := inv.Assets[v]; a.Own || a.Industrial() {
		return v
	}
	return len(inv.Assets)
}

// parting finds how controllers can be kept from everything outside.
func (inv *Inventory) parting(g *graph.Graph) *Parting {
	var devices []int
	for v, a := range inv.Assets {
		if a.Device() {
			devices = append(devices, v)
		}
	}
	if len(devices) == 0 {
		return nil
	}
	s := g.Separate([]int{len(inv.Assets)}, devices, maxParting)
	if len(s.Nodes) == 0 && len(s.Direct) == 0 && !s.TooMany {
		return nil
	}
	p := &Parting{Devices: len(devices), TooMany: s.TooMany}
	for _, v := range s.Nodes {
		p.Nodes = append(p.Nodes, inv.called(v))
	}
	for _, d := range s.Direct {
		p.Direct = append(p.Direct, [2]string{inv.called(d[0]), inv.called(d[1])})
	}
	return p
}
