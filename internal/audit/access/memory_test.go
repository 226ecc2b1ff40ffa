package access

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// BenchmarkRandomLogons is the worst case: a million logons of accounts, at hosts
// and from places drawn at random, so that hardly a pair comes twice. B/logon is
// what the audit holds when all is learned, and when it has reported.
func BenchmarkRandomLogons(b *testing.B) {
	const logons = 1_000_000
	for b.Loop() {
		base := heap()
		a, rnd := New(Options{}), rand.New(rand.NewPCG(1, 2))
		kinds := []int64{2, 3, 3, 3, 5, 10}
		for i := range logons {
			at := record.Time(1_700_000_000+int64(i)) * 1e9
			r := &host.Logon{
				Head:   host.Head{Head: record.Head{TS: at, Ref: record.Ref{File: fmt.Sprintf("hosts/%d/Security.evtx", i%200), Kind: record.RefRecord, Pos: int64(i)}}, Host: fmt.Sprintf("ws%d.corp.example", rnd.IntN(50_000)), Code: "4624"},
				Target: fmt.Sprintf(`CORP\user%d`, rnd.IntN(100_000)), Outcome: "success", LogonType: kinds[rnd.IntN(len(kinds))],
				Source: netip.AddrFrom4([4]byte{10, byte(rnd.IntN(256)), byte(rnd.IntN(256)), byte(rnd.IntN(256))}),
			}
			a.Learn(r)
		}
		held := heap() - base
		r := a.Report()
		b.ReportMetric(float64(held)/logons, "B/logon")
		b.ReportMetric(float64(heap()-base)/logons, "B/logon-reported")
		runtime.KeepAlive(r)
		runtime.KeepAlive(a)
	}
}

// heap is what lives after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
