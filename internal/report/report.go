// Package report tells people what a case holds: report.html, one page (more
// when there are many incidents) that works without a network, on screen and on paper, and the summary that hunt
// prints. Everything that comes from evidence is hostile text: the page is
// made by html/template, which escapes by context, and has no script at all;
// the terminal gets quoted strings only.
package report

import (
	"embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

//go:embed *.html.tmpl
var pages embed.FS

//go:embed report.css
var style string

var tmpl = template.Must(template.New("report.html.tmpl").Funcs(template.FuncMap{
	"when": when, "minute": minute, "lookers": lookers, "day": day, "span": span, "size": size, "num": number, "clip": clip, "place": casefolder.Place, "short": short,
	"technique": func(id attack.ID) string { return attack.Name(id) }, "url": techniqueURL, "upper": strings.ToUpper, "fit": fitSign, "eventlines": eventLines, "percent": func(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) },
	"add": func(a, b int) int { return a + b }, "weight": func(w float64) string { return fmt.Sprintf("%+.1f", w) },
	"likelihood": likelihood, "titleof": titleOf, "words": func(k finding.EdgeKind) string { return strings.ReplaceAll(string(k), "-", " ") },
	"css": func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file, embedded
}).ParseFS(pages, "*.html.tmpl"))

type incidentView struct {
	*finding.Incident
	N        int
	Lead     *finding.Attribution
	Dwell    string
	Hosts    []string
	Accounts []string
	Outside  []string
	Steps    []step
	More     int
	Logons   []*host.LogonEdge // between its machines
	Others   int               // logons that are not shown
	Timeline template.HTML
	Graph    template.HTML
	Route    template.HTML
	Moves    []finding.Move // the first of the path
	Groups   []reachGroup
	Weak     []finding.Join // on which the incident hangs
	Next     []string
}

// step is one line of an incident's story: the same claim about the same
// places, told once.
type step struct {
	*finding.Finding
	Severity finding.Severity // the worst of the repeats
	Count    int
	Where    string
	Chain    []string // programs that led to the one it is about
}

const (
	maxWeak     = 8  // ties of an incident that are told
	maxMoveRows = 40 // steps of its path
)

// maxSteps is how many lines an incident's story has on the page; the rest is
// in findings.jsonl and timeline.csv.
const maxSteps = 60

// viewOf prepares the section of the nth incident, from 1.
func viewOf(n int, i *finding.Incident, c *casefolder.Case) incidentView {
	v := incidentView{Incident: i, N: n, Dwell: dwell(i.Start, i.End), Next: next(i)}
	if len(i.Attribution) > 0 {
		v.Lead = &i.Attribution[0]
	}
	v.Hosts, v.Accounts, v.Outside = who(i)
	v.Steps, v.More = story(i, maxSteps)
	for k := range v.Steps {
		v.Steps[k].Chain = c.Chains[v.Steps[k].ID]
	}
	v.Logons, v.Others = logons(i, v.Hosts, c.Logons)
	v.Timeline = timeline(i)
	v.Graph = graph(i)
	v.Route, v.Groups, v.Weak = route(i), reachGroups(i), weakJoins(i, maxWeak)
	v.Moves = i.Path[:min(len(i.Path), maxMoveRows)]
	return v
}

// who lists hosts, accounts and outside places of an incident, most connected first.
func who(i *finding.Incident) (hosts, accounts, outside []string) {
	for _, e := range i.Entities {
		switch e.Kind {
		case "host":
			hosts = append(hosts, e.Value)
		case "user":
			accounts = append(accounts, e.Value)
		case "domain", "url", "email":
			outside = append(outside, e.Value)
		case "address":
			if internal(e.Value) {
				hosts = append(hosts, e.Value)
			} else {
				outside = append(outside, e.Value)
			}
		}
	}
	return hosts, accounts, outside
}

