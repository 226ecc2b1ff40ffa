// Package graph finds in a graph the nodes that others cannot do without:
// dominators of a directed graph, articulation points and bridges of an
// undirected one, and the least number of nodes that parts two sets.
//
//	g := graph.New(4)
//	g.Add(0, 1); g.Add(1, 2); g.Add(1, 3)
//	g.Dominators(0) // [0 0 1 1]: every way from 0 to 2 and to 3 leads over 1
//
// Nodes are numbers from 0. Nothing recurses, so that a long chain costs no
// stack; every answer is the same for the same graph, whatever the order in
// which edges were added.
package graph

import "slices"

// Graph is a directed graph. Edges may be added twice; loops are left out.
type Graph struct {
	succ  [][]int32
	dirty bool // lists are not sorted
}

// New is a graph of n nodes without edges.
func New(n int) *Graph { return &Graph{succ: make([][]int32, n)} }

// Len is the number of nodes.
func (g *Graph) Len() int { return len(g.succ) }

// Add adds an edge.
func (g *Graph) Add(from, to int) {
	if from == to {
		return
	}
	g.succ[from] = append(g.succ[from], int32(to)) // #nosec G115 -- nodes fit into memory
	g.dirty = true
}

// Both adds an edge in both directions, as undirected graphs have them.
func (g *Graph) Both(a, b int) {
	g.Add(a, b)
	g.Add(b, a)
}

// sorted puts the edges in order and takes doubles out.
func (g *Graph) sorted() {
	if !g.dirty {
		return
	}
	for i, list := range g.succ {
		slices.Sort(list)
		g.succ[i] = slices.Compact(list)
	}
	g.dirty = false
}

// Edges is the number of different edges.
func (g *Graph) Edges() int {
	g.sorted()
	n := 0
	for _, list := range g.succ {
		n += len(list)
	}
	return n
}

// frame is a node whose successors are being walked.
type frame struct {
	node int32
	next int32 // place in its list
}

// Components numbers the strongly connected components of g: nodes that reach
// each other have the same number. A component has a higher number than those
// that it reaches (Tarjan 1972).
func (g *Graph) Components() (of []int32, n int) {
	g.sorted()
	size := len(g.succ)
	of = make([]int32, size)
	index, low := make([]int32, size), make([]int32, size) // from 1; 0: not seen
	var stack []int32
	var walk []frame
	seen := int32(0)
	for i := range of {
		of[i] = -1
	}
	open := func(v int32) {
		seen++
		index[v], low[v] = seen, seen
		stack = append(stack, v)
		walk = append(walk, frame{node: v})
	}
	for start := range size {
		if index[start] != 0 {
			continue
		}
		open(int32(start)) // #nosec G115 -- nodes fit into memory
		for len(walk) > 0 {
			f := &walk[len(walk)-1]
			v := f.node
			if int(f.next) < len(g.succ[v]) {
				w := g.succ[v][f.next]
				f.next++
				switch {
				case index[w] == 0:
					open(w)
				case of[w] < 0:
					low[v] = min(low[v], index[w])
				}
				continue
			}
			walk = walk[:len(walk)-1]
			if len(walk) > 0 {
				up := walk[len(walk)-1].node
				low[up] = min(low[up], low[v])
			}
			if low[v] != index[v] {
				continue
			}
			for {
				w := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				of[w] = int32(n) // #nosec G115 -- at most one for each node
				if w == v {
					break
				}
			}
			n++
		}
	}
	return of, n
}
