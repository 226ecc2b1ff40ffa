// Command segmentation measures what an audit of zones and conduits costs in
// memory and time: a million and ten million connections of a large plant with
// scans, judged whole. "make bench-segmentation" prints both and their ratio,
// and fails when ten times the connections need twice the memory, or when the
// crossing planted as the last of them is not named.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"time"

	"longwatch/internal/asset"
	"longwatch/internal/audit/segmentation"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

func main() {
	assets := flag.Bool("assets", false, "learn assets of them too, as the command does")
	records := flag.Int("records", 10_000_000, "connections; a tenth of them is measured first")
	flag.Parse()
	small := measure(*records/10, *assets)
	large := measure(*records, *assets)
	ratio := float64(large.heap) / float64(small.heap)
	fmt.Printf("ten times the connections: %.2f times the memory, %.2f times the time of each\n", ratio, large.each()/small.each())
	if ratio > 2 || !small.named || !large.named {
		fmt.Println("the memory is not bounded, or the planted crossing is not named")
		os.Exit(1)
	}
}

// result is one run.
type result struct {
	n      int
	heap   uint64 // bytes of live memory, at most
	took   time.Duration
	judged time.Duration
	named  bool
}

func (r *result) each() float64 { return float64(r.took.Nanoseconds()) / float64(r.n) }

// measure judges n connections.
func measure(n int, assets bool) result {
	out := result{n: n}
	t := segmentation.NewTraffic(nil)
	var l *asset.Learner
	if assets {
		l = asset.New(asset.Options{})
	}
	live := func() {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		out.heap = max(out.heap, m.HeapAlloc)
	}
	w := newWorld(n)
	begin := time.Now()
	for i := range n {
		c := w.next(i)
		t.Put(c)
		if l != nil {
			l.Learn(c)
		}
		if i%(n/8) == 0 {
			live()
		}
	}
	out.took = time.Since(begin)
	live()
	begin = time.Now()
	opt := segmentation.Options{}
	if l != nil {
		opt.Assets = l.Finish()
	}
	r := segmentation.Audit(t, opt)
	r.Reaches = append(r.Reaches, r.ReachFrom(netip.MustParseAddr("10.1.0.10")))
	out.judged = time.Since(begin)
	live()
	out.named = slices.ContainsFunc(r.Findings, func(f *segmentation.Finding) bool {
		return slices.ContainsFunc(f.Pairs, func(p segmentation.Pair) bool {
			return p.Orig.String() == "10.1.5.50" && p.Resp.String() == "10.200.0.9" || p.Folded && p.Resp.String() == "10.200.0.0" // by its network
		}) && f.Changes == 0 && f.Severity.String() == "high"
	})
	fmt.Printf("%d connections: %d MiB live at most, %.0f ns each, judged in %v; %d counted by network, %d nowhere; planted crossing named: %v\n",
		n, out.heap>>20, out.each(), out.judged.Round(time.Millisecond), t.Folded, t.Lost, out.named)
	return out
}

// world makes connections: 60,000 desks with servers and the Internet, scans of
// everything by a few, 50 control networks, and at last one crossing.
type world struct {
	n int
	r *rand.Rand
}

func newWorld(n int) *world { return &world{n, rand.New(rand.NewPCG(8, 8))} }

func v4(a, b, c, d int) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(a), byte(b), byte(c), byte(d)})
}

func (w *world) next(i int) *network.Conn {
	c := &network.Conn{Proto: "tcp", State: "SF", OrigPkts: record.Some(uint64(5)), RespPkts: record.Some(uint64(5)), OrigBytes: record.Some(uint64(700)), RespBytes: record.Some(uint64(9000))}
	c.TS = record.Time(1_700_000_000_000_000_000 + int64(i)*1_000_000)
	c.Ref = record.Ref{File: "conn.log", Kind: record.RefLine, Pos: int64(i)}
	c.OrigP = uint16(49152 + i%16000)
	desk := v4(10, 1+w.r.IntN(3), w.r.IntN(200), 10+w.r.IntN(100))
	switch k := w.r.IntN(100); {
	case i == w.n-1:
		c.OrigH, c.RespH, c.RespP, c.Service = v4(10, 1, 5, 50), v4(10, 200, 0, 9), 502, "modbus"
	case k < 35:
		c.OrigH, c.RespH, c.RespP, c.Service = desk, v4(10, 9, 0, 2+w.r.IntN(20)), []uint16{88, 445, 389}[w.r.IntN(3)], "krb_tcp"
	case k < 70:
		c.OrigH, c.RespH, c.RespP, c.Service = desk, v4(1+w.r.IntN(9)*20+3, w.r.IntN(256), w.r.IntN(256), 1+w.r.IntN(254)), 443, "ssl"
	case k < 85:
		c.OrigH, c.RespH, c.RespP, c.State, c.RespPkts, c.RespBytes = v4(10, 1, 0, 10+w.r.IntN(5)), v4(10, w.r.IntN(256), w.r.IntN(256), 1+w.r.IntN(254)), uint16(1+w.r.IntN(60000)), "S0", record.Opt[uint64]{}, record.Opt[uint64]{}
	default:
		cell := w.r.IntN(50)
		c.OrigH, c.RespH, c.RespP, c.Service = v4(10, 200, cell, 100+w.r.IntN(4)), v4(10, 200, cell, 1+w.r.IntN(60)), 502, "modbus"
	}
	return c
}
