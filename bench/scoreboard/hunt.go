package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"longwatch/internal/attack"
)

// label is what a corpus says of one piece of evidence.
type label struct {
	file       string // below the corpus
	techniques []attack.ID
	group      string // the tactic, as the corpus calls it, or the truth in words
}

// found is a line of findings.jsonl, as far as it is scored.
type found struct {
	Detector   string      `json:"detector"`
	Title      string      `json:"title"`
	Severity   string      `json:"severity"`
	Techniques []attack.ID `json:"techniques"`
}

// result is a label with what the hunt of its evidence found.
type result struct {
	label
	findings []found
	failed   bool
}

// readTable reads a tab-separated file with a header into maps.
func readTable(path string) ([]map[string]string, error) {
	f, err := os.Open(path) // #nosec G304 -- the corpus that the user names
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(err, fs.ErrInvalid))
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, v := range row {
			if i < len(rows[0]) {
				m[rows[0][i]] = v
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// hunt hunts each piece of evidence alone.
func (b *board) hunt(corpus string, labels []label) ([]result, error) {
	work, err := os.MkdirTemp("", "scoreboard-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	out := make([]result, len(labels))
	errs := make([]error, len(labels))
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(1, b.jobs) {
		wg.Go(func() {
			for i := range next {
				out[i], errs[i] = b.one(filepath.Join(work, fmt.Sprint(i)), filepath.Join(b.corpora, corpus), labels[i])
			}
		})
	}
	for i := range labels {
		next <- i
	}
	close(next)
	wg.Wait()
	return out, errors.Join(errs...)
}

func (b *board) one(dir, root string, l label) (result, error) {
	r := result{label: l}
	cmd := exec.Command(b.binary, "hunt", filepath.Join(root, filepath.FromSlash(l.file)), "-o", dir, "--jobs", "1", "--quiet") // #nosec G204 -- what the user names
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		// 4: some of the evidence could not be read whole; the rest was judged.
		r.failed = exit.ExitCode() != 3 && exit.ExitCode() != 4
	default:
		return r, fmt.Errorf("%s: %w", b.binary, err)
	}
	f, err := os.Open(filepath.Join(dir, "findings.jsonl")) // #nosec G304 -- in our own folder
	if errors.Is(err, fs.ErrNotExist) && r.failed {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var one found
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return r, fmt.Errorf("%s: %w", l.file, err)
		}
		r.findings = append(r.findings, one)
	}
	return r, errors.Join(lines.Err(), os.RemoveAll(dir))
}

// measure runs a script and gives the last line that it prints, or "" where the
// script or the corpus is absent.
func (b *board) measure(script, corpus string) (string, error) {
	path, dir := filepath.Join(b.measures, script), filepath.Join(b.corpora, corpus)
	for _, p := range []string{path, dir} {
		if _, err := os.Stat(p); errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
	}
	out, err := exec.Command(path, "--longwatch", b.binary, "--corpus", dir).Output() // #nosec G204 -- what the user names
	if err != nil {
		return "", fmt.Errorf("%s: %w", script, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1], nil
}
