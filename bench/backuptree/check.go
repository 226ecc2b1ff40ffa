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
	"time"
)

// check verifies the damaged tree and compares what is named with what was
// done.
func check(program, key, seal, root string, want map[string]string, sealing time.Duration) error {
	out, err := os.CreateTemp("", "backuptree-")
	if err != nil {
		return err
	}
	defer func() { _ = out.Close(); _ = os.Remove(out.Name()) }()
	cmd := exec.Command(program, "backup", "verify", seal, root, "--key", key+".pub", "--json", "-q") // #nosec G204 -- the user's own program
	cmd.Stdout = out
	c, err := measure(cmd)
	var code *exec.ExitError
	if !errors.As(err, &code) || code.ExitCode() != 3 {
		return fmt.Errorf("verify ends with %w, want exit status 3", err)
	}
	fmt.Printf("seal / verify: %.2f (verify: %.0f MiB of memory)\n", sealing.Seconds()/c.wall.Seconds(), float64(c.rss)/(1<<20))
	if _, err := out.Seek(0, 0); err != nil {
		return err
	}
	got := map[string]string{}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d struct{ Verdict, Path string }
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return err
		}
		if d.Verdict != "" {
			got[d.Path] = d.Verdict
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return compare(want, got)
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
