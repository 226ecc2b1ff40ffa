package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	perPage  = 20      // incidents told on one page
	pageRoom = 4 << 20 // bytes of incidents on one page, the first of which is always taken
	mainRoom = 1 << 20 // the same on the first page, which holds all else too
	maxTold  = 2000    // incidents told at all and listed on the first page; they come worst first
	maxLoose = 200     // findings outside incidents
)

// view is what the template of the first page sees.
type view struct {
	Case      *casefolder.Case
	Summary   casefolder.Summary
	Incidents []row
	Unlisted  int             // incidents beyond the rows
	Told      []template.HTML // the sections of this page
	Further   []further       // pages with the sections that follow
	Matrix    []column
	Loose     []*finding.Finding // findings of medium and above outside incidents
	Low       int                // the rest
	Unread    []string
	Refused   int
}

// row is an incident in the table of the first page.
type row struct {
	N        int
	Page     string // file that tells it; empty for the first page
	Title    string
	Severity finding.Severity
	Start    record.Time
	Dwell    string
	Machines int
	Lead     *finding.Attribution
}

// further is a page of incidents after the first.
type further struct {
	Name        string
	First, Last int
	Told        []template.HTML
}

// Write writes report.html into dir and, when a case has more incidents than
// a page should hold, incidents-2.html and so on. No page is larger than 5 MB.
func Write(dir string, c *casefolder.Case) error {
	return write(c, func(name string, fill func(io.Writer) error) error {
		return casefolder.WriteFile(filepath.Join(dir, name), fill)
	})
}

// Further tells whether name is that of a page after the first.
func Further(name string) bool {
	n, ok := strings.CutPrefix(name, "incidents-")
	n, html := strings.CutSuffix(n, ".html")
	_, err := strconv.ParseUint(n, 10, 16)
	return ok && html && err == nil
}

// write renders the pages one after the other, report.html last, since it
// names the others.
func write(c *casefolder.Case, file func(name string, fill func(io.Writer) error) error) error {
	v := view{Case: c, Summary: c.Summary(), Unread: c.Unread(), Matrix: matrix(c)}
	told := c.Incidents[:min(len(c.Incidents), maxTold)]
	v.Unlisted = len(c.Incidents) - len(told)
	p := further{First: 1}
	room, number := mainRoom, 1
	turn := func() error {
		if number == 1 {
			v.Told = p.Told
		} else {
			v.Further = append(v.Further, further{Name: p.Name, First: p.First, Last: p.Last})
			if err := file(p.Name, func(w io.Writer) error { return tmpl.ExecuteTemplate(&visible{w: w}, "further", p) }); err != nil {
				return err
			}
		}
		number++
		p, room = further{Name: fmt.Sprintf("incidents-%d.html", number), First: p.Last + 1}, pageRoom
		return nil
	}
	for n, i := range told {
		iv := viewOf(n+1, i, c)
		section, err := sectionOf(iv)
		if err != nil {
			return err
		}
		if len(p.Told) > 0 && (len(p.Told) >= perPage || len(section) > room) {
			if err := turn(); err != nil {
				return err
			}
		}
		p.Told, p.Last, room = append(p.Told, section), n+1, room-len(section)
		v.Incidents = append(v.Incidents, row{n + 1, p.Name, i.Title, i.Severity, i.Start, iv.Dwell, len(iv.Hosts), iv.Lead})
	}
	if err := turn(); err != nil {
		return err
	}
	v.rest(c)
	return file("report.html", func(w io.Writer) error { return tmpl.Execute(&visible{w: w}, v) })
}

// sectionOf renders the section of one incident.
func sectionOf(iv incidentView) (template.HTML, error) {
	var b bytes.Buffer
	err := tmpl.ExecuteTemplate(&visible{w: &b}, "incident", iv)
	return template.HTML(b.String()), err //nolint:gosec // made by the template above, escaped there
}

// rest fills in what stands outside incidents.
func (v *view) rest(c *casefolder.Case) {
	inside := map[string]bool{}
	for _, i := range c.Incidents {
		for _, f := range i.Findings {
			inside[f.ID] = true
		}
	}
	for _, f := range c.Findings {
		switch {
		case inside[f.ID]:
		case f.Severity >= finding.Medium && len(v.Loose) < maxLoose:
			v.Loose = append(v.Loose, f)
		default:
			v.Low++
		}
	}
	for _, s := range c.Rules {
		v.Refused += len(s.Refused)
	}
}
