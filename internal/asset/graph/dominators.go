package graph

// Dominators tells for each node the one that every way from root to it leads
// over last, itself left out: its immediate dominator. The root is its own;
// what cannot be reached has -1. The algorithm is that of Cooper, Harvey and
// Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
func (g *Graph) Dominators(root int) []int32 {
	g.sorted()
	order, number := g.postorder(root)
	pred := g.predecessors(number)
	idom := make([]int32, len(g.succ))
	for i := range idom {
		idom[i] = -1
	}
	idom[root] = int32(root) // #nosec G115 -- nodes fit into memory
	for changed := true; changed; {
		changed = false
		for i := len(order) - 2; i >= 0; i-- { // in reverse postorder, behind the root
			v := order[i]
			best := int32(-1)
			for _, p := range pred[v] {
				switch {
				case idom[p] < 0:
				case best < 0:
					best = p
				default:
					best = meet(idom, number, p, best)
				}
			}
			if best != idom[v] {
				idom[v], changed = best, true
			}
		}
	}
	return idom
}

// meet is the nearest node that dominates both.
func meet(idom, number []int32, a, b int32) int32 {
	for a != b {
		for number[a] < number[b] {
			a = idom[a]
		}
		for number[b] < number[a] {
			b = idom[b]
		}
	}
	return a
}

// postorder lists what root reaches, each after what it reaches, and gives
// each its place in the list; -1 for what is not reached.
func (g *Graph) postorder(root int) (order, number []int32) {
	number = make([]int32, len(g.succ))
	for i := range number {
		number[i] = -1
	}
	seen := make([]bool, len(g.succ))
	seen[root] = true
	walk := []frame{{node: int32(root)}} // #nosec G115 -- nodes fit into memory
	for len(walk) > 0 {
		f := &walk[len(walk)-1]
		if int(f.next) < len(g.succ[f.node]) {
			w := g.succ[f.node][f.next]
			f.next++
			if !seen[w] {
				seen[w] = true
				walk = append(walk, frame{node: w})
			}
			continue
		}
		number[f.node] = int32(len(order)) // #nosec G115 -- nodes fit into memory
		order = append(order, f.node)
		walk = walk[:len(walk)-1]
	}
	return order, number
}

// predecessors are those of reached nodes among reached nodes.
func (g *Graph) predecessors(number []int32) [][]int32 {
	pred := make([][]int32, len(g.succ))
	for v, list := range g.succ {
		if number[v] < 0 {
			continue
		}
		for _, w := range list {
			pred[w] = append(pred[w], int32(v)) // #nosec G115 -- nodes fit into memory
		}
	}
	return pred
}

// Dominated counts for each node how many others have it among their
// dominators, of idom as Dominators gives it.
func Dominated(idom []int32) []int {
	count, waiting := make([]int, len(idom)), make([]int, len(idom))
	for v, d := range idom {
		if d >= 0 && int(d) != v {
			waiting[d]++
		}
	}
	var leaves []int32
	for v := range idom {
		if waiting[v] == 0 && idom[v] >= 0 {
			leaves = append(leaves, int32(v)) // #nosec G115 -- nodes fit into memory
		}
	}
	for len(leaves) > 0 {
		v := leaves[len(leaves)-1]
		leaves = leaves[:len(leaves)-1]
		d := idom[v]
		if d == v {
			continue
		}
		count[d] += count[v] + 1
		if waiting[d]--; waiting[d] == 0 {
			leaves = append(leaves, d)
		}
	}
	return count
}
