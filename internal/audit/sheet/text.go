package sheet

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"longwatch/internal/finding"
)

const (
	width   = 98 // columns of the text
	told    = 25 // lines of a section that the text tells; the files have all
	reasons = 8  // reasons of a line
	cited   = 2  // records of a reason
	longest = 600
)

// paint colours text when the output is a terminal that wants it.
type paint bool

func (p paint) with(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

var colours = map[finding.Severity]string{finding.Critical: "1;97;41", finding.High: "1;31", finding.Medium: "33", finding.Low: "36", finding.Info: "2"}

// Text writes the sheet for a terminal.
func (s *Sheet) Text(w io.Writer) error {
	f, ok := w.(*os.File)
	p := paint(ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))) // #nosec G115 -- a file descriptor
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n%s\n", p.with("1", clean(s.Title)), wrap(clean(s.Lead), 0))
	for i := range s.Sections {
		s.Sections[i].text(&b, p, s.Kind)
	}
	if len(s.Unseen) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.with("1", "What this evidence does not show"))
		for _, u := range s.Unseen {
			fmt.Fprintf(&b, "  - %s\n", wrap(clean(u), 4))
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Section) text(b *strings.Builder, p paint, kind string) {
	if len(s.Rows) == 0 && s.None == "" {
		return
	}
	fmt.Fprintf(b, "\n%s\n", p.with("1", fmt.Sprintf("%s (%d)", s.Name, len(s.Rows))))
	if len(s.Rows) == 0 {
		fmt.Fprintf(b, "  %s\n", p.with("2", wrap(clean(s.None), 2)))
		return
	}
	if s.Says != "" {
		fmt.Fprintf(b, "  %s\n", p.with("2", wrap(s.Says, 2)))
	}
	for i := range s.Rows {
		if i == told {
			fmt.Fprintf(b, "\n  and %d more in %s.json\n", len(s.Rows)-told, kind)
			return
		}
		s.Rows[i].text(b, p)
	}
}

func (r *Row) text(b *strings.Builder, p paint) {
	badge := r.Badge
	if badge == "" {
		badge = r.Grade.String()
	}
	fmt.Fprintf(b, "\n  %s %s\n", p.with(colours[r.Grade], fmt.Sprintf("%-8s", badge)), p.with("1", clean(r.Head)))
	fmt.Fprintf(b, "    %s\n", wrap(clean(r.Says), 4))
	for _, f := range r.Facts {
		fmt.Fprintf(b, "    %-11s %s\n", f.Name, wrap(clean(f.Text), 16))
	}
	for i, y := range r.Why {
		if i == reasons {
			fmt.Fprintf(b, "    and %d more reasons\n", len(r.Why)-reasons)
			break
		}
		mark := "-"
		if y.Points != "" {
			mark = fmt.Sprintf("%4s", y.Points)
		}
		fmt.Fprintf(b, "    %s %s\n", mark, wrap(clean(y.Text), 5+len(mark)))
		for k, ref := range y.Refs {
			if k == cited {
				fmt.Fprintf(b, "           and %d more\n", len(y.Refs)-cited)
				break
			}
			fmt.Fprintf(b, "           %s\n", p.with("2", clean(ref)))
		}
	}
	if r.Do != "" {
		fmt.Fprintf(b, "    do: %s\n", wrap(clean(r.Do), 8))
	}
}

// clean makes text safe to print: one line, nothing that moves the cursor or
// turns the direction of writing.
func clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > longest {
			b.WriteRune('…')
			break
		}
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// wrap breaks text at the width, indenting what follows the first line.
func wrap(s string, indent int) string {
	var b strings.Builder
	col := indent
	for n, word := range strings.Fields(s) {
		l := utf8.RuneCountInString(word)
		switch {
		case n == 0:
		case col+1+l > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			col = indent
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += l
	}
	return b.String()
}
