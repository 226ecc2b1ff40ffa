package graph

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plain is a graph as a matrix, on which answers are found by trying.
type plain [][]bool

// reach is what can be reached from any of the nodes when those of without are
// taken away, as bits.
func (p plain) reach(from, without uint64) uint64 {
	seen := from &^ without
	for {
		more := seen
		for v := range p {
			if seen>>v&1 == 0 {
				continue
			}
			for w, edge := range p[v] {
				if edge && without>>w&1 == 0 {
					more |= 1 << w
				}
			}
		}
		if more == seen {
			return seen
		}
		seen = more
	}
}

// random makes the same graph twice. Sparse graphs have the most to find.
func random(r *rand.Rand, n int, undirected bool) (*Graph, plain) {
	g, p := New(n), make(plain, n)
	for i := range p {
		p[i] = make([]bool, n)
	}
	for range r.IntN(3*n + 1) {
		a, b := r.IntN(n), r.IntN(n)
		if a == b {
			continue
		}
		p[a][b] = true
		if undirected {
			p[b][a] = true
			g.Both(a, b)
		} else {
			g.Add(a, b)
		}
	}
	return g, p
}

const rounds = 3000

// TestDominators compares with the definition: d dominates v when v cannot be
// reached without d.
func TestDominators(t *testing.T) {
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(14)
		g, p := random(r, n, false)
		root := r.IntN(n)
		idom := g.Dominators(root)
		count := Dominated(idom)
		all := p.reach(1<<root, 0)
		wantCount := make([]int, n)
		for v := range n {
			if all>>v&1 == 0 {
				if idom[v] != -1 {
					t.Fatalf("seed %d: %d is not reached and has dominator %d", seed, v, idom[v])
				}
				continue
			}
			var want, got uint64
			for d := range n {
				if d != v && all>>d&1 == 1 && (d == root || p.reach(1<<root, 1<<d)>>v&1 == 0) {
					want |= 1 << d
					wantCount[d]++
				}
			}
			for d := v; d != root; {
				d = int(idom[d])
				got |= 1 << d
			}
			if got != want {
				t.Fatalf("seed %d: %d is dominated by %b, not %b", seed, v, want, got)
			}
		}
		if d := cmp.Diff(wantCount, count); d != "" {
			t.Fatalf("seed %d: dominated (-want +got):\n%s", seed, d)
		}
	}
}

// parts are the connected parts of nodes, as bits.
func (p plain) parts(nodes uint64) (out []uint64) {
	for v := range p {
		if nodes>>v&1 == 1 {
			part := p.reach(1<<v, ^nodes)
			out = append(out, part)
			nodes &^= part
		}
	}
	return out
}

// TestCuts compares with taking every node and every edge away.
func TestCuts(t *testing.T) {
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := 1 + r.IntN(14)
		g, p := random(r, n, true)
		var cuts []Cut
		var bridges []Bridge
		for v := range n {
			whole := p.reach(1<<v, 0)
			pieces := p.parts(whole &^ (1 << v))
			if len(pieces) < 2 {
				continue
			}
			largest := 0
			for _, x := range pieces {
				largest = max(largest, bits.OnesCount64(x))
			}
			cuts = append(cuts, Cut{Node: v, Pieces: len(pieces), Lost: bits.OnesCount64(whole) - 1 - largest})
		}
		for a := range n {
			for b := a + 1; b < n; b++ {
				if !p[a][b] {
					continue
				}
				p[a][b], p[b][a] = false, false
				if near, far := p.reach(1<<a, 0), p.reach(1<<b, 0); near>>b&1 == 0 {
					bridges = append(bridges, Bridge{A: a, B: b, Lost: min(bits.OnesCount64(near), bits.OnesCount64(far))})
				}
				p[a][b], p[b][a] = true, true
			}
		}
		gotCuts, gotBridges := g.Cuts()
		if d := cmp.Diff(cuts, gotCuts); d != "" {
			t.Fatalf("seed %d: cuts (-want +got):\n%s", seed, d)
		}
		if d := cmp.Diff(bridges, gotBridges); d != "" {
			t.Fatalf("seed %d: bridges (-want +got):\n%s", seed, d)
		}
	}
}