// story is the findings in time order, with repeats of a claim told once.
func story(i *finding.Incident, most int) (steps []step, more int) {
	at := map[string]int{}
	for _, f := range i.Findings {
		if f.Severity < finding.Low {
			continue
		}
		where := place(f)
		k := f.Detector + "\x00" + f.Title + "\x00" + where
		if n, ok := at[k]; ok {
			steps[n].Count++
			steps[n].Severity = max(steps[n].Severity, f.Severity)
			continue
		}
		if len(steps) == most {
			more++
			continue
		}
		at[k] = len(steps)
		steps = append(steps, step{Finding: f, Severity: f.Severity, Count: 1, Where: where})
	}
	return steps, more
}

// place is where a finding happened: its hosts, else its addresses, else its files.
func place(f *finding.Finding) string {
	for _, kind := range []string{"host", "address", "domain", "email", "file"} {
		var out []string
		for _, e := range f.Entities {
			if e.Kind == kind && !slices.Contains(out, e.Value) && len(out) < 3 {
				out = append(out, short(e.Value))
			}
		}
		if len(out) > 0 {
			return strings.Join(out, ", ")
		}
	}
	return ""
}

// column is one tactic of the matrix.
type column struct {
	Tactic string
	Cells  []cell
}

type cell struct {
	ID       attack.ID
	Name     string
	Severity finding.Severity
	Count    int
}

// matrix is the techniques seen, by tactic; a technique that serves several
// tactics stands under each.
func matrix(c *casefolder.Case) []column {
	cells := map[attack.ID]*cell{}
	for _, f := range c.Findings {
		if f.Severity < finding.Low {
			continue
		}
		for _, t := range f.Techniques {
			x := cells[t]
			if x == nil {
				x = &cell{ID: t, Name: attack.Name(t)}
				cells[t] = x
			}
			x.Count++
			x.Severity = max(x.Severity, f.Severity)
		}
	}
	var out []column
	for _, tac := range attack.Tactics {
		col := column{Tactic: strings.ReplaceAll(string(tac), "-", " ")}
		for id, x := range cells {
			if slices.Contains(attack.TacticsOf(id), tac) {
				col.Cells = append(col.Cells, *x)
			}
		}
		slices.SortFunc(col.Cells, func(a, b cell) int {
			if a.Severity != b.Severity {
				return int(b.Severity) - int(a.Severity)
			}
			return strings.Compare(string(a.ID), string(b.ID))
		})
		if len(col.Cells) > 0 {
			out = append(out, col)
		}
	}
	return out
}

func when(t record.Time) string {
	if t == 0 {
		return "unknown time"
	}
	return t.Std().Format("2006-01-02 15:04:05")
}

// minute is a time of RFC 3339 without its seconds; anything else as it is.
func minute(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return clip(s)
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func day(t record.Time) string {
	if t == 0 {
		return "unknown"
	}
	return t.Std().Format("2 January 2006")
}

func span(a, b record.Time) string {
	if day(a) == day(b) {
		return day(a)
	}
	return day(a) + " to " + day(b)
}

// dwell is how long something lasted, in the unit a person would use.
func dwell(a, b record.Time) string {
	if a == 0 || b == 0 {
		return "unknown"
	}
	switch d := b.Sub(a); {
	case d < 2*time.Second:
		return "a moment"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

func size(n int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	x, i := float64(n), 0
	for x >= 1000 && i < len(units)-1 {
		x /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", x, units[i])
}

// number groups thousands by thin spaces.
func number(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u2009" + s[i:]
	}
	return s
}

// clip cuts a long text; the whole of it is in the files of the case. What the
// page must spell out (see visible) counts for the room that it takes.
func clip(s string) string {
	const room = 600
	used := 0
	for i, r := range s {
		used++
		if unseen(r) {
			used += len("⟦U+0001⟧")
		}
		if used > room {
			return s[:i] + "…"
		}
	}
	return s
}

// short cuts a long value in the middle, keeping its ends.
func short(s string) string {
	r := []rune(s)
	const most = 64
	if len(r) <= most {
		return s
	}
	return string(r[:most/2-1]) + "…" + string(r[len(r)-most/2:])
}

func techniqueURL(id attack.ID) string {
	return "https://attack.mitre.org/techniques/" + strings.ReplaceAll(string(id), ".", "/") + "/"
}
