package asset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// worlds are random inventories of n own assets, whose edges come in order.
func world(r *rand.Rand, n, edges int) *Inventory {
	inv := &Inventory{}
	for i := range n {
		inv.Assets = append(inv.Assets, &Asset{ID: fmt.Sprintf("h%d", i), Own: true})
	}
	kinds := []struct {
		kind Kind
		name string
	}{{NameResolution, "dns"}, {Authentication, "radius"}, {Control, "modbus"}, {Control, "s7comm"}, {File, "smb"}, {Database, "mysql"}, {Time, "ntp"}}
	seen := map[[3]int]bool{}
	for range edges {
		from, to, k := r.IntN(n), r.IntN(n), r.IntN(len(kinds))
		if from == to || seen[[3]int{from, to, k}] {
			continue
		}
		seen[[3]int{from, to, k}] = true
		inv.Edges = append(inv.Edges, Edge{From: from, To: to, Kind: kinds[k].kind, Name: kinds[k].name, Port: uint16(k), Needed: kinds[k].kind.Needed(), Days: 1, Count: 1})
	}
	slices.SortFunc(inv.Edges, func(a, b Edge) int { return (a.From-b.From)*10000 + (a.To-b.To)*100 + int(a.Port) - int(b.Port) })
	return inv
}

// stopped follows the definition until nothing changes: who needs a kind of
// service that it does not give itself, and has no server of it left, stops.
func stopped(inv *Inventory, gone int) map[int]bool {
	group := func(e Edge) string {
		if e.Kind == Control || e.Kind == Database {
			return string(e.Kind)
		}
		return e.Name
	}
	gives := map[string]bool{}
	for _, e := range inv.Edges {
		gives[fmt.Sprint(e.To, group(e))] = true
	}
	out := map[int]bool{gone: true}
	for changed := true; changed; {
		changed = false
		left := map[string]int{}
		for _, e := range inv.Edges {
			if e.Kind.Needed() && !gives[fmt.Sprint(e.From, group(e))] {
				key := fmt.Sprint(e.From, group(e))
				if left[key] += 0; !out[e.To] {
					left[key]++
				}
			}
		}
		for _, e := range inv.Edges {
			if n, ok := left[fmt.Sprint(e.From, group(e))]; ok && n == 0 && e.Kind.Needed() && !out[e.From] {
				out[e.From], changed = true, true
			}
		}
	}
	delete(out, gone)
	return out
}

func TestCascadeOnRandomWorlds(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 5))
		inv := world(r, 2+r.IntN(14), r.IntN(60))
		c := NewCascade(inv)
		impacts, whole := c.Impacts()
		if !whole {
			t.Fatal("the bound of work was reached")
		}
		stops := map[int]int{}
		for _, im := range impacts {
			stops[im.Asset] = im.Stops
		}
		for v := range inv.Assets {
			want := stopped(inv, v)
			got := map[int]bool{}
			for _, s := range c.Without(v).Stopped {
				got[s.Asset] = true
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, without %d (-want +got):\n%s", seed, v, d)
			}
			if n := stops[v]; n != len(want) {
				t.Fatalf("seed %d, without %d: %d stop, the list of impacts says %d", seed, v, len(want), n)
			}
		}
	}
}

