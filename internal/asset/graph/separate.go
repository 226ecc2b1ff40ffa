package graph

import (
	"cmp"
	"slices"
)

func sortCuts(cuts []Cut, bridges []Bridge) {
	slices.SortFunc(cuts, func(a, b Cut) int { return cmp.Compare(a.Node, b.Node) })
	slices.SortFunc(bridges, func(a, b Bridge) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
}

// Separation is how two sets of nodes can be parted.
type Separation struct {
	Nodes   []int    // as few as possible, those nearest to the first set; empty when there is no way between the sets
	Direct  [][2]int // edges from one set to the other, which no node between can cut; at most maxDirect
	TooMany bool     // more nodes than were allowed for are needed, and Nodes is empty
}

const maxDirect = 64

// Separate finds the fewest nodes, none of from or to, that lie on every way
// from a node of the one set to one of the other: as many as there are ways
// that share no node (Menger's theorem), each found by an augmenting path. It
// gives up above most nodes. A node of both sets is taken for one of from.
func (g *Graph) Separate(from, to []int, most int) Separation {
	g.sorted()
	f := newFlow(g, from, to)
	out := Separation{Direct: f.direct}
	for flow := 0; f.augment(); flow++ {
		if flow >= most {
			out.TooMany = true
			return out
		}
	}
	for v := range g.succ {
		if f.came[2*v] >= 0 && f.came[2*v+1] < 0 {
			out.Nodes = append(out.Nodes, v)
		}
	}
	return out
}

// flow is a network in which a node is two, 2v where ways come in and 2v+1
// where they go out, with an arc of capacity one between.
type flow struct {
	head  []int32 // of each place, its first arc; -1: none
	next  []int32 // of each arc, the next of the same place
	to    []int32
	room  []int32 // what the arc can still take; arc^1 goes back
	came  []int32 // arc that a walk came by, by place; -1: it did not
	queue []int32

	source, target int32
	direct         [][2]int
}

const unbounded = 1 << 30

func newFlow(g *Graph, from, to []int) *flow {
	n := g.Len()
	f := &flow{head: make([]int32, 2*n+2), came: make([]int32, 2*n+2), source: int32(2 * n), target: int32(2*n + 1)} // #nosec G115 -- nodes fit into memory
	for i := range f.head {
		f.head[i] = -1
	}
	const start, end = 1, 2
	side := make([]byte, n)
	for _, v := range to {
		side[v] = end
	}
	for _, v := range from {
		side[v] = start
	}
	for v, list := range g.succ {
		in, out := int32(2*v), int32(2*v+1) // #nosec G115 -- nodes fit into memory
		switch side[v] {
		case start:
			f.arc(f.source, out, unbounded)
		case end:
			f.arc(in, f.target, unbounded)
			continue // a way ends here
		default:
			f.arc(in, out, 1)
		}
		for _, w := range list {
			switch {
			case side[w] == start:
			case side[v] == start && side[w] == end:
				if len(f.direct) < maxDirect {
					f.direct = append(f.direct, [2]int{v, int(w)})
				}
			default:
				f.arc(out, 2*w, unbounded)
			}
		}
	}
	return f
}

func (f *flow) arc(from, to, room int32) {
	for _, a := range [2][3]int32{{from, to, room}, {to, from, 0}} {
		f.to, f.room, f.next = append(f.to, a[1]), append(f.room, a[2]), append(f.next, f.head[a[0]])
		f.head[a[0]] = int32(len(f.to) - 1) // #nosec G115 -- arcs fit into memory
	}
}

// augment finds one more way and takes it.
func (f *flow) augment() bool {
	for i := range f.came {
		f.came[i] = -1
	}
	f.came[f.source] = 0
	f.queue = append(f.queue[:0], f.source)
	for i := 0; i < len(f.queue) && f.came[f.target] < 0; i++ {
		for a := f.head[f.queue[i]]; a >= 0; a = f.next[a] {
			if w := f.to[a]; f.room[a] > 0 && f.came[w] < 0 {
				f.came[w] = a
				f.queue = append(f.queue, w)
			}
		}
	}
	if f.came[f.target] < 0 {
		return false
	}
	for v := f.target; v != f.source; {
		a := f.came[v]
		f.room[a]--
		f.room[a^1]++
		v = f.to[a^1]
	}
	return true
}
