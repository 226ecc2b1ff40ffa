package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
)

// verify runs longwatch backup verify, which must find damage, and hands over
// what it names.
func verify(program, key, seal, root string, found func(verdict, path, was string)) (rss int64, err error) {
	out, err := os.CreateTemp("", "backuptree-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = out.Close(); _ = os.Remove(out.Name()) }()
	cmd := exec.Command(program, "backup", "verify", seal, root, "--key", key+".pub", "--json", "-q") // #nosec G204 -- the user's own program
	cmd.Stdout = out
	c, err := measure(cmd)
	var code *exec.ExitError
	if !errors.As(err, &code) || code.ExitCode() != 3 {
		return 0, fmt.Errorf("verify ends with %w, want exit status 3", err)
	}
	if _, err := out.Seek(0, 0); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d struct{ Verdict, Path, Was string }
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return 0, err
		}
		if d.Verdict != "" {
			found(d.Verdict, d.Path, d.Was)
		}
	}
	return c.rss, lines.Err()
}

// check verifies the damaged tree and compares what is named with what was
// done.
func check(program, key, seal, root string, want map[string]string) error {
	got := map[string]string{}
	rss, err := verify(program, key, seal, root, func(verdict, path, _ string) { got[path] = verdict })
	if err != nil {
		return err
	}
	fmt.Printf("verify: %.0f MiB of memory\n", float64(rss)/(1<<20))
	return compare(want, got)
}

// encrypted encrypts the whole tree under other names and tells whether verify
// names every file, and how much memory that takes.
func encrypted(program, key, seal string, t *tree) error {
	gone, err := t.encrypt()
	if err != nil {
		return err
	}
	named := map[string]bool{}
	says := map[string]int{}
	rss, err := verify(program, key, seal, t.root, func(verdict, path, was string) {
		says[verdict]++
		if was != "" {
			path = was
		}
		named[path] = true
	})
	if err != nil {
		return err
	}
	lost := 0
	for _, path := range gone {
		if !named[path] {
			lost++
		}
	}
	fmt.Printf("the whole tree encrypted: %d files, %d named encrypted, %d missing, %d not named (verify: %.0f MiB of memory)\n", len(gone), says["encrypted"], says["missing"], lost, float64(rss)/(1<<20))
	if lost > 0 {
		return fmt.Errorf("%d encrypted files are not named", lost)
	}
	return nil
}

// compare tells, by verdict, how many were named as what they are.
func compare(want, got map[string]string) error {
	planted, named := map[string]int{}, map[string]int{}
	wrong := 0
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 20 {
			fmt.Printf("  "+format+"\n", args...)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		v := want[path]
		planted[v]++
		switch is, ok := got[path]; {
		case !ok:
			complain("%s: not named, it is %s", path, v)
		case is != v:
			complain("%s: named %s, it is %s", path, is, v)
		default:
			named[v]++
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if want[path] == "" {
			complain("%s: named %s, and nothing was done to it", path, got[path])
		}
	}
	for _, v := range slices.Sorted(maps.Keys(planted)) {
		fmt.Printf("%-10s %d of %d\n", v, named[v], planted[v])
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d are not as they should be", wrong, len(want))
	}
	fmt.Printf("all %d are named by what became of them, and no other file is\n", len(want))
	return nil
}
