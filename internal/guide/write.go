package guide

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"longwatch/internal/coverage"
)

// Markdown writes the walk for people.
func (r *Result) Markdown(w io.Writer) error {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# Hunting guide: %s\n", coverage.Plain(r.Name))
	if r.Intro != "" {
		say("%s\n", r.Intro)
	}
	say("| hunt | hypothesis | answer |\n| --- | --- | --- |")
	for i := range r.Steps {
		say("| %s | %s | **%s** |", r.Steps[i].ID, coverage.Plain(r.Steps[i].Hypothesis), r.Steps[i].Answer)
	}
	if len(r.Gaps) > 0 {
		say("\n## Data to obtain, most wanted first\n")
		for _, g := range r.Gaps {
			say("- %s", coverage.Plain(g))
		}
	}
	for i := range r.Steps {
		r.Steps[i].markdown(say)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Step) markdown(say func(string, ...any)) {
	say("\n## %s. %s\n\n%s\n\n**%s**: %s.", s.ID, coverage.Plain(s.Hypothesis), s.Why, strings.ToUpper(s.Answer[:1])+s.Answer[1:], coverage.Plain(s.Says))
	if len(s.Findings) > 0 {
		say("\nWhat it means: %s\n\nLooks alike: %s\n\nNext: %s\n\n| time | severity | finding | where | why |\n| --- | --- | --- | --- | --- |", s.Hit, orNone(s.Benign), s.Next)
		for _, f := range s.Findings {
			say("| %s | %s | %s (`%s`) | %s | %s |", f.Start, f.Severity, coverage.Plain(f.Title), f.ID, coverage.Plain(f.Where), coverage.Plain(f.Why))
		}
		if s.More > 0 {
			say("\nand %d more, in findings.jsonl.", s.More)
		}
	}
	list := func(title string, items []string) {
		if len(items) > 0 {
			say("\n%s:\n", title)
			for _, x := range items {
				say("- %s", coverage.Plain(x))
			}
		}
	}
	var searched []string
	for _, l := range s.Searched {
		x := fmt.Sprintf("%s (%s): %d records", l.Title, l.ID, l.Reach.Records)
		if l.Reach.Hosts > 0 {
			x += fmt.Sprintf(" of %d hosts", l.Reach.Hosts)
		}
		if l.Reach.Start != 0 {
			x += fmt.Sprintf(", %s to %s", l.Reach.Start.Day(), l.Reach.End.Day())
		}
		if l.Reach.Can == coverage.Part {
			x += ", in part"
		}
		searched = append(searched, x)
	}
	list("Searched by", searched)
	list("Could not search", s.Silent)
	list("Missing data, and how to get it", s.Missing)
	list("What hid things", s.Limits)
	if s.ByHand != "" {
		say("\nBy hand: %s", s.ByHand)
	}
	if len(s.Nobody) > 0 {
		say("\nNo detection of this program implements %s.", strings.Join(s.Nobody, ", "))
	}
}

// Text writes a few lines for a terminal.
func (r *Result) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nHunting guide: %s\n", coverage.Plain(r.Name))
	for i := range r.Steps {
		s := &r.Steps[i]
		fmt.Fprintf(&b, "  %-4s %-11s %s\n", s.ID, s.Answer, coverage.Plain(s.Hypothesis))
		fmt.Fprintf(&b, "       %-11s %s\n", "", cut(coverage.Plain(s.Says), 160))
		for n, m := range s.Missing {
			if n < 2 {
				fmt.Fprintf(&b, "       %-11s missing: %s\n", "", cut(coverage.Plain(m), 150))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

func orNone(s string) string {
	if s == "" {
		return "nothing known."
	}
	return s
}

// Write writes the walk as JSON.
func (r *Result) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}
