package access

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"longwatch/internal/audit/sheet"
)

// headings are the sections of the report, in order.
var headings = []struct{ class, name, says, none string }{
	{NewlyPrivileged, "Newly privileged", "Accounts that came to administer something within the evidence.", "No account was seen to become privileged."},
	{Tier, "Across tiers", "Accounts that administer the domain, used where ordinary people sit.", "No account that administers the domain was seen at a host where ordinary people sit."},
	{Path, "Paths to a domain controller", "Shortest ways from ordinary workstations by credentials that lay in the memory of hosts. Taking one step away breaks each.", "No path from an ordinary workstation to a domain controller is in these records."},
	{ServiceDesk, "Services' accounts at a desk", "Accounts of services by which somebody sat at a machine.", "No service's account was used interactively."},
	{Over, "More than the work needs", "Privileged accounts that were used for ordinary work, or for nothing that needs privileges.", "No account was seen to have more than its work needs."},
	{Shared, "Shared", "Accounts that more than one person seems to use.", "No account was used as if by several people."},
	{Dormant, "Dormant", "Accounts that nobody used.", "No account is dormant by this evidence."},
	{Stale, "Old passwords", "Accounts whose passwords are old.", "No password is known to be old."},
}

// JSON writes the whole report.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// CSV writes a line for each judgement.
func (r *Report) CSV(w io.Writer) error {
	var rows [][]string
	for i := range r.Lines {
		l := &r.Lines[i]
		var why, refs []string
		for _, y := range l.Reasons {
			why = append(why, y.Text)
			refs = append(refs, sheet.Cite(y.Refs)...)
		}
		rows = append(rows, []string{l.Class, l.Account, l.Severity.String(), l.certain(), l.Says, strings.Join(l.Hosts, " "), l.First, l.Last, l.Owner, strings.Join(why, "; "), strings.Join(refs, "; "), l.Do})
	}
	return sheet.CSV(w, []string{"class", "account", "severity", "sure", "says", "hosts", "first", "last", "owner", "reasons", "records", "do"}, rows)
}

func (l *Line) certain() string {
	if l.Sure {
		return "yes"
	}
	return "no: " + l.Doubt
}

// Sheet is the report for people.
func (r *Report) Sheet(title string) *sheet.Sheet {
	s := &sheet.Sheet{Kind: "access", Title: title, Unseen: r.Unseen}
	count := map[string]int{}
	for i := range r.Lines {
		count[r.Lines[i].Class]++
	}
	span := "no times"
	if r.Span.Start != 0 {
		span = dayOf(r.Span.Start) + " to " + dayOf(r.Span.End) + " UTC"
	}
	s.Lead = fmt.Sprintf("%d accounts at %d hosts, %s: %d lines to look at.", r.Accounts, r.Machines, span, len(r.Lines))
	if r.Reach.Workstations > 0 && len(r.Controllers) > 0 {
		s.Lead += fmt.Sprintf(" From %d of %d ordinary workstations a path leads to a domain controller.", r.Reach.Reaching, r.Reach.Workstations)
	}
	for _, h := range headings {
		if n := count[h.class]; n > 0 {
			s.Figures = append(s.Figures, sheet.Figure{Value: fmt.Sprint(n), Label: strings.ToLower(h.name)})
		}
		x := sheet.Section{Name: h.name, Says: h.says, None: h.none}
		for i := range r.Lines {
			if l := &r.Lines[i]; l.Class == h.class {
				x.Rows = append(x.Rows, l.row())
			}
		}
		s.Sections = append(s.Sections, x)
		if h.class == Path && len(r.Reach.Chokes) > 0 {
			s.Sections = append(s.Sections, r.chokes())
		}
	}
	return s
}

func (l *Line) row() sheet.Row {
	r := sheet.Row{Grade: l.Severity, Head: l.Account, Says: l.Says, Do: l.Do}
	if l.Class == Path {
		r.Head = fmt.Sprintf("%s, from %s", l.Account, few(l.Hosts, 3))
	}
	if !l.Sure {
		r.Facts = append(r.Facts, sheet.Fact{Name: "unsure", Text: l.Doubt})
	}
	if l.Owner != "" {
		r.Facts = append(r.Facts, sheet.Fact{Name: "owner", Text: l.Owner})
	}
	for _, y := range l.Reasons {
		r.Why = append(r.Why, sheet.Why{Text: y.Text, Refs: sheet.Cite(y.Refs)})
	}
	return r
}

// chokes are the points that cut most paths.
func (r *Report) chokes() sheet.Section {
	x := sheet.Section{Name: "Where to cut", Says: "Without the account's credentials in reach, or without the host, so many workstations have no path any more."}
	for i, c := range r.Reach.Chokes {
		if i == 12 {
			break
		}
		x.Rows = append(x.Rows, sheet.Row{Badge: fmt.Sprintf("%d of %d", c.Cuts, r.Reach.Reaching), Head: c.Kind + " " + c.Name, Says: fmt.Sprintf("cuts every path of %d workstations; the shortest paths of %d lead over it", c.Cuts, c.On)})
	}
	return x
}
