// Command bigcase hunts generated evidence of a million and of ten million
// records and says what a record costs at each size, how much memory the hunt
// took, and how large the largest page of its report is.
//
//	bigcase -longwatch bin/longwatch -records 1000000,10000000 -memory 1G
//
// Costs are told as a ratio to the first size: 1.0 means that ten times the
// records took ten times as long.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"longwatch/bench/rusage"
)

func main() {
	program := flag.String("longwatch", "bin/longwatch", "the program")
	records := flag.String("records", "1000000,10000000", "numbers of records")
	memory := flag.String("memory", "1G", "the hunt's --memory")
	dir := flag.String("dir", os.TempDir(), "where evidence and case are written, and removed")
	keep := flag.String("evidence", "", "only write evidence of so many records into this folder")
	flag.Parse()
	var err error
	if *keep != "" {
		err = onlyWrite(*keep, *records)
	} else {
		err = run(*program, *records, *memory, *dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bigcase:", err)
		os.Exit(1)
	}
}

// outcome is one hunt.
type outcome struct {
	records   int64
	wall, cpu time.Duration
	rss       int64 // bytes
	page      int64 // bytes of the largest page
	pages     int
	findings  int
	incidents int
	verdict   string
}

// onlyWrite leaves evidence to be profiled.
func onlyWrite(dir, records string) error {
	n, err := strconv.Atoi(records)
	if err != nil {
		return err
	}
	return write(dir, n)
}

func run(program, records, memory, dir string) error {
	var first *outcome
	fmt.Printf("%12s %14s %14s %10s %12s %6s %9s %9s\n", "records", "wall/record", "cpu/record", "peak MiB", "largest page", "pages", "findings", "incidents")
	for field := range strings.SplitSeq(records, ",") {
		n, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		o, err := hunt(program, n, memory, dir)
		if err != nil {
			return err
		}
		first = cmp.Or(first, o)
		each := func(d time.Duration, rec int64) float64 { return float64(d) / float64(rec) }
		fmt.Printf("%12d %14.2f %14.2f %10d %12d %6d %9d %9d\n", o.records, each(o.wall, o.records)/each(first.wall, first.records),
			each(o.cpu, o.records)/each(first.cpu, first.records), o.rss>>20, o.page, o.pages, o.findings, o.incidents)
		fmt.Printf("%12s %s wall, %s of processors; %s\n", "", o.wall.Round(time.Second), o.cpu.Round(time.Second), o.verdict)
	}
	return nil
}

// hunt writes evidence of n records, hunts it and measures that.
func hunt(program string, n int, memory, dir string) (*outcome, error) {
	work, err := os.MkdirTemp(dir, "bigcase-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	evidence, out := filepath.Join(work, "evidence"), filepath.Join(work, "case")
	if err := write(evidence, n); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "hunt", evidence, "-o", out, "--memory", memory, "--json")
	cmd.Stderr = os.Stderr
	begun := time.Now()
	text, err := cmd.Output()
	wall := time.Since(begun)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	o := &outcome{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	o.rss = rusage.Peak(cmd.ProcessState)
	var summary struct {
		Verdict   string
		Records   int64
		Findings  map[string]int
		Incidents []struct{}
	}
	if err := json.Unmarshal(text, &summary); err != nil {
		return nil, err
	}
	o.records, o.verdict, o.incidents = summary.Records, summary.Verdict, len(summary.Incidents)
	for _, k := range summary.Findings {
		o.findings += k
	}
	pages, err := filepath.Glob(filepath.Join(out, "*.html"))
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		o.pages++
		o.page = max(o.page, info.Size())
	}
	return o, nil
}
