package graph

// Cut is a node without which the part of the graph that it belongs to falls
// into pieces.
type Cut struct {
	Node   int
	Pieces int // how many
	Lost   int // nodes that are not in the largest of them
}

// Bridge is an edge without which its part of the graph falls into two.
type Bridge struct {
	A, B int // A is the smaller number
	Lost int // nodes of the smaller side
}

// cutter is the walk that finds cuts (Hopcroft and Tarjan 1973).
type cutter struct {
	g          *Graph
	index, low []int32 // in the order of the walk, from 1; low: the earliest that is reached without the way there
	parent     []int32
	size       []int32 // nodes below in the tree of the walk, itself among them
	cut        []int32 // nodes below that are cut off, by node
	pieces     []int32 // how many parts they make
	largest    []int32 // the largest of them
	bridges    []Bridge
	cuts       []Cut
	judged     int     // of bridges, those of parts before
	part       []int32 // nodes of the part under way
}

// Cuts finds the nodes and edges that hold an undirected graph together, whose
// edges were added by Both. Nodes come in order, edges likewise.
func (g *Graph) Cuts() ([]Cut, []Bridge) {
	g.sorted()
	n := len(g.succ)
	c := &cutter{
		g: g, index: make([]int32, n), low: make([]int32, n), parent: make([]int32, n), size: make([]int32, n),
		cut: make([]int32, n), pieces: make([]int32, n), largest: make([]int32, n),
	}
	seen := int32(0)
	for start := range n {
		if c.index[start] == 0 {
			c.part = c.part[:0]
			c.walk(int32(start), &seen) // #nosec G115 -- nodes fit into memory
			c.judge()
		}
	}
	sortCuts(c.cuts, c.bridges)
	return c.cuts, c.bridges
}

// walk goes through one part of the graph.
func (c *cutter) walk(start int32, seen *int32) {
	var stack []frame
	open := func(v, from int32) {
		*seen++
		c.index[v], c.low[v], c.parent[v], c.size[v] = *seen, *seen, from, 1
		c.part = append(c.part, v)
		stack = append(stack, frame{node: v})
	}
	open(start, -1)
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		v := f.node
		if int(f.next) < len(c.g.succ[v]) {
			w := c.g.succ[v][f.next]
			f.next++
			switch {
			case c.index[w] == 0:
				open(w, v)
			case w != c.parent[v]:
				c.low[v] = min(c.low[v], c.index[w])
			}
			continue
		}
		stack = stack[:len(stack)-1]
		if up := c.parent[v]; up >= 0 {
			c.leave(up, v)
		}
	}
}

// leave notes what is known of a node when all below it was seen.
func (c *cutter) leave(up, v int32) {
	c.size[up] += c.size[v]
	c.low[up] = min(c.low[up], c.low[v])
	if c.low[v] < c.index[up] {
		return
	}
	c.cut[up] += c.size[v]
	c.pieces[up]++
	c.largest[up] = max(c.largest[up], c.size[v])
	if c.low[v] > c.index[up] {
		c.bridges = append(c.bridges, Bridge{A: int(min(up, v)), B: int(max(up, v)), Lost: int(c.size[v])})
	}
}

// judge makes cuts of the part that was walked through.
func (c *cutter) judge() {
	total := int32(len(c.part)) // #nosec G115 -- nodes fit into memory
	for _, v := range c.part {
		rest := total - 1 - c.cut[v]
		pieces := c.pieces[v]
		if rest > 0 {
			pieces++
		}
		if pieces > 1 {
			c.cuts = append(c.cuts, Cut{Node: int(v), Pieces: int(pieces), Lost: int(total - 1 - max(rest, c.largest[v]))})
		}
	}
	for i := range c.bridges[c.judged:] {
		b := &c.bridges[c.judged+i]
		b.Lost = min(b.Lost, int(total)-b.Lost)
	}
	c.judged = len(c.bridges)
}
