package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"longwatch/internal/attack"
)

// board is one run.
type board struct {
	binary, corpora, measures string
	jobs                      int
	only                      []string
	seeds, judging            string // ranges of the mixed exercises
	page                      string // where the page goes; empty: printed
}

const intro = `# Scoreboard

<!-- Written by "make scoreboard" from a run of the program; change the program, not this page. -->

What the built-in detections find in evidence that other people made and labelled. Each log is hunted alone with
nothing added: no rules of others, no indicators, no setting. ` + "`make scoreboard`" + ` runs it again; the corpora are
not part of this repository and are named below with their origin.

The sets are one half of their sources, drawn by a hash of the file names. The other half is kept apart and has not
been looked at, so a detection made to fit a file would gain nothing there. Expect somewhat lower figures on logs
nobody has seen: the detections are meant for behaviour, yet the logs here are the ones that were at hand when they
were written.

- **found**: at least one finding of medium severity or above. That the log had been cleared does not count, unless it
  is the attack: many authors cleared the log before they recorded.
- **named**: one of these findings names the technique of the label, its parent or another sub-technique of it;
  **exactly**: that very sub-technique.
- **tactic**: where the corpus names no technique but a tactic, one of these findings has a technique of it.
`

func (b *board) wants(set string) bool { return len(b.only) == 0 || slices.Contains(b.only, set) }

// has tells whether a corpus is there.
func (b *board) has(corpus string) bool {
	_, err := os.Stat(filepath.Join(b.corpora, corpus))
	return !errors.Is(err, fs.ErrNotExist)
}

// write measures and writes the page.
func (b *board) write(w io.Writer) error {
	var parts strings.Builder
	var lines []string
	for _, set := range []struct {
		name  string
		score func(io.Writer) (string, error)
	}{{"otrf", b.otrf}, {"evtx", b.evtx}, {"behaviour", b.behaviour}, {"others", b.others}, {"exercises", b.exercises}} {
		if !b.wants(set.name) || set.name != "others" && set.name != "exercises" && !b.has(set.name) {
			continue
		}
		line, err := set.score(&parts)
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("no corpus at %s", b.corpora)
	}
	_, err := fmt.Fprintf(w, "%s\n| set | asked | result |\n|---|---|---|\n%s\n%s", intro, strings.Join(lines, "\n"), parts.String())
	return err
}

func (b *board) labelled(corpus string) ([]result, error) {
	rows, err := readTable(filepath.Join(b.corpora, corpus, "labels.tsv"))
	if err != nil {
		return nil, err
	}
	var labels []label
	for _, row := range rows {
		l := label{file: row["file"], group: row["tactic"]}
		if l.group == "" {
			l.group, _, _ = strings.Cut(row["file"], "/")
		}
		for _, t := range strings.FieldsFunc(row["techniques"], func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
			l.techniques = append(l.techniques, attack.ID(t))
		}
		labels = append(labels, l)
	}
	return b.hunt(corpus, labels)
}

func (b *board) otrf(w io.Writer) (string, error) {
	rs, err := b.labelled("otrf")
	if err != nil {
		return "", err
	}
	all := count(rs)
	fmt.Fprintf(w, `
## Simulated attacks with their technique

Open Threat Research Forge, Security-Datasets (MIT): archives of Windows events in JSON, recorded while one technique
ran, with much else that a workstation does. Found in %s, named in %s, exactly in %s.

`+"```sh"+`
longwatch hunt ARCHIVE.zip -o case      # each alone
go run ./bench/scoreboard -only otrf
`+"```"+`

| tactic | logs | found | named | exactly |
|---|---|---|---|---|
`, ratio(all.found, all.logs), ratio(all.named, all.logs), ratio(all.exact, all.logs))
	for _, g := range groups(rs) {
		t := count(in(rs, g))
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d |\n", title(g), t.logs, t.found, t.named, t.exact)
	}
	fmt.Fprint(w, "\n| log | label | named | what was found, of medium or above |\n|---|---|---|---|\n")
	for _, r := range rs {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", strings.TrimSuffix(path.Base(r.file), ".zip"), join(r.techniques), yes(r.named()), titles(r))
	}
	return fmt.Sprintf("| simulated attacks (Security-Datasets) | labelled technique named | %s |", ratio(all.named, all.logs)), nil
}

func (b *board) evtx(w io.Writer) (string, error) {
	rs, err := b.labelled("evtx")
	if err != nil {
		return "", err
	}
	all := count(rs)
	withTactic := slices.DeleteFunc(slices.Clone(rs), func(r result) bool { return tacticOf(r.group) == "" })
	t := count(withTactic)
	fmt.Fprintf(w, `
## Event logs of attacks

EVTX-ATTACK-SAMPLES (GPL-3.0, not redistributed here): event logs, often of a handful of records, sorted into folders by
tactic. Found in %s; tactic named in %s of those in a tactic's folder. Findings in one log: %s.

`+"```sh"+`
longwatch hunt LOG.evtx -o case      # each alone
go run ./bench/scoreboard -only evtx
`+"```"+`

| folder | logs | found | tactic |
|---|---|---|---|
`, ratio(all.found, all.logs), ratio(t.agree, t.logs), spread(all.findings))
	for _, g := range groups(rs) {
		t := count(in(rs, g))
		agree := "-"
		if tacticOf(g) != "" {
			agree = fmt.Sprint(t.agree)
		}
		fmt.Fprintf(w, "| %s | %d | %d | %s |\n", title(g), t.logs, t.found, agree)
	}
	if len(all.silent) > 0 {
		fmt.Fprintf(w, "\nNothing of medium or above in: %s.\n", strings.Join(bases(all.silent), ", "))
	}
	return fmt.Sprintf("| event logs of attacks (EVTX-ATTACK-SAMPLES) | attack found | %s |\n| | tactic named | %s |", ratio(all.found, all.logs), ratio(t.agree, t.logs)), nil
}

