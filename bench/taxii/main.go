// Command taxii measures the TAXII server: it fills a store with so many
// objects, starts the server, lets clients page through it, and prints how long
// a page took. Each client goes through the collection from a place of its own
// and asks for the next page after a pause, as a member that has to do something
// with what it got; a pause of 0 asks as fast as it can.
//
//	go run ./bench/taxii -objects 1000000 -clients 200
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/object"
	"longwatch/internal/taxii/server"
	"longwatch/internal/taxii/store"
)

var (
	objects = flag.Int("objects", 1_000_000, "objects in the collection")
	clients = flag.Int("clients", 200, "clients at once")
	limit   = flag.Int("limit", 100, "objects of a page")
	pause   = flag.Duration("pause", time.Second, "of a client between two pages, on average")
	span    = flag.Duration("time", 30*time.Second, "to measure for")
	writes  = flag.Int("writes", 0, "objects a second that are added meanwhile")
	cache   = flag.Int64("cache", 256, "MiB of pages the server keeps in memory")
	source  = flag.String("store", "", "store to use, filled if it is empty (default: a new one, removed after)")
	zip     = flag.Bool("gzip", false, "clients take gzip")
	small   = flag.Bool("small", false, "objects of some 270 bytes instead of 700")
	cpu     = flag.String("cpuprofile", "", "file for a profile of the processor, of the filling and the paging")
)

const token = "lwtx_bench"

