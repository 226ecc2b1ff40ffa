package iis

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"longwatch/internal/finding"
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
	f, ok := w.(*os.File)
	p := paint(ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd())))
	var b strings.Builder
	count := map[finding.Severity]int{}
	for i := range r.Findings {
		count[r.Findings[i].Severity]++
	}
	fmt.Fprintf(&b, "\n%s\n", p.with("1", r.verdict(count)))
	fmt.Fprintf(&b, "%s\n", p.with("2", fmt.Sprintf("%s of configuration, %s: %d critical, %d high, %d medium, %d low, %d for information", several(len(r.Files), "file"), several(len(r.Findings), "finding"),
		count[finding.Critical], count[finding.High], count[finding.Medium], count[finding.Low], count[finding.Info])))
	for _, g := range r.groups() {
		g.text(&b, p)
	}
	if len(r.Problems) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.with("1", fmt.Sprintf("not read: %d", len(r.Problems))))
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

func (g group) text(b *strings.Builder, p paint) {
	f := g[0]
	fmt.Fprintf(b, "\n%s %s", p.severity(f.Severity), p.with("1", f.Title))
	note := f.Check
	if len(f.Dossier) > 0 {
		note += ", " + strings.Join(f.Dossier, " ")
	}
	fmt.Fprintf(b, "  %s\n", p.with("2", note))
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
		fmt.Fprintf(b, "  %s\n      %s\n", wrap(clean(x.Why), 2), p.with("2", at))
	}
	fmt.Fprintf(b, "  %s %s\n", p.with("32", "do"), wrap(f.Do, 5))
}

// paint colours text for terminals that want it.
type paint bool

func (p paint) with(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) severity(s finding.Severity) string {
	code := map[finding.Severity]string{finding.Critical: "1;97;41", finding.High: "1;31", finding.Medium: "33", finding.Low: "36", finding.Info: "2"}[s]
	return p.with(code, fmt.Sprintf("%-8s", s))
}

// clean replaces what would act on a terminal instead of being shown.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// wrap breaks text at words so that lines fit 100 columns.
func wrap(s string, indent int) string {
	const width = 100
	var b strings.Builder
	col := indent
	for i, w := range strings.Fields(s) {
		n := len([]rune(w))
		switch {
		case i == 0:
		case col+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			col = indent
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(w)
		col += n
	}
	return b.String()
}
