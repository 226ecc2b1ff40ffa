// Command profile writes records of evidence, as longwatch records does, and a
// CPU or heap profile of it:
//
//	go run ./bench/profile -cpu cpu.out mixed.pcap && go tool pprof -top cpu.out
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"longwatch/internal/app"
)

func main() {
	cpu := flag.String("cpu", "cpu.out", "file for the CPU profile")
	heap := flag.String("heap", "", "file for the heap profile at the end")
	format := flag.String("format", "zeek-json", "of the records")
	jobs := flag.Int("jobs", runtime.GOMAXPROCS(0), "goroutines")
	flag.Parse()
	if err := run(*cpu, *heap, *format, *jobs, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

func run(cpu, heap, format string, jobs int, paths []string) error {
	out, err := os.MkdirTemp("", "profile-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	f, err := os.Create(cpu)
	if err != nil {
		return err
	}
	defer f.Close()
	c := app.Default()
	c.Paths, c.Out, c.Format, c.Jobs = paths, out, format, jobs
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	_, err = app.Records(context.Background(), c, quiet{})
	pprof.StopCPUProfile()
	if err != nil || heap == "" {
		return err
	}
	h, err := os.Create(heap)
	if err != nil {
		return err
	}
	defer h.Close()
	return pprof.WriteHeapProfile(h)
}

// quiet is an app.Progress that says nothing.
type quiet struct{}

func (quiet) Start(int, int64) {}
func (quiet) Read(int64)       {}
func (quiet) File(string)      {}
func (quiet) Phase(string)     {}
func (quiet) Done()            {}
