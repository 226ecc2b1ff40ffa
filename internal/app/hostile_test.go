package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/flow"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

const (
	// hostileRounds is the environment variable that asks for all captures, so
	// many times; without it some are played once.
	hostileRounds = "LONGWATCH_HOSTILE"
	// hostileFirst is the first round, when it is not 0.
	hostileFirst = "LONGWATCH_HOSTILE_FIRST"
	// hostileCrash lets the panic of a parser end the test, with its stack.
	hostileCrash = "LONGWATCH_HOSTILE_CRASH"

	hostileSample = 29 // every so manieth capture is in the sample
	hostileSize   = 8 << 20
	hostileMemory = 16 << 20
	// hostileHeap is far above what the budget and the fixed costs of an
	// engine come to, and far below what a table without a bound would take.
	hostileHeap = 400 << 20
	// hostileTime and hostilePerMB are far above what a busy machine needs, and
	// far below what quadratic work takes.
	hostileTime  = 20 * time.Second
	hostilePerMB = 30 * time.Second
	// hostileSlow is worth a look.
	hostileSlow = 500 * time.Millisecond
)

// TestHostileCorpus plays damaged captures: cut off, and with bits flipped in the
// file; with packets changed, cut, lost, repeated and out of order; and with one
// side that goes on for ever. Nothing panics, hangs, outgrows its memory or
// writes what is not JSON.
func TestHostileCorpus(t *testing.T) {
	paths := corpusCaptures(t)
	rounds, every := 1, hostileSample
	if n, err := strconv.Atoi(os.Getenv(hostileRounds)); err == nil {
		rounds, every = n, 1
	}
	first, _ := strconv.Atoi(os.Getenv(hostileFirst))
	for i := 0; i < len(paths); i += every {
		whole, err := os.ReadFile(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) > hostileSize {
			whole = whole[:hostileSize]
		}
		name := filepath.Base(filepath.Dir(paths[i])) + "/" + filepath.Base(paths[i])
		t.Run(name, func(t *testing.T) {
			for round := first; round < first+rounds; round++ {
				h := fnv.New64a()
				_, _ = h.Write([]byte(name))
				r := rand.New(rand.NewPCG(h.Sum64(), uint64(round)))
				b := [...]func(*rand.Rand, []byte) []byte{damageFile, damagePackets, insist}[round%3](r, whole)
				took := playHostile(t, fmt.Sprintf("%s, round %d", name, round), b)
				if perMB := took * (1 << 20) / time.Duration(max(len(b), 1<<16)); perMB > hostileSlow {
					t.Logf("round %d: %v a MiB, of %d bytes", round, perMB.Round(time.Millisecond), len(b))
				}
			}
		})
	}
}

// playHostile analyses a capture and tells how long that took.
func playHostile(t *testing.T, what string, b []byte) time.Duration {
	t.Helper()
	limit := hostileTime + hostilePerMB*time.Duration(len(b)>>20)
	watch := time.AfterFunc(limit, func() { panic(what + ": not done after " + limit.String()) })
	defer watch.Stop()
	var peak atomic.Uint64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { watchHeap(&peak, stop) })
	out := &hostileOutlet{t: t, what: what}
	began := time.Now()
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	err := flow.New(flow.Config{
		Protocols: protocols, Jobs: 1, Memory: hostileMemory, HashFiles: true, Recover: os.Getenv(hostileCrash) == "",
	}, out).Run(context.Background(), []flow.Source{{Path: "hostile.pcap", Size: int64(len(b)), Open: open}})
	took := time.Since(began)
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	close(stop)
	wg.Wait()
	if p := peak.Load(); p > hostileHeap {
		t.Errorf("%s: %d MiB of heap", what, p>>20)
	}
	return took
}

// watchHeap notes the largest heap until stop is closed. What is garbage and
// not yet collected does not count.
func watchHeap(peak *atomic.Uint64, stop <-chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var m runtime.MemStats
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > hostileHeap {
				debug.FreeOSMemory()
				runtime.ReadMemStats(&m)
			}
			peak.Store(max(peak.Load(), m.HeapAlloc))
		}
	}
}

// hostileOutlet encodes records as sinks do, and looks out for panics.
type hostileOutlet struct {
	t    *testing.T
	what string
}

// Lane implements evidence.Outlet.
func (o *hostileOutlet) Lane() record.Sink {
	var buf []byte
	return record.SinkFunc(func(r record.Record) {
		rt := r.RecordType()
		if w, ok := r.(*network.Weird); ok && w.Name == "parser_panic" {
			o.t.Errorf("%s: %s panics: %s", o.what, w.Source, w.Addl)
		}
		buf = rt.AppendJSON(buf[:0], r)
		if !json.Valid(buf) {
			o.t.Errorf("%s: not JSON: %s", o.what, buf)
		}
		buf = rt.AppendECS(rt.Stock().AppendZeek(buf[:0], r), r)
	})
}

// Problem implements evidence.Outlet.
func (o *hostileOutlet) Problem(evidence.Problem) {}

// Count implements evidence.Outlet.
func (o *hostileOutlet) Count(string, string, int64) {}

var _ evidence.Outlet = (*hostileOutlet)(nil)
