package respond

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"longwatch/internal/respond/hunts"
	"longwatch/internal/terminal"
)

const (
	maxTextSections = 6  // incidents that the terminal tells
	maxTextBlocks   = 10 // blocks of each
)

// Text writes the plan as a terminal shows it: what to do, in order, without the
// details. dir is the folder that holds them.
func (p *Plan) Text(w io.Writer, dir string) error {
	paint := terminal.NewPaint(w)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", paint.Bold(p.Verdict))
	if p.Joint != nil {
		fmt.Fprintf(&b, "  %-12s %s\n", "together", terminal.Wrap(terminal.Clean(p.Joint.Why, 600), 15))
	}
	for i := range p.Sections {
		if i == maxTextSections {
			fmt.Fprintf(&b, "\n  and %d more incidents in the plan\n", len(p.Sections)-i)
			break
		}
		p.Sections[i].text(&b, paint)
	}
	if len(p.Sections) > 0 {
		b.WriteString("\n  ◆ in the one window   ! needs a second person   ✗ cannot be undone\n")
	}
	if p.Untold > 0 {
		fmt.Fprintf(&b, "  %-12s %d mild incidents; ask for one with --incident\n", "left out", p.Untold)
	}
	fmt.Fprintf(&b, "\n  %-12s %s\n\n", "plan", paint.Bold(terminal.Clean(filepath.Join(dir, "plan.md"), 400)))
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Section) text(b *strings.Builder, paint terminal.Paint) {
	fmt.Fprintf(b, "\n%s %s\n", paint.Severity(s.Severity), paint.Bold(terminal.Clean(s.Title, 110)))
	line := func(name, text string) {
		fmt.Fprintf(b, "  %-12s %s\n", name, terminal.Wrap(terminal.Clean(text, 900), 15))
	}
	if s.Attribution != "" {
		line("resembles", s.Attribution)
	}
	for n, d := range s.Doors {
		name := ""
		if n == 0 {
			name = "doors"
		}
		on := ""
		if len(d.On) > 0 {
			on = ": " + listed(d.On, 4)
		}
		line(name, d.What+on)
	}
	if s.Window != nil {
		line("one window", fmt.Sprintf("%d steps, marked ◆, are prepared and then done together", len(s.Window.Steps)))
	}
	phase := Phase("")
	for i := range s.Steps {
		t := &s.Steps[i]
		if t.Phase != phase {
			phase = t.Phase
			fmt.Fprintf(b, "\n  %s\n", paint.Bold(phase.Title()))
		}
		fmt.Fprintf(b, "  %3d %s %s\n", t.N, sign(t), terminal.Wrap(terminal.Clean(t.Title, 220), 10))
	}
	for i := range s.Accounts.Steps {
		x := &s.Accounts.Steps[i]
		if i == 0 {
			b.WriteByte('\n')
		}
		names := accountNames(x, 8)
		if names == "" {
			names = x.Do
		}
		line(only(i == 0, "accounts"), fmt.Sprintf("%d. %s%s", x.N, only(x.Window && s.Window != nil, "◆ "), names))
	}
	if len(s.Hunts) > 0 {
		b.WriteByte('\n')
		line("hunts", fmt.Sprintf("%s for the next hour, in seven languages in %s/", counted(len(s.Hunts), "question"), hunts.Folder))
	}
	for i := range s.Blocks {
		x := &s.Blocks[i]
		if i == 0 {
			b.WriteByte('\n')
		}
		if i == maxTextBlocks {
			line("", fmt.Sprintf("and %d more blocks in the plan", len(s.Blocks)-i))
			break
		}
		text := fmt.Sprintf("%s %s", x.Scope, x.Value)
		if len(x.Approval) > 0 {
			text += ": needs a second person, " + strings.Join(x.Approval, "; ")
		}
		line(only(i == 0, "blocks"), text)
	}
}

// only is text on one condition.
func only(when bool, text string) string {
	if when {
		return text
	}
	return ""
}

// sign marks a step: three columns.
func sign(t *Step) string {
	var out strings.Builder
	for _, m := range []struct {
		mark string
		on   bool
	}{{"◆", t.Window}, {"!", t.Approval != ""}, {"✗", !t.Undoable && (t.Phase == Contain || t.Phase == Eradicate)}} {
		if m.on {
			out.WriteString(m.mark)
		} else {
			out.WriteByte(' ')
		}
	}
	return out.String()
}
