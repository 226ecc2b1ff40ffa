package sheet

import (
	"fmt"
	"io"
	"strings"

	"longwatch/internal/terminal"
)

const (
	width   = 98 // columns of the text
	told    = 25 // lines of a section that the text tells; the files have all
	reasons = 8  // reasons of a line
	cited   = 2  // records of a reason
	longest = 600
)

// Text writes the sheet for a terminal.
func (s *Sheet) Text(w io.Writer) error {
	p := terminal.NewPaint(w)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n%s\n", p.Bold(clean(s.Title)), terminal.Wrap(clean(s.Lead), 0))
	for i := range s.Sections {
		s.Sections[i].text(&b, p, s.Kind)
	}
	if len(s.Unseen) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.Bold("What this evidence does not show"))
		for _, u := range s.Unseen {
			fmt.Fprintf(&b, "  - %s\n", terminal.Wrap(clean(u), 4))
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Section) text(b *strings.Builder, p terminal.Paint, kind string) {
	if len(s.Rows) == 0 && s.None == "" {
		return
	}
	fmt.Fprintf(b, "\n%s\n", p.Bold(fmt.Sprintf("%s (%d)", s.Name, len(s.Rows))))
	if len(s.Rows) == 0 {
		fmt.Fprintf(b, "  %s\n", p.Soft(terminal.Wrap(clean(s.None), 2)))
		return
	}
	if s.Says != "" {
		fmt.Fprintf(b, "  %s\n", p.Soft(terminal.Wrap(s.Says, 2)))
	}
	for i := range s.Rows {
		if i == told {
			fmt.Fprintf(b, "\n  and %d more in %s.json\n", len(s.Rows)-told, kind)
			return
		}
		s.Rows[i].text(b, p)
	}
}

func (r *Row) text(b *strings.Builder, p terminal.Paint) {
	badge := r.Badge
	if badge == "" {
		badge = r.Grade.String()
	}
	fmt.Fprintf(b, "\n  %s %s\n", p.Badge(r.Grade, badge), p.Bold(clean(r.Head)))
	fmt.Fprintf(b, "    %s\n", terminal.Wrap(clean(r.Says), 4))
	for _, f := range r.Facts {
		fmt.Fprintf(b, "    %-11s %s\n", f.Name, terminal.Wrap(clean(f.Text), 16))
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
		fmt.Fprintf(b, "    %s %s\n", mark, terminal.Wrap(clean(y.Text), 5+len(mark)))
		for k, ref := range y.Refs {
			if k == cited {
				fmt.Fprintf(b, "           and %d more\n", len(y.Refs)-cited)
				break
			}
			fmt.Fprintf(b, "           %s\n", p.Soft(clean(ref)))
		}
	}
	if r.Do != "" {
		fmt.Fprintf(b, "    do: %s\n", terminal.Wrap(clean(r.Do), 8))
	}
}

// clean makes text from evidence safe to show.
func clean(s string) string { return terminal.Clean(s, longest) }