// TestTwoServersOfNames: the loss of one of two is told and stops nobody; of
// one alone it stops its clients and, in cascade, theirs.
func TestTwoServersOfNames(t *testing.T) {
	s := newScene()
	s.conn("10.0.0.10", "10.0.0.1", "udp", 53, "dns")
	s.conn("10.0.0.10", "10.0.0.2", "udp", 53, "dns")
	s.conn("10.0.0.20", "10.0.0.1", "udp", 53, "dns")      // an application server
	s.conn("10.0.0.10", "10.0.0.20", "tcp", 3306, "mysql") // whose database a client needs
	inv := learn(s.records)
	out := NewCascade(inv).Without(inv.Find("10.0.0.1"))
	var got []string
	for _, l := range out.Lost {
		got = append(got, fmt.Sprintf("%s loses %s, needed %v, %d left", l.Name, l.What, l.Needed, l.Left))
	}
	for _, s := range out.Stopped {
		got = append(got, fmt.Sprintf("%s stops for want of %s of %s, depth %d", s.Name, s.What, s.Of, s.Depth))
	}
	want := []string{
		"10.0.0.20 loses dns, needed true, 0 left",
		"10.0.0.10 loses dns, needed true, 1 left",
		"10.0.0.20 stops for want of dns of 10.0.0.1, depth 1",
		"10.0.0.10 stops for want of database of 10.0.0.20, depth 2",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if out := NewCascade(inv).Without(inv.Find("10.0.0.2")); len(out.Stopped) != 0 || len(out.Lost) != 1 || out.Lost[0].Left != 1 {
		t.Errorf("without the second: %+v", out)
	}
	if out := NewCascade(inv).Without(inv.Find("10.0.0.1"), inv.Find("10.0.0.2")); len(out.Stopped) != 2 {
		t.Errorf("without both: %+v", out)
	}
}

// TestTickets: a client finds another domain controller by name, though it was
// only seen to use one.
func TestTickets(t *testing.T) {
	s := newScene()
	s.conn("10.0.0.10", "10.0.0.1", "tcp", 88, "krb_tcp")
	s.conn("10.0.0.11", "10.0.0.1", "tcp", 88, "krb_tcp")
	s.conn("10.0.0.11", "10.0.0.2", "tcp", 88, "krb_tcp")
	s.conn("10.0.0.12", "10.0.0.9", "tcp", 88, "krb_tcp") // another realm
	inv := learn(s.records)
	out := NewCascade(inv).Without(inv.Find("10.0.0.1"))
	if len(out.Stopped) != 0 || len(out.Lost) != 2 || out.Lost[0].Left != 1 || out.Lost[1].Left != 1 {
		t.Errorf("%+v", out)
	}
	if out := NewCascade(inv).Without(inv.Find("10.0.0.9")); len(out.Stopped) != 1 {
		t.Errorf("the only one of its realm: %+v", out)
	}
}

func TestAnalyse(t *testing.T) {
	inv := learn(office().records)
	an := inv.Analyse()
	if len(an.Impacts) == 0 || an.Impacts[0].ID != "10.0.0.1" || an.Impacts[0].Stops != 4 || an.Impacts[0].Dominates != 4 || an.Impacts[0].Clients != 4 {
		t.Errorf("the domain controller comes first: %+v", an.Impacts)
	}
	for _, im := range an.Impacts {
		if im.ID == "10.1.0.100" && (im.Stops != 2 || im.Parts != 1) {
			t.Errorf("the controller holds its two clients together: %+v", im)
		}
	}
	if a := inv.ByAddress(ip("10.0.0.12")); a.RestsOn != "10.0.0.1" {
		t.Errorf("a workstation rests on %q", a.RestsOn)
	}
	if an.Separation != nil {
		t.Errorf("nothing leads from outside to the controller: %+v", an.Separation)
	}
}

// TestParting: whoever comes from outside passes the jump host.
func TestParting(t *testing.T) {
	s := office()
	s.conn("10.0.0.10", "10.1.0.6", "tcp", 3389, "rdp")
	inv := learn(s.records)
	an := inv.Analyse()
	want := &Parting{Nodes: []string{"pc0"}, Devices: 1}
	if d := cmp.Diff(want, an.Separation); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func BenchmarkTenThousandAssets(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 10_000
	inv := &Inventory{}
	for i := range n {
		inv.Assets = append(inv.Assets, &Asset{ID: fmt.Sprintf("h%d", i), Own: true})
	}
	for i := range n { // each uses two servers of names and tickets, and some of the others
		for _, s := range []int{r.IntN(20), r.IntN(20)} {
			if s != i {
				inv.Edges = append(inv.Edges, Edge{From: i, To: s, Kind: NameResolution, Name: "dns", Needed: true}, Edge{From: i, To: s, Kind: Authentication, Name: "krb", Needed: true})
			}
		}
		for range 6 {
			if s := r.IntN(max(1, i/10)); s != i {
				inv.Edges = append(inv.Edges, Edge{From: i, To: s, Kind: Database, Name: "mysql", Needed: true}, Edge{From: i, To: s, Kind: File, Name: "smb"})
			}
		}
	}
	for b.Loop() {
		inv.Analyse()
	}
	b.ReportMetric(float64(n), "assets")
	b.ReportMetric(float64(len(inv.Edges)), "edges")
}
