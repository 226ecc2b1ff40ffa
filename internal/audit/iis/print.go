package iis

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/terminal"
)

// JSON writes one line for each finding, then one for each problem.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range r.Findings {
		if err := enc.Encode(&r.Findings[i]); err != nil {
			return err
		}
	}
	for i := range r.Problems {
		if err := enc.Encode(struct {
			Check string `json:"check"`
			Problem
		}{"not-read", r.Problems[i]}); err != nil {
			return err
		}
	}
	return nil
}

// Text writes the report for a person: findings of one check together, worst
// first, each with its places and what to do.
func (r *Report) Text(w io.Writer) error {
	p := terminal.NewPaint(w)
	var b strings.Builder
	count := map[finding.Severity]int{}
	for i := range r.Findings {
		count[r.Findings[i].Severity]++
	}
	fmt.Fprintf(&b, "\n%s\n", p.Bold(r.verdict(count)))
	fmt.Fprintf(&b, "%s\n", p.Soft(fmt.Sprintf("%s of configuration, %s: %d critical, %d high, %d medium, %d low, %d for information", several(len(r.Files), "file"), several(len(r.Findings), "finding"),
		count[finding.Critical], count[finding.High], count[finding.Medium], count[finding.Low], count[finding.Info])))
	for _, g := range r.groups() {
		g.text(&b, p)
	}
	if len(r.Problems) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.Bold(fmt.Sprintf("not read: %d", len(r.Problems))))
		for i, x := range r.Problems {
			if i == 12 {
				fmt.Fprintf(&b, "  and %d more\n", len(r.Problems)-12)
				break
			}
			if x.Path != "" {
				fmt.Fprintf(&b, "  %s: %s\n", clean(x.Path), clean(x.Why))
				continue
			}
			fmt.Fprintf(&b, "  %s\n", clean(x.Why))
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) verdict(count map[finding.Severity]int) string {
	switch {
	case len(r.Files) == 0:
		return "No configuration of IIS was found."
	case count[finding.Critical] > 0:
		return "The configuration shows what intruders leave or need: act on the critical findings first."
	case count[finding.High] > 0:
		return "The configuration gives an intruder much: look at the high findings."
	case len(r.Findings) > 0:
		return "Nothing in the configuration looks like an intruder's work; some of it can be hardened."
	}
	return "The configuration adds nothing to the defaults that an intruder could use."
}

// group is findings of one check and severity.
type group []*Finding

func (r *Report) groups() []group {
	var out []group
	at := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		k := f.Severity.String() + f.Check
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k] = n
			out = append(out, nil)
		}
		out[n] = append(out[n], f)
	}
	return out
}

func (g group) text(b *strings.Builder, p terminal.Paint) {
	f := g[0]
	fmt.Fprintf(b, "\n%s %s", p.Severity(f.Severity), p.Bold(f.Title))
	note := f.Check
	if len(f.Dossier) > 0 {
		note += ", " + strings.Join(f.Dossier, " ")
	}
	fmt.Fprintf(b, "  %s\n", p.Soft(note))
	const show = 8
	for i, x := range g {
		if i == show {
			fmt.Fprintf(b, "  and %d more, all with --json\n", len(g)-show)
			break
		}
		at := clean(x.Path)
		if x.Line > 0 {
			at = fmt.Sprintf("%s:%d", at, x.Line)
		}
		if x.Scope != "" && x.Scope != x.Path {
			at += " [" + clean(x.Scope) + "]"
		}
		fmt.Fprintf(b, "  %s\n      %s\n", terminal.Wrap(clean(x.Why), 2), p.Soft(at))
	}
	fmt.Fprintf(b, "  %s %s\n", p.Good("do"), terminal.Wrap(f.Do, 5))
}

// longest is how many characters of one value are shown.
const longest = 600

// clean makes text from evidence safe to show.
func clean(s string) string { return terminal.Clean(s, longest) }
