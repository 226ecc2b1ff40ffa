// Command backuptree seals a tree of many small files, damages some in every
// way that a copy is damaged, and says whether verify names each by what became
// of it and names nothing else, how long sealing takes beside sha256sum of the
// same tree, and how much memory both take; then it encrypts the whole tree under
// other names and looks again.
//
//	backuptree -longwatch bin/longwatch -files 1000000 -rounds 3
//
// The ratio is sha256sum's time, on as many files at once as there are
// processors, to that of sealing: above 1.0 sealing is faster. It exits with
// status 1 when a damaged file is not named.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"longwatch/bench/rusage"
)

func main() {
	program := flag.String("longwatch", "bin/longwatch", "the program")
	files := flag.Int("files", 1_000_000, "files of the tree")
	rounds := flag.Int("rounds", 3, "times that both are measured, in turn")
	dir := flag.String("dir", os.TempDir(), "where the tree is made, and removed; a million files take 5 GB")
	only := flag.String("tree", "", "only write the tree, into this folder")
	flag.Parse()
	if *only != "" {
		if err := (&tree{root: *only}).write(*files); err != nil {
			fmt.Fprintln(os.Stderr, "backuptree:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*program, *dir, *files, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "backuptree:", err)
		os.Exit(1)
	}
}

func run(program, dir string, files, rounds int) (err error) {
	if files < 10_000 || rounds < 1 {
		return errors.New("at least 10000 files and one round")
	}
	work, err := os.MkdirTemp(dir, "backuptree-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	t := &tree{root: filepath.Join(work, "tree")}
	start := time.Now()
	if err := t.write(files); err != nil {
		return err
	}
	fmt.Printf("tree: %d files, %d MB, written in %.0fs\n", files, t.bytes>>20, time.Since(start).Seconds())
	key, seal := filepath.Join(work, "key"), filepath.Join(work, "seal")
	if _, err := measure(exec.Command(program, "backup", "key", key)); err != nil {
		return err
	}
	var ours, theirs []time.Duration
	var memory int64
	for range rounds {
		s, err := measure(exec.Command(program, "backup", "seal", t.root, "--key", key, "-o", seal, "-q")) // #nosec G204 -- the user's own program
		if err != nil {
			return err
		}
		ours, memory = append(ours, s.wall), max(memory, s.rss)
		if s, err = measure(exec.Command("sh", "-c", fmt.Sprintf("find '%s' -type f -print0 | xargs -0 -P %d -n 200 sha256sum > /dev/null", t.root, runtime.NumCPU()))); err != nil { // #nosec G204 -- a path of our own making
			return err
		}
		theirs = append(theirs, s.wall)
	}
	info, err := os.Stat(seal)
	if err != nil {
		return err
	}
	fmt.Printf("sha256sum (%d at once) / seal: %.2f (medians of %d; seal %.1f MB, %.0f MiB of memory)\n", runtime.NumCPU(), median(theirs).Seconds()/median(ours).Seconds(), rounds, float64(info.Size())/1e6, float64(memory)/(1<<20))
	want, err := t.damage()
	if err != nil {
		return err
	}
	if err := check(program, key, seal, t.root, want); err != nil {
		return err
	}
	return encrypted(program, key, seal, t)
}

// cost is what a command took.
type cost struct {
	wall time.Duration
	rss  int64 // bytes
}

func measure(cmd *exec.Cmd) (cost, error) {
	cmd.Stderr = os.Stderr
	start := time.Now()
	err := cmd.Run()
	c := cost{wall: time.Since(start)}
	if cmd.ProcessState != nil {
		c.rss = rusage.Peak(cmd.ProcessState)
	}
	return c, err
}

func median(list []time.Duration) time.Duration {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
