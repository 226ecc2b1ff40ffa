// Command scoreboard measures how much of evidence with known answers the
// built-in detections find, and writes the result as a page:
//
//	go run ./bench/scoreboard -o docs/reference/scoreboard.md
//
// Each log of a corpus is hunted alone, as a user would hunt it, with the
// content that is built in and nothing else. What its label asks for is
// compared with what findings.jsonl says. Without -o, or with -only, the page
// goes to standard output. It holds no time and no version, so that it changes
// when a result changes.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	b := &board{}
	flag.StringVar(&b.binary, "longwatch", "bin/longwatch", "the command to measure")
	flag.StringVar(&b.corpora, "corpora", "../shared/corpora", "folder of the corpora")
	flag.StringVar(&b.measures, "measures", "../shared/measure", "folder of the scripts that measure agreement with other tools; sections without a script are left out")
	flag.IntVar(&b.jobs, "jobs", 2, "hunts at a time")
	only := flag.String("only", "", "sets to measure, separated by commas: otrf, evtx, behaviour, others, exercises; the page is then only printed, except that exercises alone, with -o, replaces its part of the page")
	flag.StringVar(&b.seeds, "seeds", "1-50", "seeds of the mixed exercises that were looked at in development; 0-0: none")
	flag.StringVar(&b.judging, "judging", "51-100", "seeds of the mixed exercises that judge; 0-0: none")
	out := flag.String("o", "", "page to write")
	flag.Parse()
	b.page = *out
	if *only != "" {
		b.only = strings.Split(*only, ",")
	}
	if err := run(b, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench/scoreboard:", err)
		os.Exit(1)
	}
}

func run(b *board, out string) error {
	if out != "" && slices.Equal(b.only, []string{"exercises"}) {
		return b.replace(out)
	}
	if len(b.only) > 0 {
		b.page = ""
	}
	var page strings.Builder
	if err := b.write(&page); err != nil {
		return err
	}
	if out == "" || len(b.only) > 0 {
		_, err := io.WriteString(os.Stdout, page.String())
		return err
	}
	return os.WriteFile(out, []byte(page.String()), 0o644) // #nosec G306 -- a page of the documentation
}