func (b *board) behaviour(w io.Writer) (string, error) {
	rows, err := readTable(filepath.Join(b.corpora, "behaviour", "truth.tsv"))
	if err != nil {
		return "", err
	}
	var labels []label
	for _, row := range rows {
		labels = append(labels, label{file: row["item"], group: row["what a detector should say"]})
	}
	rs, err := b.hunt("behaviour", labels)
	if err != nil {
		return "", err
	}
	said := 0
	for _, r := range rs {
		said += one(r.said())
	}
	fmt.Fprintf(w, `
## Scans, guessing and command channels

The test captures of the Stratosphere Linux IPS (GPL-2.0, not redistributed here), with what should be said of each in
words. Said, at whatever severity: %s.

`+"```sh"+`
longwatch hunt CAPTURE -o case      # each alone
go run ./bench/scoreboard -only behaviour
`+"```"+`

| evidence | should be said | said | findings |
|---|---|---|---|
`, ratio(said, len(rs)))
	for _, r := range rs {
		var what []string
		for _, f := range r.findings {
			if s := f.Title + " (" + f.Severity + ")"; !slices.Contains(what, s) {
				what = append(what, s)
			}
		}
		slices.Sort(what)
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.file, r.group, yes(r.said()), strings.Join(what, "; "))
	}
	return fmt.Sprintf("| captures of scans and guessing (Stratosphere) | the behaviour named | %s |", ratio(said, len(rs))), nil
}

// others are the measures that scripts beside the corpora take.
func (b *board) others(w io.Writer) (string, error) {
	var rows []string
	for _, m := range []struct{ script, corpus, asked string }{
		{"sigma-fired", "sigma", "rules of the Sigma project that fire on the events made for them"},
		{"zeek-agreement", "zeek", "fields of Zeek's own test traces that agree with Zeek 8.2"},
		{"protocols-named", "ndpi", "flows of nDPI's test captures whose protocol is named"},
	} {
		said, err := b.measure(m.script, m.corpus)
		if err != nil {
			return "", err
		}
		if said != "" {
			rows = append(rows, fmt.Sprintf("| %s | %s | `%s --longwatch bin/longwatch --corpus %s` |", m.asked, said, path.Join(filepath.ToSlash(b.measures), m.script), path.Join(filepath.ToSlash(b.corpora), m.corpus)))
		}
	}
	if len(rows) == 0 {
		return "", nil
	}
	_, err := fmt.Fprintf(w, "\n## Agreement with other tools\n\n| asked | result | command |\n|---|---|---|\n%s\n", strings.Join(rows, "\n"))
	return "", err
}

// replace measures the mixed exercises alone and puts them in the place of what a
// page says of them: its rows of the summary and its section.
func (b *board) replace(page string) error {
	old, err := os.ReadFile(page) // #nosec G304 -- the page that the user names
	if err != nil {
		return err
	}
	var part strings.Builder
	rows, err := b.exercises(&part)
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(replaced(string(old), rows, part.String())), 0o644) // #nosec G306 G703 -- a page of the documentation
}

// replaced is a page with other rows and another section of the exercises.
func replaced(page, rows, section string) string {
	if i, j := strings.Index(page, beginExercises), strings.Index(page, endExercises); i >= 0 && j > i {
		page = page[:i] + strings.TrimLeft(page[j+len(endExercises):], "\n")
	}
	var out []string
	ours, last := false, 0
	for line := range strings.SplitSeq(strings.TrimRight(page, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "| mixed exercises"):
			ours = true
			continue
		case ours && strings.HasPrefix(line, "| |"):
			continue
		}
		ours = false
		out = append(out, line)
		if last == 0 && len(out) > 1 && line == "" && strings.HasPrefix(out[len(out)-2], "|") {
			last = len(out) - 1 // the end of the summary
		}
	}
	out = slices.Insert(out, last, strings.Split(rows, "\n")...)
	return strings.Join(out, "\n") + "\n" + section
}

func in(rs []result, group string) []result {
	return slices.DeleteFunc(slices.Clone(rs), func(r result) bool { return r.group != group })
}

func ratio(n, of int) string {
	if of == 0 {
		return "none of none"
	}
	return fmt.Sprintf("%d of %d (%d %%)", n, of, n*100/of)
}

// spread is the median and the most.
func spread(n []int) string {
	n = slices.Sorted(slices.Values(n))
	if len(n) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d in the median, %d at most", n[len(n)/2], n[len(n)-1])
}

func title(group string) string {
	if t := tacticOf(group); t != "" {
		return t.Title()
	}
	return group
}

func join(ids []attack.ID) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = fmt.Sprintf("%s %s", id, attack.Name(id))
	}
	return strings.Join(s, "; ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// titles are those of the findings of medium or above, without the clearing of the
// log.
func titles(r result) string {
	var out []string
	for _, f := range r.calls() {
		if !slices.Contains(out, f.Title) && (!onlyCleared(f) || r.asksCleared()) {
			out = append(out, f.Title)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func bases(files []string) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = strings.TrimSuffix(path.Base(f), path.Ext(f))
	}
	slices.Sort(out)
	return out
}
