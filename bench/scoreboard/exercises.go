package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// outcome is a judged run.
type outcome struct {
	scenario
	ablation ablation
	verdict
}

// exercises runs the mixed scenarios of the seeds, each complete and ablated in
// five ways, and judges what the hunts say against the truth.
func (b *board) exercises(w io.Writer) (string, error) {
	var parts, lines strings.Builder
	var fitted []step
	for _, set := range []struct{ name, asked, seeds string }{
		{"Seeds used in development", "", b.seeds},
		{"Seeds that judge", " (judging seeds)", b.judging},
	} {
		from, to, err := span(set.seeds)
		if err != nil {
			return "", err
		}
		if to < from {
			continue
		}
		rs, err := b.play(from, to)
		if err != nil {
			return "", err
		}
		s := sum(rs)
		if set.asked != "" {
			lines.Reset()
		}
		fmt.Fprintf(&lines, "| mixed exercises%s | entry point right | %s |\n| | attribution right or unattributed | %s |\n| | Brier score of attributions; without the profile of unchecked sources | %.3f; %.3f |\n", set.asked, s.entry, s.fair, s.brier(), s.open.brier())
		fmt.Fprintf(&parts, "\n### %s: %d to %d\n\n", set.name, from, to)
		s.tables(&parts)
		if err := b.diagram(&parts, set.name, s); err != nil {
			return "", err
		}
		if set.asked == "" {
			fitted = isotonic(s.open.forecasts)
		} else if fitted != nil {
			fmt.Fprintf(&parts, "\nA rising map of probabilities (isotonic regression) fitted to the seeds used in development would make the Brier score of these, without the profile of unchecked sources, %.3f instead of %.3f.\n", s.remapped(fitted), s.open.brier())
		}
		misses(&parts, rs)
	}
	_, err := fmt.Fprintf(w, "\n%s\n%s%s\n%s\n", beginExercises, exercisesIntro, parts.String(), endExercises)
	return strings.TrimSuffix(lines.String(), "\n"), err
}

const beginExercises, endExercises = "<!-- exercises -->", "<!-- end of exercises -->"

const exercisesIntro = `## Mixed exercises: incidents and attribution

Scenarios of ` + "`longwatch simulate`" + `, one for each seed, in turn: one intruder, two at once in one organisation, an
intruder who poses as another, one that no profile describes, a presence of months, three places with wrong clocks, and
months without an intruder. Each is hunted with complete evidence and with five ways of less: without captures, with the
logs of half the machines, with logs that rolled over the way in, with the last third of the intrusion's time, and with
loud ordinary life. The simulator knows nothing of the detections. The first range of seeds was looked at while the
detections were made better; of the second only seeds 51, 61 and 71 were, to find why they missed.

- **seen**: the intrusion became an incident above low, of those that left at least three acts in the evidence.
- **entry**: the incident began where the truth says; where no evidence of the way in is left, one of the first acts that
  are is right, too.
- **one**: the intrusion became at most five incidents above low. **apart**: none of them holds findings of another's.
- **fair**: the profile named first is the right one, or it is "unattributed"; **right**: it is the right one, which is
  "unattributed" for an actor without a profile.
- **not fooled**: the profile whose signs were planted is not named first.
- **calm**: no incident above low of ordinary life alone.

` + "```sh" + `
go run ./bench/scoreboard -only exercises -seeds 1-10 -judging 0-0     # some of them, printed
go run ./bench/scoreboard -only exercises -o docs/reference/scoreboard.md
` + "```" + `
`

// span reads "1-50"; "0-0" is none.
func span(s string) (from, to int, err error) {
	if n, err := fmt.Sscanf(s, "%d-%d", &from, &to); n != 2 || err != nil {
		return 0, 0, fmt.Errorf("seeds %q: want a range such as 1-50", s)
	}
	if from == 0 && to == 0 {
		return 1, 0, nil
	}
	return from, to, nil
}

// play runs the seeds.
func (b *board) play(from, to int) ([]outcome, error) {
	work, err := os.MkdirTemp("", "exercises-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	var out []outcome
	for seed := from; seed <= to; seed++ {
		for _, a := range ablations {
			out = append(out, outcome{scenario: mix(seed), ablation: a})
		}
	}
	errs := make([]error, len(out))
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(1, b.jobs) {
		wg.Go(func() {
			for i := range next {
				errs[i] = b.playOne(filepath.Join(work, fmt.Sprint(i)), &out[i])
			}
		})
	}
	for i := range out {
		next <- i
	}
	close(next)
	wg.Wait()
	return out, errors.Join(errs...)
}

// playOne simulates, hunts and judges one run in a folder of its own.
func (b *board) playOne(dir string, o *outcome) error {
	defer os.RemoveAll(dir)
	evidence, result := filepath.Join(dir, "evidence"), filepath.Join(dir, "case")
	args := append([]string{"simulate"}, o.arguments(o.ablation)...)
	if said, err := exec.Command(b.binary, append(args, "-o", evidence)...).CombinedOutput(); err != nil { // #nosec G204 -- what the user names
		return fmt.Errorf("%s: %w: %s", o.command(o.ablation), err, said)
	}
	sheet, err := readSheet(filepath.Join(evidence, "truth.json"))
	if err != nil {
		return err
	}
	// The answers must not lie among what is hunted.
	if err := os.Remove(filepath.Join(evidence, "truth.json")); err != nil {
		return err
	}
	said, err := exec.Command(b.binary, "hunt", evidence, "-o", result, "--jobs", "1", "--quiet").CombinedOutput() // #nosec G204 -- what the user names
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || !slices.Contains([]int{3, 4}, exit.ExitCode())) {
		return fmt.Errorf("%s: hunt: %w: %s", o.command(o.ablation), err, said)
	}
	report, err := readCase(result)
	if err != nil {
		return fmt.Errorf("%s: %w", o.command(o.ablation), err)
	}
	o.verdict = judge(sheet, report, evidence)
	return nil
}
