// Command yara measures the engine of YARA rules against yara itself, with the
// same rules over the same tree, and says whether both find the same:
//
//	go run ./bench/yara -rules signature-base/yara -tree /usr/lib
//
// Each engine compiles the rules before the clock starts, and reads every file
// once so that all are in memory. The time is that of the processor, of one
// core, because others may be at work on the machine.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"longwatch/bench/rusage"
	"longwatch/internal/rules/yara"
)

func main() {
	rulesDir := flag.String("rules", "", "folder of .yar files")
	tree := flag.String("tree", "", "folder to scan")
	profile := flag.String("profile", "", "file for a processor profile of our scan")
	flag.Parse()
	if *rulesDir == "" || *tree == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*rulesDir, *tree, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "bench/yara:", err)
		os.Exit(1)
	}
}

// externals are the variables that rules for file scanners expect. yara cannot
// set them for each file, so both get the same.
var externals = []string{"filename", "filepath", "extension", "filetype", "owner"}

func run(rulesDir, tree, profile string) error {
	runtime.GOMAXPROCS(1)
	o := yara.Options{Externals: map[string]any{}}
	for _, name := range externals {
		o.Externals[name] = "x"
	}
	start := rusage.Self()
	rules, refused := yara.Compile(o, os.DirFS(rulesDir))
	fmt.Printf("ours:  %d rules in %.2f s, %d refused\n", len(rules.List), (rusage.Self() - start).Seconds(), len(refused))
	for _, r := range refused {
		fmt.Println("      ", r)
	}
	files, size, err := list(tree)
	if err != nil {
		return err
	}
	if profile != "" {
		f, err := os.Create(filepath.Clean(profile))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
	}
	start = rusage.Self()
	mine, stopped := scan(rules, files)
	used := rusage.Self() - start
	pprof.StopCPUProfile()
	fmt.Printf("ours:  %d files, %.0f MB, %.2f s of processor, %.1f MB/s, %d matches\n", len(files), size/1e6, used.Seconds(), size/1e6/used.Seconds(), len(mine))
	for _, s := range stopped {
		fmt.Println("      ", s)
	}
	theirs, took, err := peer(rulesDir, tree)
	if err != nil {
		fmt.Println("yara:  not compared:", err)
		return nil
	}
	fmt.Printf("yara:  %.2f s of processor, %.1f MB/s, %d matches\n", took.Seconds(), size/1e6/took.Seconds(), len(theirs))
	fmt.Printf("ratio: %.2f times as fast as yara\n", took.Seconds()/used.Seconds())
	return compare(mine, theirs)
}

// list reads every file once.
func list(tree string) (files []string, size float64, err error) {
	err = filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // as yara -r, which passes over links
		}
		b, err := os.ReadFile(filepath.Clean(p))
		if err == nil && len(b) > 0 {
			files = append(files, p)
			size += float64(len(b))
		}
		return nil
	})
	return files, size, err
}

func scan(rules *yara.Rules, files []string) (matches, stopped []string) {
	s := rules.Scanner()
	for _, p := range files {
		b, err := os.ReadFile(filepath.Clean(p))
		if err != nil {
			continue
		}
		r := s.Scan(yara.Input{Data: b, Path: p, Time: 1e9})
		for _, m := range r.Matches {
			matches = append(matches, m.Rule.Name+" "+p)
		}
		for _, why := range r.Stopped {
			stopped = append(stopped, p+": "+why)
		}
	}
	slices.Sort(matches)
	return matches, stopped
}

// peer runs yara with compiled rules. Every file of rules is a namespace, as it
// is with us.
func peer(rulesDir, tree string) (matches []string, took time.Duration, err error) {
	dir, err := os.MkdirTemp("", "bench-yara")
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	compiled := filepath.Join(dir, "rules")
	args := []string{"-w"}
	for _, e := range externals {
		args = append(args, "-d", e+"=x")
	}
	scanArgs := append([]string{"-C", "-r", "-p", "1"}, args...)
	n := 0
	err = filepath.WalkDir(rulesDir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && yara.IsSource(p) {
			args = append(args, fmt.Sprintf("n%d:%s", n, p))
			n++
		}
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	if out, err := exec.Command("yarac", append(args, compiled)...).CombinedOutput(); err != nil {
		return nil, 0, fmt.Errorf("yarac: %w: %s", err, strings.TrimSpace(string(out)))
	}
	empty := exec.Command("yara", append(scanArgs, compiled, os.DevNull)...)
	_ = empty.Run() // loading the rules is not scanning
	cmd := exec.Command("yara", append(scanArgs, compiled, tree)...)
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		return nil, 0, fmt.Errorf("yara: %w", err)
	}
	if err != nil {
		fmt.Println("yara:  ended before all files were scanned:", err)
	}
	for line := range strings.Lines(string(out)) {
		matches = append(matches, strings.TrimSuffix(line, "\n"))
	}
	slices.Sort(matches)
	load := empty.ProcessState.UserTime() + empty.ProcessState.SystemTime()
	return matches, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() - load, nil
}

// compare lists what only one of the two found.
func compare(mine, theirs []string) error {
	different := 0
	tell := func(who string, a, b []string) {
		for _, m := range a {
			if _, ok := slices.BinarySearch(b, m); !ok {
				if different++; different <= 20 {
					fmt.Println("only", who+":", m)
				}
			}
		}
	}
	tell("ours", mine, theirs)
	tell("yara", theirs, mine)
	if different > 0 {
		return fmt.Errorf("%d matches differ", different)
	}
	fmt.Println("the same rules match the same files")
	return nil
}
