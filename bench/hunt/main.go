// Command hunt says what detection costs: the processor time of longwatch hunt
// over that of longwatch records on the same evidence, run in turn. With -before
// it says so of another build of the program, too, and how the two hunts differ.
//
//	hunt -longwatch bin/longwatch -runs 5 -indicators 1000000 mixed.pcap
//
// Processor time is that of the whole process, user and system; a busy machine
// stretches it for both alike, so only ratios are told.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	program := flag.String("longwatch", "bin/longwatch", "the program")
	before := flag.String("before", "", "another build of it, to compare with")
	runs := flag.Int("runs", 5, "of everything, in turn")
	indicators := flag.Int("indicators", 0, "that are looked for besides the built-in ones; none of them is in any evidence")
	memory := flag.String("memory", "1G", "--memory of both")
	flag.Parse()
	if err := run(*program, *before, *memory, *runs, *indicators, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench/hunt:", err)
		os.Exit(1)
	}
}

func run(program, before, memory string, runs, indicators int, evidence []string) error {
	dir, err := os.MkdirTemp("", "bench-hunt-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	more := []string{"--memory", memory}
	if indicators > 0 {
		index, err := build(program, dir, indicators)
		if err != nil {
			return err
		}
		more = append(more, "--intel", index)
	}
	programs := []string{program}
	if before != "" {
		programs = append(programs, before)
	}
	ratios, hunts := make([][]float64, len(programs)), make([][]time.Duration, len(programs))
	for range runs {
		for i, p := range programs {
			records, err := spent(p, dir, append([]string{"records", "--format", "jsonl", "--memory", memory}, evidence...))
			if err != nil {
				return err
			}
			hunt, err := spent(p, dir, append(append([]string{"hunt"}, more...), evidence...))
			if err != nil {
				return err
			}
			ratios[i], hunts[i] = append(ratios[i], hunt.Seconds()/records.Seconds()), append(hunts[i], hunt)
		}
	}
	for i, p := range programs {
		slices.Sort(ratios[i])
		slices.Sort(hunts[i])
		fmt.Printf("%s: a hunt takes %.2f times as long as records (median of %d runs in turn; %.2f to %.2f)\n", p, ratios[i][runs/2], runs, ratios[i][0], ratios[i][runs-1])
	}
	if before != "" {
		fmt.Printf("a hunt takes %.2f times as long as before\n", hunts[0][runs/2].Seconds()/hunts[1][runs/2].Seconds())
	}
	return nil
}

// spent is the processor time of one run.
func spent(program, dir string, args []string) (time.Duration, error) {
	out := filepath.Join(dir, "out")
	defer func() { _ = os.RemoveAll(out) }()
	cmd := exec.Command(program, append(args, "--quiet", "-o", out)...)
	cmd.Stderr = os.Stderr
	const lossy = 4 // evidence that could not be read whole
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != lossy {
		return 0, fmt.Errorf("%s %s: %w", program, args[0], err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// build makes an index of names and addresses that are nobody's (RFC 2606, RFC
// 3849), and of digests.
func build(program, dir string, n int) (string, error) {
	list, index := filepath.Join(dir, "strangers.txt"), filepath.Join(dir, "strangers.lwi")
	f, err := os.Create(list)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	for i := range n {
		mixed := uint64(i+1) * 0x9e3779b97f4a7c15
		switch i % 3 {
		case 0:
			_, _ = fmt.Fprintf(w, "h%x.example\n", mixed)
		case 1:
			_, _ = fmt.Fprintf(w, "2001:db8:%x:%x:%x:%x::1\n", mixed>>48, mixed>>32&0xffff, mixed>>16&0xffff, mixed&0xffff)
		default:
			_, _ = fmt.Fprintf(w, "%016x%016x%016x%016x\n", mixed, mixed*3, mixed*5, mixed*7)
		}
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	cmd := exec.Command(program, "intel", "build", list, "-o", index)
	cmd.Stderr = os.Stderr
	return index, cmd.Run()
}
