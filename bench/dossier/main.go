// Command dossier hunts folders of public evidence and writes which detections
// of the campaign dossiers fire in which of their files: the table that
// docs/reference/dossier-coverage.md is made from and that a test of
// internal/app proves.
//
//	go run ./bench/dossier ../shared/corpora otrf evtx zeek > internal/gen/docs/public-evidence.tsv
package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"longwatch/internal/app"
	"longwatch/internal/finding"
)

// most is how many files are named for each detection: the smallest, so that
// the test is quick.
const most = 3

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "dossier: name the folder of corpora, then the corpora")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "dossier:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, corpora []string) error {
	found := map[string]map[string]bool{} // by detection, files
	for _, name := range corpora {
		fmt.Fprintln(os.Stderr, name)
		if err := hunt(ctx, root, name, found); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	w := bufio.NewWriter(os.Stdout)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		files := slices.Collect(maps.Keys(found[id]))
		slices.SortFunc(files, func(a, b string) int {
			if d := size(root, a) - size(root, b); d != 0 {
				return int(d)
			}
			return strings.Compare(a, b)
		})
		for _, f := range files[:min(most, len(files))] {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", id, f)
		}
	}
	return w.Flush()
}

func size(root, file string) int64 {
	info, err := os.Stat(filepath.Join(root, file))
	if err != nil {
		return 0
	}
	return info.Size()
}

// hunt hunts one corpus and notes findings of which all evidence lies in one
// file.
func hunt(ctx context.Context, root, name string, found map[string]map[string]bool) error {
	dir, err := os.MkdirTemp("", "dossier")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	c := app.Default()
	c.Paths, c.Out = []string{filepath.Join(root, name)}, dir
	cf, err := app.Hunt(ctx, c, quiet{})
	if err != nil {
		return err
	}
	for _, f := range cf.Findings {
		file := ""
		for i, r := range f.Refs {
			outer, _, _ := strings.Cut(r.File, "!")
			if i > 0 && outer != file {
				file = ""
				break
			}
			file = outer
		}
		file, err := filepath.Rel(root, file)
		if err != nil || file == "." || strings.HasPrefix(file, "..") || f.Severity < finding.Low {
			continue
		}
		for _, id := range f.Dossier {
			id = strings.ToUpper(id) // the variants have a small letter
			if found[id] == nil {
				found[id] = map[string]bool{}
			}
			found[id][filepath.ToSlash(file)] = true
		}
	}
	return nil
}

// quiet shows no progress.
type quiet struct{}

func (quiet) Start(int, int64) {}
func (quiet) Read(int64)       {}
func (quiet) File(string)      {}
func (quiet) Phase(string)     {}
func (quiet) Done()            {}
