package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/finding"
)

// manyIncidents is a case with n incidents, each text of it long and made of
// characters that the page must spell out.
func manyIncidents(n int, text string) *casefolder.Case {
	c := casetest.Case(text)
	pattern := *c.Incidents[0]
	c.Incidents = nil
	for k := range n {
		i := pattern
		i.ID = fmt.Sprintf("i-%d", k)
		i.Findings = nil
		for m := range 90 {
			f := *pattern.Findings[m%len(pattern.Findings)]
			f.Detector = fmt.Sprintf("%s-%d", f.Detector, m) // else a repeat, told once
			f.Why = slices.Repeat(f.Why, 20)
			f.Seal()
			i.Findings = append(i.Findings, &f)
		}
		i.Attribution = slices.Repeat(pattern.Attribution, 4)
		c.Incidents = append(c.Incidents, &i)
	}
	c.Evidence = slices.Repeat(c.Evidence, 3000)
	c.Coverage = slices.Repeat(c.Coverage, 3000)
	c.Skipped = slices.Repeat(c.Skipped, 3000)
	for k := range 400 {
		f := *pattern.Findings[len(pattern.Findings)-1]
		f.Title = fmt.Sprint("loose ", k)
		f.Why = slices.Repeat(f.Why, 20)
		f.Seal()
		c.Findings = append(c.Findings, &f)
	}
	return c
}

// TestPagesAreBounded: however many and long the texts of a case, no page is
// larger than a browser opens at once, each incident told is on one page, and
// the table leads to it.
func TestPagesAreBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("\x01", 8000), "an ordinary sentence of evidence"} {
		c := manyIncidents(24, text)
		pages := renderAll(t, c)
		if len(pages) < 2 {
			t.Errorf("%d pages for %d incidents", len(pages), len(c.Incidents))
		}
		for name, html := range pages {
			if name != "report.html" && !Further(name) {
				t.Errorf("%s would outlive the case", name)
			}
			if len(html) >= 5_000_000 {
				t.Errorf("%.10q: %s has %d bytes", text, name, len(html))
			}
		}
		for n := range c.Incidents {
			id := fmt.Sprintf(`id="i%d"`, n+1)
			var on []string
			for name, html := range pages {
				for range strings.Count(html, id) {
					on = append(on, name)
				}
			}
			if len(on) != 1 {
				t.Fatalf("%.10q: incident %d is on %q", text, n+1, on)
			}
			link := fmt.Sprintf(`href="%s#i%d"`, strings.TrimPrefix(on[0], "report.html"), n+1)
			if !strings.Contains(pages["report.html"], link) {
				t.Fatalf("%.10q: no %s in the table", text, link)
			}
		}
	}
}

// TestMoreIncidentsThanAreTold: what is left out is counted.
func TestMoreIncidentsThanAreTold(t *testing.T) {
	c := casetest.Plausible()
	one := &finding.Incident{ID: "i-1", Title: "One", Severity: finding.Medium}
	c.Incidents = slices.Repeat([]*finding.Incident{one}, maxTold+7)
	if page := render(t, c); !strings.Contains(page, "7 further incidents") {
		t.Error("the page does not say how many incidents it leaves out")
	}
}

// TestFurther: what a user put beside a case is not taken for a page of it.
func TestFurther(t *testing.T) {
	for name, want := range map[string]bool{"incidents-2.html": true, "incidents-17.html": true, "incidents-mine.html": false, "incidents.json": false, "incidents-2.html.bak": false, "2.html": false} {
		if Further(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