func main() {
	flag.Parse()
	err := profiled(func() error { return run(context.Background()) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// profiled runs act, with a profile if one was asked for.
func profiled(act func() error) error {
	if *cpu == "" {
		return act()
	}
	f, err := os.Create(*cpu)
	if err != nil {
		return err
	}
	if err = pprof.StartCPUProfile(f); err == nil {
		err = act()
		pprof.StopCPUProfile()
	}
	return errors.Join(err, f.Close())
}

func run(ctx context.Context) error {
	if *source == "" {
		dir, err := os.MkdirTemp("", "bench-taxii")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		*source = filepath.Join(dir, "taxii.db")
	}
	st, err := store.Open(ctx, *source, store.Options{})
	if err != nil {
		return err
	}
	defer st.Close()

	c, err := setup(ctx, st)

	if err != nil {
		return err
	}
	memory := *cache << 20
	if memory == 0 {
		memory = -1 // none
	}
	s, err := server.New(ctx, st, server.Options{Rate: 1e9, Burst: 1e9, MaxConns: 1 << 20, PerAddress: 1 << 20, Cache: memory, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Audit: io.Discard})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serve, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Serve(serve, l) }()
	measure(ctx, st, c, "http://"+l.Addr().String()+"/api/collections/"+c.ID+"/objects/")
	stop()
	return <-done
}

// setup fills the store if it has no collection.
func setup(ctx context.Context, st *store.Store) (store.Collection, error) {
	cfg, err := st.Config(ctx)
	if err != nil || len(cfg.Collections) > 0 {
		if err == nil {
			return cfg.Collections[0], nil
		}
		return store.Collection{}, err
	}
	c, err := st.AddCollection(ctx, store.Collection{Root: "api", Title: "bench"})
	for _, err := range []error{
		err, st.PutRoot(ctx, store.Root{Name: "api", Title: "bench", MaxContent: 100 << 20}), st.PutMember(ctx, store.Member{Name: "m"}),
		st.PutGrant(ctx, "m", c, store.Grant{Read: true, Write: true}), st.PutCredential(ctx, store.Credential{Kind: "token", Digest: access.Digest(token), Member: "m", Label: "t"}),
	} {
		if err != nil {
			return c, err
		}
	}
	began := time.Now()
	if _, err := st.Load(ctx, c, made(began)); err != nil {
		return c, err
	}
	took := time.Since(began)
	fmt.Printf("filled %d objects in %v: %.0f a second\n", *objects, took.Round(time.Second), float64(*objects)/took.Seconds())
	return c, nil
}

// made are the objects, parsed by another goroutine than the one that writes.
func made(began time.Time) iter.Seq[object.Object] {
	const batch = 5000
	batches := make(chan []object.Object, 4)
	go func() {
		defer close(batches)
		for n := 0; n < *objects; n += batch {
			list := make([]object.Object, min(batch, *objects-n))
			for i := range list {
				list[i], _ = object.Parse(indicator(n + i)) // ours, and right
			}
			batches <- list
		}
	}()
	return func(yield func(object.Object) bool) {
		n := 0
		for list := range batches {
			for _, o := range list {
				if !yield(o) {
					return
				}
			}
			if n += len(list); n%1_000_000 == 0 {
				fmt.Fprintf(os.Stderr, "%d objects in %v\n", n, time.Since(began).Round(time.Second))
			}
		}
	}
}

// indicator is one like those of the field: some 600 bytes, or the least that
// STIX allows.
func indicator(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	id := func() string {
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.Uint32()&0xffff, r.Uint32()&0xfff, r.Uint32()&0xfff, r.Uint64()&0xffffffffffff)
	}
	if *small {
		return fmt.Appendf(nil, `{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","pattern":"[domain-name:value = 'h%d.example.org']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`, id(), n)
	}
	return fmt.Appendf(nil, `{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created_by_ref":"identity--%s","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Host %d","description":"Seen as a relay in reports of members, with the same certificate as others of its kind.","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = 'h%d.example.org']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","confidence":%d,"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}`, id(), id(), n, n, n%100)
}

// measure lets the clients run and prints what they saw.
func measure(ctx context.Context, st *store.Store, c store.Collection, address string) {
	first, _, err := st.Page(ctx, c, taxii.Filter{Last: true}, 0, 1, false)
	if err != nil || len(first) == 0 {
		fmt.Fprintln(os.Stderr, "nothing to page through:", err)
		return
	}
	low, high := first[0].Added, st.Time()
	ctx, cancel := context.WithTimeout(ctx, *span)
	defer cancel()
	tr := &http.Transport{MaxIdleConnsPerHost: *clients, DisableCompression: !*zip}
	web := &http.Client{Transport: tr}
	var mu sync.Mutex
	var times []time.Duration
	var size, failed atomic.Int64
	var wg sync.WaitGroup
	for i := range *clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			next, after := "", low+taxii.Time(r.Int64N(int64(high-low)))
			var mine []time.Duration
			for sleep(ctx, time.Duration(r.Int64N(int64(2**pause)+1))) {
				q := url.Values{"limit": {fmt.Sprint(*limit)}, "added_after": {after.String()}}
				if next != "" {
					q.Set("next", next)
				}
				began := time.Now()
				e, n, err := get(ctx, web, address+"?"+q.Encode())
				took := time.Since(began)
				if ctx.Err() != nil {
					break
				}
				if err != nil {
					failed.Add(1)
					continue
				}
				size.Add(n)
				mine = append(mine, took)
				if next = e.Next; !e.More {
					next, after = "", low+taxii.Time(r.Int64N(int64(high-low)))
				}
			}
			mu.Lock()
			times = append(times, mine...)
			mu.Unlock()
		})
	}
	added := 0
	if *writes > 0 {
		wg.Go(func() { added = write(ctx, st, c) })
	}
	wg.Wait()
	slices.Sort(times)
	if len(times) == 0 {
		fmt.Fprintln(os.Stderr, "no page came;", failed.Load(), "failed")
		return
	}
	at := func(p float64) time.Duration { return times[min(int(p*float64(len(times))), len(times)-1)] }
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	fmt.Printf("%d clients, pages of %d, pause %v, cache %d MiB: %d pages, %.0f a second, %.1f MB/s, %d failed; %d objects added meanwhile\n", *clients, *limit, *pause, *cache, len(times), float64(len(times))/span.Seconds(), float64(size.Load())/span.Seconds()/1e6, failed.Load(), added)
	fmt.Printf("a page: p50 %v, p90 %v, p99 %v, p99.9 %v, most %v; memory of server and clients %d MiB\n", at(.5), at(.9), at(.99), at(.999), times[len(times)-1], mem.Sys>>20)
}

// write adds objects at the rate asked for.
func write(ctx context.Context, st *store.Store, c store.Collection) int {
	n := 0
	for sleep(ctx, time.Second) {
		list := make([]object.Object, *writes)
		for i := range list {
			list[i], _ = object.Parse(indicator(1<<40 + int(time.Now().UnixNano()%1e9)*1000 + i))
		}
		if _, err := st.Add(ctx, c, "m", list, nil); err == nil {
			n += len(list)
		}
	}
	return n
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// get reads one page whole, and where the next begins.
func get(ctx context.Context, web *http.Client, address string) (e taxii.Envelope, n int64, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return e, 0, err
	}
	r.Header.Set("Accept", taxii.Media21)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := web.Do(r)
	if err != nil {
		return e, 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return e, 0, fmt.Errorf("status %d: %w", res.StatusCode, err)
	}
	// Only the head is read: what a client does with objects is not ours to measure.
	err = json.Unmarshal(withoutObjects(b), &e)
	return e, int64(len(b)), err
}

// withoutObjects is an envelope as the server writes it, without its objects.
func withoutObjects(b []byte) []byte {
	head, _, found := bytes.Cut(b, []byte(`,"objects":[`))
	if !found {
		return b
	}
	return append(slices.Clone(head), '}')
}
