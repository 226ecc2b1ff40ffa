package respond

import (
	_ "embed" // the page's template and style
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/report"
)

//go:embed plan.html.tmpl
var pageText string

//go:embed plan.css
var pageStyle string

var pageTemplate = template.Must(template.New("plan").Funcs(template.FuncMap{
	"css":    func() template.CSS { return report.Style() + template.CSS(pageStyle) }, //nolint:gosec // our own files, embedded
	"phases": phasesOf,
	"on": func(list []record.Entity) string {
		if len(list) == 0 {
			return ""
		}
		return listed(list, 40)
	},
	"more":     func(list []record.Entity) bool { return len(list) > len(first(list)) || len(list) > maxNamed },
	"acts":     func(t Step) bool { return t.Phase == Contain || t.Phase == Eradicate },
	"shown":    shownWords,
	"from":     func(t Step) string { return fromWords(&t) },
	"evidence": func(t Step) string { return counted(len(t.Evidence)+t.More, "finding") },
	"number": func(s Section, id string) string {
		for i := range s.Steps {
			if s.Steps[i].ID == id {
				return fmt.Sprint(s.Steps[i].N)
			}
		}
		return id
	},
}).Parse(pageText))

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// shownWords names the first findings behind a step, each kind once.
func shownWords(t Step) string {
	var out []string
	for i := range t.Evidence {
		if title := t.Evidence[i].Title; len(out) < 3 && !slices.Contains(out, title) {
			out = append(out, title)
		}
	}
	if more := len(t.Evidence) + t.More - len(out); more > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(out, "; "), more)
	}
	return strings.Join(out, "; ")
}

// part is a phase with its steps.
type part struct {
	Title string
	Steps []Step
}

func phasesOf(s Section) (out []part) {
	for i := range s.Steps {
		title := s.Steps[i].Phase.Title()
		if len(out) == 0 || out[len(out)-1].Title != title {
			out = append(out, part{Title: title})
		}
		out[len(out)-1].Steps = append(out[len(out)-1].Steps, s.Steps[i])
	}
	return out
}

// Page writes the plan as one page to read and to print, without script and
// without network.
func (p *Plan) Page(w io.Writer) error { return pageTemplate.Execute(report.Visible(w), p) }
