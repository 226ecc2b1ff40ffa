package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/terminal"
)

// Text writes the summary that hunt prints: what happened, where, since when,
// how sure, and what to do next. dir is the case folder.
func Text(w io.Writer, c *casefolder.Case, dir string) error {
	p := terminal.NewPaint(w)
	s := c.Summary()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", p.Bold(s.Verdict))
	fmt.Fprintf(&b, "%s\n", p.Soft(fmt.Sprintf("%s files, %s, %s records, %s", number(s.Files), size(s.Bytes), number(s.Records), spanText(c))))
	for n, i := range c.Incidents {
		if n == 8 {
			fmt.Fprintf(&b, "\n  and %d more incidents in the report\n", len(c.Incidents)-8)
			break
		}
		incidentText(&b, p, n+1, i)
	}
	loose := 0
	inside := map[string]bool{}
	for _, i := range c.Incidents {
		for _, f := range i.Findings {
			inside[f.ID] = true
		}
	}
	for _, f := range c.Findings {
		if !inside[f.ID] && f.Severity >= finding.Medium {
			loose++
		}
	}
	b.WriteByte('\n')
	fmt.Fprintf(&b, "  findings     %d critical, %d high, %d medium, %d low, %d for information", s.Findings["critical"], s.Findings["high"], s.Findings["medium"], s.Findings["low"], s.Findings["info"])
	if loose > 0 {
		fmt.Fprintf(&b, " (%d of medium and above outside incidents)", loose)
	}
	b.WriteByte('\n')
	if len(c.Coverage) > 0 {
		names := make([]string, 0, len(c.Coverage))
		for _, x := range c.Coverage {
			names = append(names, x.Name)
		}
		fmt.Fprintf(&b, "  not covered  %s\n", terminal.Wrap(terminal.Clean(strings.Join(names, "; "), 600), 15))
	}
	if c.Events != nil {
		fmt.Fprintf(&b, "  events       %s\n", terminal.Wrap(terminal.Clean(c.Events.Says, 400), 15))
	}
	if gone := absent(c); gone != "" {
		fmt.Fprintf(&b, "  not found    %s\n", terminal.Wrap(terminal.Clean(gone, 600), 15))
	}
	if un := c.Unread(); len(un) > 0 {
		fmt.Fprintf(&b, "  not read     %d pieces of evidence could not be read whole:\n", len(un))
		for n, u := range un {
			if n == 5 {
				fmt.Fprintf(&b, "               and %d more, in manifest.json\n", len(un)-5)
				break
			}
			fmt.Fprintf(&b, "               %s\n", terminal.Clean(u, 160))
		}
	}
	fmt.Fprintf(&b, "\n  report       %s\n", p.Bold(terminal.Clean(filepath.Join(dir, "report.html"), 400)))
	if len(c.Incidents) > 0 {
		fmt.Fprintf(&b, "  what now     longwatch respond %s\n", terminal.Clean(shellWord(dir), 400))
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// shellWord is s as a shell takes it for one word.
func shellWord(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+=:@%", r)
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func spanText(c *casefolder.Case) string {
	if c.Span.Start == 0 {
		return "no times"
	}
	return span(c.Span.Start, c.Span.End)
}

func incidentText(b *strings.Builder, p terminal.Paint, n int, i *finding.Incident) {
	fmt.Fprintf(b, "\n%s %s %s\n", p.Severity(i.Severity), p.Bold(fmt.Sprintf("%d.", n)), p.Bold(terminal.Clean(i.Title, 110)))
	line := func(name, text string) { fmt.Fprintf(b, "  %-12s %s\n", name, terminal.Wrap(text, 15)) }
	line("since", fmt.Sprintf("%s UTC, for %s; %s", when(i.Start), dwell(i.Start, i.End), findings(len(i.Findings))))
	storyText(line, i)
	hosts, accounts, outside := who(i)
	line("where", list(hosts, 6))
	if len(accounts) > 0 {
		line("accounts", list(accounts, 5))
	}
	if len(outside) > 0 {
		line("outside", list(outside, 5))
	}
	if len(i.Attribution) > 0 {
		a := i.Attribution[0]
		text := "unattributed"
		if a.Profile != "unattributed" {
			text = fmt.Sprintf("%s: %s, %d of 100", a.Name, a.Words, a.Confidence)
			if a.Status != "sourced" {
				text += " (unverified profile: a lead only)"
			}
			for k, r := range a.For {
				if k == 2 {
					break
				}
				text += "; " + r.Because
			}
		} else if len(a.For) > 0 {
			text += ": " + a.For[0].Because
		}
		line("resembles", terminal.Clean(text, 420))
		for _, n := range a.Notes {
			line("", terminal.Clean(n, 300))
		}
	}
	for k, f := range worst(i, 5) {
		name := ""
		if k == 0 {
			name = "shown by"
		}
		line(name, terminal.Clean(fmt.Sprintf("%s  %s", when(f.Start), f.Title), 150))
	}
	for k, q := range questions(i, 3) {
		name := ""
		if k == 0 {
			name = "ask"
		}
		line(name, terminal.Clean(q, 300))
	}
	for k, t := range next(i) {
		name := ""
		if k == 0 {
			name = "do next"
		}
		if k == 4 {
			break
		}
		line(name, terminal.Clean(t, 300))
	}
}

// storyText says where it began, how it moved, how far it reached and what limits
// how long it lasted.
func storyText(line func(name, text string), i *finding.Incident) {
	if e := i.Entry; e != nil {
		text := fmt.Sprintf("%s %s (%d of 100): %s", e.Entity.Kind, e.Entity.Value, e.Confidence, e.Why)
		if len(i.Alternatives) > 0 {
			a := i.Alternatives[0]
			text = fmt.Sprintf("%s; or %s %s (%d)", terminal.Clean(text, 260), a.Entity.Kind, a.Entity.Value, a.Confidence)
		}
		line("began at", terminal.Clean(text, 380))
	}
	if len(i.Path) > 0 {
		line("moved", terminal.Clean(moves(i, 10), 600))
	}
	if len(i.Reach) > 0 {
		line("reached", terminal.Clean(reached(i), 300))
	}
	for k, why := range i.Dwell.Why {
		name := ""
		if k == 0 {
			name = "there for"
		}
		if k == 3 {
			break
		}
		line(name, terminal.Clean(why, 240))
	}
	for k := range i.Clocks {
		if k == 3 {
			break
		}
		line("clock", terminal.Clean(i.Clocks[k].Why, 240))
	}
}

// moves is the path in one line: each place with those reached from it.
func moves(i *finding.Incident, most int) string {
	var out []string
	last := ""
	for n, m := range i.Path {
		if n == most {
			out = append(out, fmt.Sprintf("and %d more steps", len(i.Path)-most))
			break
		}
		switch from := m.From.Value; {
		case n > 0 && i.Path[n-1].To == m.From:
			out[len(out)-1] += " > " + short(m.To.Value)
		case n > 0 && from == last:
			out[len(out)-1] += ", " + short(m.To.Value)
		default:
			out = append(out, short(from)+" > "+short(m.To.Value))
		}
		last = m.From.Value
	}
	return strings.Join(out, "; ")
}

// reached counts the places by grade and names the machines that were touched.
func reached(i *finding.Incident) string {
	var parts []string
	for _, g := range reachGroups(i) {
		text := fmt.Sprintf("%d %s", len(g.Rows)+g.More, g.Grade)
		if g.Grade != finding.Possibly {
			var names []string
			for _, r := range g.Rows {
				names = append(names, short(r.Entity.Value))
			}
			text += " (" + list(names, 6) + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// findings counts them in words.
func findings(n int) string {
	if n == 1 {
		return "one finding"
	}
	return fmt.Sprintf("%d findings", n)
}

// worst is the most severe findings of an incident, in time order.
func worst(i *finding.Incident, most int) []*finding.Finding {
	var out []*finding.Finding
	seen := map[string]bool{}
	for s := int(finding.Critical); s >= int(finding.Low) && len(out) < most; s-- {
		for _, f := range i.Findings {
			if int(f.Severity) == s && !seen[f.Title] && len(out) < most {
				seen[f.Title] = true
				out = append(out, f)
			}
		}
	}
	return out
}

// questions are those of the most severe findings, each once.
func questions(i *finding.Incident, most int) []string {
	var out []string
	for s := int(finding.Critical); s >= int(finding.Low); s-- {
		for _, f := range i.Findings {
			for _, q := range f.Ask {
				if int(f.Severity) == s && len(out) < most && !slices.Contains(out, q) {
					out = append(out, q)
				}
			}
		}
	}
	return out
}

func list(values []string, most int) string {
	if len(values) == 0 {
		return "not known"
	}
	var out []string
	for n, v := range values {
		if n == most {
			out = append(out, fmt.Sprintf("and %d more", len(values)-most))
			break
		}
		out = append(out, terminal.Clean(short(v), 80))
	}
	return strings.Join(out, ", ")
}
