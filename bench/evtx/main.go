// Command evtx compares reading event logs with the Rust reader, one core each:
//
//	go run ./bench/evtx -corpus ../shared/corpora/evtx -longwatch bin/longwatch
//
// It stacks the chunks of all logs below -corpus into one log of -size MiB
// with fresh record numbers and checksums, or fills one with process events
// when there is no corpus. Ours is timed twice: the reader alone, which
// verifies, decodes, normalises and searches unused space; and the command
// records, which also sorts and writes. Theirs is evtx_dump (cargo install
// evtx), or the Python module of the same reader (pip install evtx): decode and
// render JSON. Processor time counts, the least of -rounds runs, so that a busy
// machine disturbs little.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"longwatch/bench/rusage"
	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evtx"
	"longwatch/internal/record"
)

func main() {
	corpus := flag.String("corpus", "", "folder of event logs to stack")
	size := flag.Int("size", 128, "MiB of the log")
	rounds := flag.Int("rounds", 3, "runs of each; the best counts")
	binary := flag.String("longwatch", "bin/longwatch", "the command to time; empty: the reader only")
	keep := flag.String("keep", "", "keep the stacked log at this path")
	flag.Parse()
	if err := run(*corpus, *size<<20, *rounds, *binary, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "bench/evtx:", err)
		os.Exit(1)
	}
}

func run(corpus string, size, rounds int, binary, keep string) error {
	dir, err := os.MkdirTemp("", "bench-evtx-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "stacked.evtx")
	if keep != "" {
		path = keep
	}
	data, err := makeLog(corpus, size)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	peer, name := findPeer(path)
	if peer == nil {
		fmt.Println("the Rust reader is absent (cargo install evtx, or pip install evtx): ours only")
	}
	runtime.GOMAXPROCS(1)
	events := 0
	own, whole, theirs := never, never, never
	for i := range rounds {
		n, took, err := read(data)
		if err != nil {
			return err
		}
		events, own = n, min(own, took)
		if binary != "" {
			out := filepath.Join(dir, fmt.Sprint("records", i))
			took, err := child(exec.Command(binary, "records", path, "-o", out, "--format", "jsonl", "--jobs", "1", "--quiet")) // #nosec G204 -- what the user names
			if err != nil {
				return err
			}
			whole = min(whole, took)
			_ = os.RemoveAll(out)
		}
		if peer != nil {
			took, err := child(peer())
			if err != nil {
				return err
			}
			theirs = min(theirs, took)
		}
	}
	fmt.Printf("%d MiB, %d events, one core, best of %d\n", len(data)>>20, events, rounds)
	show := func(what string, t time.Duration) {
		if t == never {
			return
		}
		fmt.Printf("%-24s %6.2f s %9.0f events/s %6.0f MB/s", what, t.Seconds(), float64(events)/t.Seconds(), float64(len(data))/1e6/t.Seconds())
		if theirs != never {
			fmt.Printf("   %.2f times the Rust reader's time", t.Seconds()/theirs.Seconds())
		}
		fmt.Println()
	}
	show("longwatch, reader", own)
	show("longwatch records", whole)
	show(name, theirs)
	return nil
}

// never is longer than any run.
const never = time.Duration(1<<63 - 1)

// read reads the log with our reader and drops what it yields.
func read(data []byte) (int, time.Duration, error) {
	f := &evidence.File{Path: "stacked.evtx", Name: "stacked.evtx", Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
	runtime.GC()
	var out nowhere
	before := rusage.Self()
	err := evtx.Format.New(f, &evidence.Env{Jobs: 1, Memory: 64 << 20}).Read(context.Background(), &out)
	return out.events, rusage.Self() - before, err
}

// nowhere counts events and drops everything.
type nowhere struct{ events int }

func (n *nowhere) Lane() record.Sink           { return n }
func (n *nowhere) Problem(evidence.Problem)    {}
func (n *nowhere) Count(string, string, int64) {}

func (n *nowhere) Put(r record.Record) {
	if r.RecordType().Name == "windows_event" {
		n.events++
	}
}

// child runs a command and tells the processor time it took. Status 4 says
// that the evidence is damaged, which logs of a corpus may be.
func child(c *exec.Cmd) (time.Duration, error) {
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 4) {
		return 0, fmt.Errorf("%s: %w", c.Path, err)
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}

// findPeer returns what makes a command of the Rust reader, and its name.
func findPeer(path string) (func() *exec.Cmd, string) {
	dump := os.Getenv("EVTX_DUMP")
	if dump == "" {
		dump = "evtx_dump"
	}
	if _, err := exec.LookPath(dump); err == nil {
		return func() *exec.Cmd { return exec.Command(dump, "-t", "1", "-o", "jsonl", path) }, "evtx_dump" // #nosec G204 G702 -- what the user names
	}
	const script = "import sys, evtx\nfor r in evtx.PyEvtxParser(sys.argv[1], 1).records_json(): pass"
	if exec.Command("python3", "-c", "import evtx").Run() == nil {
		return func() *exec.Cmd { return exec.Command("python3", "-c", script, path) }, "evtx (Python module)"
	}
	return nil, ""
}
