// Command sigma measures what rules cost: it reads event logs with and without
// matching every record against the rules of a tree, on one core:
//
//	go run ./bench/sigma -rules sigma/ LOG...
//
// and prints events a second both ways and the ratio of the two. With -matches it
// writes which rule was true of which event instead. Times are
// processor time of this process, the least of several rounds, so that other
// work on the machine disturbs little.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"longwatch/bench/rusage"
	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evtx"
	"longwatch/internal/record"
	"longwatch/internal/rules/sigma"
)

// sink takes the records of one log.
type sink struct {
	events   int
	findings int
	match    *sigma.Matcher
	claims   map[string]bool
}

// fired does what a hunt does: it asks for reasons once for each claim.
func (s *sink) fired(f *sigma.Firing) {
	s.findings++
	c := f.Claim()
	var key strings.Builder
	key.WriteString(c.Detector)
	for _, e := range c.Entities {
		if e.Kind == "host" || e.Kind == "user" || e.Kind == "address" {
			key.WriteString("\x00" + e.Kind + "=" + e.Value)
		}
	}
	if !s.claims[key.String()] {
		s.claims[key.String()] = true
		_ = f.Why()
	}
}

func (s *sink) Lane() record.Sink           { return s }
func (s *sink) Problem(evidence.Problem)    {}
func (s *sink) Count(string, string, int64) {}

func (s *sink) Put(r record.Record) {
	if s.match != nil {
		s.match.Match(r, s.fired)
	}
	if t := r.RecordType().Name; t == "windows_event" || t == "windows_event_recovered" {
		s.events++
	}
}

func main() {
	tree := flag.String("rules", "", "folder of rules")
	rounds := flag.Int("rounds", 5, "rounds; the least time of each counts")
	profile := flag.String("profile", "", "write a processor profile to this file")
	matches := flag.String("matches", "", "measure nothing; write every event and every match to this file, for reference.py")
	flag.Parse()
	if *tree == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(1)
	}
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(200)
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	do := func() error { return run(*tree, flag.Args(), *rounds) }
	if *matches != "" {
		do = func() error { return list(*tree, flag.Args(), *matches) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(tree string, paths []string, rounds int) error {
	logs, err := load(paths)
	if err != nil {
		return err
	}
	start := rusage.Self()
	engine, refused := sigma.Compile(os.DirFS(tree))
	fmt.Printf("%d rules compiled in %v, %d documents refused\n", engine.Len(), (rusage.Self() - start).Round(time.Millisecond), len(refused))
	best := [2]time.Duration{1 << 62, 1 << 62}
	var last [2]sink
	for range rounds {
		for with := range 2 {
			s := sink{}
			if with == 1 {
				s.match, s.claims = engine.NewMatcher(), map[string]bool{}
			}
			start := rusage.Self()
			for _, data := range logs {
				f := &evidence.File{Path: "log.evtx", Name: "log.evtx", Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
				_ = evtx.Format.New(f, &evidence.Env{Jobs: 1, Memory: 256 << 20}).Read(context.Background(), &s) // damaged logs are part of the corpora
			}
			best[with] = min(best[with], rusage.Self()-start)
			last[with] = s
		}
	}
	a, b := last[0], last[1]
	rate := func(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
	fmt.Printf("%d events, %d firings, %.1f candidates an event\n", b.events, b.findings, float64(b.match.Candidates)/float64(b.events))
	fmt.Printf("without rules %.0f events/s\nwith rules    %.0f events/s\nratio         %.2f\n", rate(a.events, best[0]), rate(b.events, best[1]), best[1].Seconds()/best[0].Seconds())
	return nil
}

// load reads every event log below paths.
func load(paths []string) ([][]byte, error) {
	var out [][]byte
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(name), ".evtx") {
				return err
			}
			data, err := os.ReadFile(name)
			out = append(out, data)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no event log (*.evtx) below %q", paths)
	}
	return out, nil
}
