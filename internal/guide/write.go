package guide

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"longwatch/internal/coverage"
)

// Markdown writes the walk for people.
func (r *Result) Markdown(w io.Writer) error {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# Hunting guide: %s\n", plain(r.Name))
	if r.Intro != "" {
		say("%s\n", r.Intro)
	}
	say("| hunt | hypothesis | answer |\n| --- | --- | --- |")
	for i := range r.Steps {
		say("| %s | %s | **%s** |", r.Steps[i].ID, plain(r.Steps[i].Hypothesis), r.Steps[i].Answer)
	}
	if len(r.Gaps) > 0 {
		say("\n## Data to obtain, most wanted first\n")
		for _, g := range r.Gaps {
			say("- %s", plain(g))
		}
	}
	for i := range r.Steps {
		r.Steps[i].markdown(say)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Step) markdown(say func(string, ...any)) {
	say("\n## %s. %s\n\n%s\n\n**%s**: %s.", s.ID, plain(s.Hypothesis), s.Why, strings.ToUpper(s.Answer[:1])+s.Answer[1:], plain(s.Says))
	if len(s.Findings) > 0 {
		say("\nWhat it means: %s\n\nLooks alike: %s\n\nNext: %s\n\n| time | severity | finding | where | why |\n| --- | --- | --- | --- | --- |", s.Hit, orNone(s.Benign), s.Next)
		for _, f := range s.Findings {
			say("| %s | %s | %s (`%s`) | %s | %s |", f.Start, f.Severity, plain(f.Title), f.ID, plain(f.Where), plain(f.Why))
		}
		if s.More > 0 {
			say("\nand %d more, in findings.jsonl.", s.More)
		}
	}
	list := func(title string, items []string) {
		if len(items) > 0 {
			say("\n%s:\n", title)
			for _, x := range items {
				say("- %s", plain(x))
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
	fmt.Fprintf(&b, "\nHunting guide: %s\n", plain(r.Name))
	for i := range r.Steps {
		s := &r.Steps[i]
		fmt.Fprintf(&b, "  %-4s %-11s %s\n", s.ID, s.Answer, plain(s.Hypothesis))
		fmt.Fprintf(&b, "       %-11s %s\n", "", cut(plain(s.Says), 160))
		for n, m := range s.Missing {
			if n < 2 {
				fmt.Fprintf(&b, "       %-11s missing: %s\n", "", cut(plain(m), 150))
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

// plain makes text that may come from evidence harmless in a terminal, a table
// and Markdown.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '|' || r == '`' || r == '<' || r == '>' || r == '[' || r == ']':
			return '\''
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// Write writes the walk as JSON.
func (r *Result) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}
