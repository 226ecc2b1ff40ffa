// Command profile writes records of evidence, as longwatch records does, or
// hunts it, and a CPU or heap profile of it:
//
//	go run ./bench/profile -cpu cpu.out mixed.pcap && go tool pprof -top cpu.out
//	go run ./bench/profile -hunt -memory 268435456 -cpu cpu.out evidence/
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
)

func main() {
	cpu := flag.String("cpu", "cpu.out", "file for the CPU profile")
	heap := flag.String("heap", "", "file for the heap profile at the end")
	format := flag.String("format", "zeek-json", "of the records")
	jobs := flag.Int("jobs", runtime.GOMAXPROCS(0), "goroutines")
	hunt := flag.Bool("hunt", false, "the whole hunt")
	indicators := flag.String("intel", "", "file or folder of indicators, for the hunt")
	memory := flag.Int64("memory", 1<<30, "bytes for tables and buffers")
	flag.Parse()
	c := app.Default()
	c.Paths, c.Format, c.Jobs, c.Memory = flag.Args(), *format, *jobs, *memory
	line := app.Records
	if *hunt {
		line = app.Hunt
	}
	if *indicators != "" {
		c.Intel = []string{*indicators}
	}
	if err := run(*cpu, *heap, c, line); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

func run(cpu, heap string, c app.Config, line func(context.Context, app.Config, app.Progress) (*casefolder.Case, error)) error {
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
	c.Out = out
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	_, err = line(context.Background(), c, quiet{})
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