// TestSeparate compares with trying every set of nodes, the smallest first.
func TestSeparate(t *testing.T) {
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 2 + r.IntN(9)
		g, p := random(r, n, r.IntN(2) == 0)
		perm := r.Perm(n)
		a := 1 + r.IntN(n-1)
		b := 1 + r.IntN(n-a)
		from, to := perm[:a], perm[a:a+b]
		var fromBits, toBits uint64
		for _, v := range from {
			fromBits |= 1 << v
		}
		for _, v := range to {
			toBits |= 1 << v
		}
		var direct [][2]int
		for v := range n {
			for w := range n {
				if fromBits>>v&1 == 1 && toBits>>w&1 == 1 && p[v][w] {
					direct = append(direct, [2]int{v, w})
					p[v][w] = false
				}
			}
		}
		least := n
		for set := range uint64(1) << n {
			if set&(fromBits|toBits) == 0 && bits.OnesCount64(set) < least && p.reach(fromBits, set)&toBits == 0 {
				least = bits.OnesCount64(set)
			}
		}
		got := g.Separate(from, to, n)
		if d := cmp.Diff(direct, got.Direct); d != "" {
			t.Fatalf("seed %d: direct (-want +got):\n%s", seed, d)
		}
		var set uint64
		for _, v := range got.Nodes {
			set |= 1 << v
		}
		if got.TooMany || len(got.Nodes) != least || set&(fromBits|toBits) != 0 || p.reach(fromBits, set)&toBits != 0 {
			t.Fatalf("seed %d: %d nodes part %v and %v, got %+v", seed, least, from, to, got)
		}
		if least > 0 {
			if few := g.Separate(from, to, least-1); !few.TooMany || few.Nodes != nil {
				t.Fatalf("seed %d: %d are not enough, got %+v", seed, least-1, few)
			}
		}
	}
}

// TestComponents compares with reaching each other.
func TestComponents(t *testing.T) {
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 4))
		n := 1 + r.IntN(14)
		g, p := random(r, n, false)
		of, count := g.Components()
		for a := range n {
			for b := range n {
				there, back := p.reach(1<<a, 0)>>b&1 == 1, p.reach(1<<b, 0)>>a&1 == 1
				if (of[a] == of[b]) != (there && back) {
					t.Fatalf("seed %d: %d and %d: components %v", seed, a, b, of)
				}
				if there && !back && of[a] <= of[b] {
					t.Fatalf("seed %d: %d reaches %d and is not numbered higher: %v", seed, a, b, of)
				}
			}
		}
		if want := int(slices.Max(of)) + 1; want != count {
			t.Fatalf("seed %d: %d components, numbers to %d", seed, count, want)
		}
	}
}

// TestLongChain: depth costs no stack.
func TestLongChain(t *testing.T) {
	const n = 300_000
	g, both := New(n), New(n)
	for i := range n - 1 {
		g.Add(i, i+1)
		both.Both(i, i+1)
	}
	if idom := g.Dominators(0); idom[n-1] != n-2 || Dominated(idom)[0] != n-1 {
		t.Error("dominators of a chain")
	}
	if cuts, bridges := both.Cuts(); len(cuts) != n-2 || len(bridges) != n-1 || cuts[0] != (Cut{Node: 1, Pieces: 2, Lost: 1}) {
		t.Errorf("%d cuts, %d bridges", len(cuts), len(bridges))
	}
	if _, k := g.Components(); k != n {
		t.Errorf("%d components", k)
	}
	if s := both.Separate([]int{0}, []int{n - 1}, 4); len(s.Nodes) != 1 {
		t.Errorf("%d nodes part a chain's ends", len(s.Nodes))
	}
}

// office is a graph of the shape of a dependency graph: few servers, many
// clients.
func office(n int) (*Graph, *Graph) {
	r := rand.New(rand.NewPCG(7, 7))
	g, both := New(n), New(n)
	for v := 1; v < n; v++ {
		for range 4 {
			s := r.IntN(min(v, n/50+1))
			g.Add(s, v)
			both.Both(s, v)
		}
	}
	return g, both
}

func BenchmarkTenThousand(b *testing.B) {
	for b.Loop() {
		g, both := office(10_000)
		Dominated(g.Dominators(0))
		g.Components()
		both.Cuts()
		both.Separate([]int{0, 1, 2}, []int{9_000, 9_500, 9_999}, 32)
	}
}
