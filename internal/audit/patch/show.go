package patch

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/audit/sheet"
	"longwatch/internal/finding"
)

// JSON writes the whole report.
func (r *Report) JSON(w io.Writer) error {
	if r.Lines == nil {
		r.Lines = []Line{}
	}
	if r.Closed == nil {
		r.Closed = []Closed{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// CSV writes a line for each flaw of each program.
func (r *Report) CSV(w io.Writer) error {
	rows := make([][]string, 0, len(r.Lines))
	for i := range r.Lines {
		l := &r.Lines[i]
		var parts, used []string
		for _, p := range l.Parts {
			parts = append(parts, fmt.Sprintf("%d for %s", p.Points, p.Why))
		}
		for _, u := range l.Campaigns {
			used = append(used, u.Name+" ("+u.How+")")
		}
		rows = append(rows, []string{
			strconv.Itoa(l.Rank), strconv.Itoa(l.Score), l.Host, l.Role, l.Product, l.Version, l.Certain, l.Said, l.CVE, l.Name, string(l.Verdict), l.Because, l.Fixed, l.Exposure, l.Exposed,
			map[bool]string{true: "yes", false: "no"}[l.KEV], l.KEVAdded, strconv.FormatFloat(l.EPSS, 'g', 6, 64), strings.Join(used, "; "), l.First, l.Last, strconv.Itoa(l.Days), strconv.Itoa(l.SinceKEV),
			strings.Join(parts, "; "), strings.Join(append(sheet.Cite(l.Refs), sheet.Cite(l.ExposedRefs)...), "; "), l.Advisory,
		})
	}
	return sheet.CSV(w, []string{
		"rank", "score", "host", "role", "product", "version", "version_certain", "version_said_by", "cve", "name", "verdict", "because", "fixed_in", "exposure", "exposed_by",
		"in_kev", "kev_added", "epss", "campaigns", "first_seen", "last_seen", "days_seen_vulnerable", "days_known_exploited", "score_parts", "records", "advisory",
	}, rows)
}

// grade is how loud a line is: from its score and from how sure it is.
func (l *Line) grade() finding.Severity {
	switch {
	case l.Score >= forFacing+forKEV && l.Verdict == Affected:
		return finding.Critical
	case l.Score >= forFacing:
		return finding.High
	case l.Score >= forEdge:
		return finding.Medium
	}
	return finding.Low
}

// Sheet is the report for people.
func (r *Report) Sheet(title string) *sheet.Sheet {
	s := &sheet.Sheet{Kind: "patch", Title: title, Unseen: r.Unseen}
	affected, outside, kev := 0, 0, 0
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Verdict != Affected {
			continue
		}
		affected++
		outside += yes(l.Exposure == internetFacing)
		kev += yes(l.KEV)
	}
	s.Lead = fmt.Sprintf("%d own hosts, %d programs, of which %d told a version; compared with %d flaws: %d are there, %d perhaps.", r.Hosts, r.Programs, r.Versions, r.Checked, affected, len(r.Lines)-affected)
	if len(r.Lines) > 0 {
		l := &r.Lines[0]
		s.Lead += fmt.Sprintf(" First: %s of %s at %s.", l.CVE, l.Product, l.Host)
	}
	s.Figures = []sheet.Figure{{Value: fmt.Sprint(affected), Label: "flaws there"}, {Value: fmt.Sprint(outside), Label: "of them internet-facing"}, {Value: fmt.Sprint(kev), Label: "of them known to be exploited"}, {Value: fmt.Sprint(len(r.Lines) - affected), Label: "perhaps there"}, {Value: fmt.Sprint(len(r.Velocity.Changes)), Label: "updates seen"}}
	first := sheet.Section{Name: "What to close, first things first", Says: "The score is the sum of its parts. Nothing that nobody outside was seen to reach comes before what somebody did.", None: "No program with one of these flaws was seen."}
	for i := range r.Lines {
		first.Rows = append(first.Rows, r.Lines[i].row())
	}
	s.Sections = append(s.Sections, first, r.closedSection(), r.changes(), r.others())
	return s
}

func (l *Line) row() sheet.Row {
	version := l.Version
	if version == "" {
		version = "of unknown version"
	}
	x := sheet.Row{Grade: l.Severity, Badge: fmt.Sprintf("%d: %d", l.Rank, l.Score), Head: fmt.Sprintf("%s  %s %s  %s", l.Host, l.Product, version, l.CVE)}
	x.Says = l.CVE
	if l.Name != "" {
		x.Says += " (" + l.Name + ")"
	}
	x.Says += ": " + string(l.Verdict) + "; " + l.Because
	x.Facts = append(x.Facts, sheet.Fact{Name: "version", Text: l.Certain + ": " + l.Said})
	exposure := l.Exposure + ": " + l.Exposed
	if !slices.ContainsFunc(l.Parts, func(p Part) bool { return p.Why == exposure }) { // said among the reasons, with its points
		x.Facts = append(x.Facts, sheet.Fact{Name: "exposure", Text: exposure})
	}
	if l.Days > 0 {
		text := fmt.Sprintf("seen with it for %s, from %s to %s", several(l.Days), l.First, l.Last)
		if l.Opening {
			text += "; it was so on the first day of the evidence, and perhaps before"
		}
		if l.SinceKEV > 0 {
			text += fmt.Sprintf("; known to be exploited for %d days by then", l.SinceKEV)
		}
		x.Facts = append(x.Facts, sheet.Fact{Name: "exposed", Text: text})
	}
	for i, p := range l.Parts {
		why := sheet.Why{Points: fmt.Sprintf("%+d", p.Points), Text: p.Why}
		if i == 0 && l.Exposure == internetFacing {
			why.Refs = sheet.Cite(l.ExposedRefs)
		}
		x.Why = append(x.Why, why)
	}
	if len(l.Refs) > 0 {
		x.Why = append(x.Why, sheet.Why{Text: "the program was seen here", Refs: sheet.Cite(l.Refs)})
	}
	switch {
	case l.Verdict == Unsure && l.Fixed != "":
		x.Do = fmt.Sprintf("look up the release that runs; update to %s or later of its branch (%s)", l.Fixed, l.Advisory)
	case l.Verdict == Unsure:
		x.Do = "look up the release that runs, and compare it with " + l.Advisory
	case l.Fixed != "":
		x.Do = fmt.Sprintf("update to %s or later (%s); before that save what shows whether it was used", l.Fixed, l.Advisory)
	default:
		x.Do = "follow the advisory: " + l.Advisory
	}
	x.Do = strings.TrimSuffix(strings.ReplaceAll(x.Do, " ()", ""), ": ")
	return x
}

func (r *Report) closedSection() sheet.Section {
	x := sheet.Section{Name: "Closed within the evidence", Says: "A newer version that has the flaw no more was seen. What happened before it is not undone by it."}
	for _, c := range r.Closed {
		says := fmt.Sprintf("closed by %s, first seen on %s", c.To, c.Seen)
		if c.Days > 0 {
			says += fmt.Sprintf(", %d days after it was known to be exploited", c.Days)
		}
		x.Rows = append(x.Rows, sheet.Row{Badge: "closed", Head: fmt.Sprintf("%s  %s %s  %s", c.Host, c.Product, c.From, c.CVE), Says: says, Why: []sheet.Why{{Text: "seen here before and after", Refs: sheet.Cite(c.Refs)}}})
	}
	return x
}

// changes are how fast updates came.
func (r *Report) changes() sheet.Section {
	x := sheet.Section{Name: "How fast updates come", Says: "From the first sign of the old version to the first sign of the new one, as seen.", None: "No program was seen to change its version: how fast updates come is not known."}
	for _, g := range r.Velocity.Groups {
		says := fmt.Sprintf("%d updates at %d hosts; the old version was held %d days (median)", g.Changes, g.Hosts, g.Median)
		if g.Spread > 0 {
			says += fmt.Sprintf("; the newest reached the last of these hosts %d days after the first", g.Spread)
		}
		x.Rows = append(x.Rows, sheet.Row{Badge: "group", Head: g.Name, Says: says})
	}
	for _, c := range r.Velocity.Changes {
		x.Rows = append(x.Rows, sheet.Row{Badge: "update", Head: fmt.Sprintf("%s  %s %s to %s", c.Host, c.Product, c.From, c.To), Says: fmt.Sprintf("first seen on %s, %d days after the old version was first seen and %d after it was last seen", c.At, c.Held, c.Between), Why: []sheet.Why{{Text: "seen here before and after", Refs: sheet.Cite(c.Refs)}}})
	}
	return x
}

func (r *Report) others() sheet.Section {
	x := sheet.Section{Name: "Not judged", Says: "CISA's catalogue lists flaws of these products; which versions have them is in no table here. Give advisories that name versions."}
	for _, u := range r.Unjudged {
		hosts := strings.Join(u.Hosts[:min(len(u.Hosts), 6)], ", ")
		if n := len(u.Hosts) - 6; n > 0 {
			hosts += fmt.Sprintf(" and %d more", n)
		}
		x.Rows = append(x.Rows, sheet.Row{Grade: finding.Low, Badge: "look up", Head: u.Product, Says: fmt.Sprintf("%d flaws in the catalogue; seen at %s", u.Flaws, hosts)})
	}
	return x
}

func several(days int) string {
	if days == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", days)
}
