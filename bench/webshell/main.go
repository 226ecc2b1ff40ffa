// Command webshell judges every server-side script below folders and prints how
// many are accused, by language, and how fast that went:
//
//	go run ./bench/webshell -list 40 DIR …
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"longwatch/internal/script"
)

type judged struct {
	path string
	r    script.Result
	took time.Duration
}

func main() {
	list := flag.Int("list", 20, "accused scripts to print, with reasons")
	least := flag.Int("least", 8, "score from which a script is accused")
	slow := flag.Int("slow", 0, "slowest scripts to print")
	missed := flag.Bool("missed", false, "print scripts below that score instead: for a folder of known web shells")
	flag.Parse()
	count, accused, bytes := map[string]int{}, map[string]int{}, 0
	var shown, all []judged
	start := time.Now()
	for _, dir := range flag.Args() {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // an unreadable folder is passed
			}
			ext := strings.ToLower(filepath.Ext(path))
			if script.LanguageOf(path, nil) == "" && ext != ".dll" && ext != ".config" {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil || script.LanguageOf(path, data) == "" {
				return nil //nolint:nilerr // likewise
			}
			began := time.Now()
			r := script.Analyse(path, data)
			all = append(all, judged{path, r, time.Since(began)})
			count[r.Language]++
			bytes += len(data)
			if r.Score >= *least {
				accused[r.Language]++
			}
			if (r.Score >= *least) != *missed {
				shown = append(shown, judged{path, r, 0})
			}
			return nil
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "webshell:", err)
			os.Exit(1)
		}
	}
	took := time.Since(start)
	slices.SortFunc(shown, func(a, b judged) int { return cmp.Compare(b.r.Score, a.r.Score) })
	for _, j := range shown[:min(len(shown), *list)] {
		fmt.Printf("%d %s\n\t%s\n", j.r.Score, j.path, strings.Join(j.r.Why, "\n\t"))
	}
	slices.SortFunc(all, func(a, b judged) int { return cmp.Compare(b.took, a.took) })
	for _, j := range all[:min(len(all), *slow)] {
		fmt.Printf("%v %s\n", j.took.Round(time.Millisecond), j.path)
	}
	total, bad := 0, 0
	for _, l := range slices.Sorted(func(yield func(string) bool) {
		for l := range count {
			if !yield(l) {
				return
			}
		}
	}) {
		fmt.Printf("%-7s %6d scripts, %4d accused\n", l, count[l], accused[l])
		total, bad = total+count[l], bad+accused[l]
	}
	if total > 0 {
		fmt.Printf("%d of %d accused (%.3f %%), %.1f MB in %v: %.0f files a second\n", bad, total, 100*float64(bad)/float64(total), float64(bytes)/1e6, took.Round(time.Millisecond), float64(total)/took.Seconds())
	}
}
