package retro

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
)

// maxShown is how many entries of one list Text prints; JSON has all.
const maxShown = 50

// Text writes the results for a terminal.
func Text(w io.Writer, results []*Result) error {
	var b strings.Builder
	for _, r := range results {
		r.text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) text(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n  searched %d records in %d files", plain(r.Input), r.Searched.Rows, r.Searched.Files)
	if r.Searched.Damaged > 0 {
		fmt.Fprintf(b, ", %d could not be read", r.Searched.Damaged)
	}
	b.WriteByte('\n')
	if x := &r.Searched; x.Groups > 0 {
		fmt.Fprintf(b, "  read %d of %d row groups; left out %d by time, %d by statistics, %d by bloom filters\n", x.Groups-x.ByTime-x.ByStatistics-x.ByFilter, x.Groups, x.ByTime, x.ByStatistics, x.ByFilter)
	}
	for _, n := range r.Searched.Notes {
		fmt.Fprintf(b, "  note: %s\n", plain(n))
	}
	r.findingsText(b)
	if len(r.Archived) > 0 {
		fmt.Fprintf(b, "\n  %d archived findings that a profile makes specific\n", len(r.Archived))
	}
	for n, a := range r.Archived {
		if n == maxShown {
			fmt.Fprintf(b, "    and %d more\n", len(r.Archived)-n)
			break
		}
		fmt.Fprintf(b, "    %s  %s (%s, %s) now matches %s\n      %s\n", month(a.Finding), plain(a.Finding.Title), a.Finding.Detector, a.Finding.ID, plain(a.Name), plain(a.Because))
	}
	r.incidentsText(b)
	if len(r.New)+len(r.Graded)+len(r.Archived)+len(r.Incidents) == 0 {
		b.WriteString("\n  Nothing new.\n")
	}
	if r.Out != "" {
		fmt.Fprintf(b, "\n  new case     %s\n", plain(r.Out))
	}
	b.WriteByte('\n')
}

func (r *Result) findingsText(b *strings.Builder) {
	if len(r.New) > 0 {
		fmt.Fprintf(b, "\n  %d new findings\n", len(r.New))
	}
	for n, h := range r.New {
		if n == maxShown {
			fmt.Fprintf(b, "    and %d more\n", len(r.New)-n)
			break
		}
		f := h.Finding
		fmt.Fprintf(b, "    %-8s %s  %s (%s, %s)\n", f.Severity, span(f), plain(f.Title), plain(f.Detector), f.ID)
		for _, why := range f.Why {
			fmt.Fprintf(b, "      %s\n", plain(why))
		}
		for i, ref := range f.Refs {
			if i == 3 {
				fmt.Fprintf(b, "      and %d more places\n", len(f.Refs)-i)
				break
			}
			fmt.Fprintf(b, "      evidence: %s\n", plain(casefolder.Place(ref)))
		}
		if len(h.Files) > 0 {
			fmt.Fprintf(b, "      recorded in %s\n", plain(strings.Join(h.Files, ", ")))
		}
	}
	if len(r.Graded) > 0 {
		fmt.Fprintf(b, "\n  %d findings that weigh otherwise\n", len(r.Graded))
	}
	for n, g := range r.Graded {
		if n == maxShown {
			fmt.Fprintf(b, "    and %d more\n", len(r.Graded)-n)
			break
		}
		fmt.Fprintf(b, "    %s  %s (%s): %s %d %% is now %s %d %%\n%s", span(g.After), plain(g.After.Title), g.After.ID, g.Before.Severity, g.Before.Confidence, g.After.Severity, g.After.Confidence, byList(g.After))
	}
}

// byList says which list keeps a finding back, if one does.
func byList(f *finding.Finding) string {
	if f.Withheld == (finding.Withheld{}) {
		return ""
	}
	return "      " + plain(f.Why[len(f.Why)-1]) + "\n"
}

func (r *Result) incidentsText(b *strings.Builder) {
	switch n := len(r.Incidents); {
	case n == 1:
		b.WriteString("\n  1 incident that is not as it was\n")
	case n > 1:
		fmt.Fprintf(b, "\n  %d incidents that are not as they were\n", n)
	}
	for n := range r.Incidents {
		c := &r.Incidents[n]
		if n == maxShown {
			fmt.Fprintf(b, "    and %d more\n", len(r.Incidents)-n)
			break
		}
		for i := range c.Before {
			fmt.Fprintf(b, "    before  %s\n", c.Before[i].line())
		}
		switch {
		case c.After == nil:
			b.WriteString("    now     none: nothing of it weighs enough\n")
		case len(c.Before) == 0:
			fmt.Fprintf(b, "    new     %s\n", c.After.line())
		default:
			fmt.Fprintf(b, "    now     %s\n", c.After.line())
		}
		for _, why := range c.Why {
			fmt.Fprintf(b, "      %s\n", plain(why))
		}
	}
}

func (s *Side) line() string {
	who := s.Profile
	if s.Name != "" {
		who = s.Name
	}
	return plain(fmt.Sprintf("%s  %-8s %s, %d findings: %s, %d %% (%s)", s.ID, s.Severity, s.Title, s.Findings, who, s.Confidence, s.Words))
}

// month is when an archived finding was made, as people remember it.
func month(f *finding.Finding) string {
	if f.Start == 0 {
		return "undated"
	}
	return f.Start.Std().Format("2 January 2006")
}

func span(f *finding.Finding) string {
	if f.End != 0 && f.End != f.Start {
		return f.Start.String() + " to " + f.End.String()
	}
	return f.Start.String()
}

// plain is text from evidence made fit for a terminal: what acts without being
// seen becomes a full stop.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '.'
		}
		return r
	}, s)
}

// JSON writes the results as one list of objects.
func JSON(w io.Writer, results []*Result) error {
	out := make([]any, 0, len(results))
	for _, r := range results {
		out = append(out, r.shape())
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func (r *Result) shape() any {
	type hit struct {
		Finding any      `json:"finding"`
		Files   []string `json:"files"`
	}
	type graded struct {
		Before any `json:"before"`
		After  any `json:"after"`
	}
	type archived struct {
		Finding any    `json:"finding"`
		Profile string `json:"profile"`
		Name    string `json:"name"`
		Because string `json:"because"`
		By      string `json:"by"`
	}
	hits, gs, as := []hit{}, []graded{}, []archived{}
	for _, h := range r.New {
		hits = append(hits, hit{casefolder.Line(h.Finding), append([]string{}, h.Files...)})
	}
	for _, g := range r.Graded {
		gs = append(gs, graded{casefolder.Line(g.Before), casefolder.Line(g.After)})
	}
	for _, a := range r.Archived {
		as = append(as, archived{casefolder.Line(a.Finding), a.Profile, a.Name, a.Because, a.By})
	}
	changes := r.Incidents
	if changes == nil {
		changes = []Change{}
	}
	return map[string]any{
		"input": r.Input, "out": r.Out, "case": r.Case, "searched": r.Searched, "new": hits, "graded": gs, "archived": as, "incidents": changes,
	}
}
