package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"longwatch/internal/browsertest"
	"longwatch/internal/calendar"
	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/recon"
)

// full is a case whose report has every section and both drawings of days, with
// names as long as evidence holds them.
func full() *casefolder.Case {
	c := casetest.Plausible()
	long := strings.Repeat("687474703a2f2f", 12) + ".collect.example"
	c.Incidents[0].Why = append(c.Incidents[0].Why, "2 by domain "+long)
	c.Recon = &recon.Seen{
		Sources: 412, Attempts: 90210,
		Countries: []recon.Country{{Code: "BR", Sources: 300, Attempts: 9000}, {Sources: 1, Attempts: 1}},
		Origins:   []recon.Origin{{Country: "BR", ASN: 64500, Name: "Companhia de Exemplo e Telecomunicações do Norte", Kind: "access", Sources: 300, Attempts: 9000, Start: "2026-03-02T08:00:00Z", End: "2026-03-11T21:32:06Z", Top: []string{"2001:db8:1234:5678:9abc:def0:1234:5678"}, Services: []string{"web administration", "tcp/3389"}, Cited: []string{"logs/iis/W3SVC1/" + strings.Repeat("u_ex260311", 6) + ".log line 286"}}},
		Targets:   []recon.Target{{Host: "www.plant.example", Site: "192.0.2.0/24", Service: "web mail", Sources: 12, Attempts: 90}},
	}
	for i := range 60 {
		c.Recon.Days = append(c.Recon.Days, recon.Day{Date: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), Sources: 1 + i%7, Attempts: 10 + i, High: i == 40})
	}
	day := calendar.Day(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	c.Events = &calendar.Result{First: day, Last: day + 69, Says: "1 event lies in the time of the evidence"}
	for i := range 70 {
		c.Events.Series = append(c.Events.Series, []int{-1, 0, 3, 900}[i%4])
	}
	for i, name := range []string{"Election of the upper house", "Tender for the substations of the north and the islands", "Summit"} {
		c.Events.Events = append(c.Events.Events, calendar.Event{Name: name, First: day + calendar.Day(20*i), Last: day + calendar.Day(20*i+2)})
	}
	return c
}

// TestPhoneAndDesk: on no window is the report wider than it, no table loses its
// last column, and every text can be read.
func TestPhoneAndDesk(t *testing.T) {
	p := browsertest.Open(t, []byte(render(t, full())))
	browsertest.Ask[bool](p, `document.querySelectorAll('details').forEach(d=>{d.open=true}), true`)
	for _, width := range []int64{320, 390, 768, 1200} {
		p.Size(width, 900)
		if wide := p.Wide(); wide != "" {
			t.Errorf("%d pixels: %s", width, wide)
		}
		if cut := browsertest.Ask[string](p, `Array.from(document.querySelectorAll('.wrap')).filter(e=>e.scrollWidth>e.clientWidth+1).map(e=>e.scrollWidth+'>'+e.clientWidth+' '+e.textContent.trim().slice(0,60)).join('; ')`); cut != "" {
			t.Errorf("%d pixels: a table is wider than its frame: %s", width, cut)
		}
		p.Picture(fmt.Sprintf("report-%d", width))
	}
	p.Size(390, 900)
	for _, poor := range p.Contrast() {
		t.Error(poor)
	}
	if cells := browsertest.Ask[int](p, `Array.from(document.querySelectorAll('tbody td:not([data-label])')).length`); cells > 0 {
		t.Errorf("%d cells of tables do not say on a telephone what they are", cells)
	}
	p.Quiet()
}

// TestReportByKeyboard: Tab reaches sections, details and drawings in the order
// of the page, and Enter opens what is folded.
func TestReportByKeyboard(t *testing.T) {
	p := browsertest.Open(t, []byte(render(t, full())))
	p.Size(1200, 900)
	want := browsertest.Ask[[]string](p, `Array.from(document.querySelectorAll('a[href],summary,[tabindex="0"]')).filter(e=>e.checkVisibility()).map(e=>(e.getAttribute('href')||e.getAttribute('aria-label')||e.textContent).trim().slice(0,60))`)
	var got []string
	for range want {
		p.Press(kb.Tab)
		got = append(got, browsertest.Ask[string](p, `(e=>(e.getAttribute('href')||e.getAttribute('aria-label')||e.textContent).trim().slice(0,60))(document.activeElement)`))
	}
	if !slices.Equal(got, want) {
		t.Errorf("Tab leads to\n%q, the page has\n%q", got, want)
	}
	if ring := browsertest.Ask[string](p, `getComputedStyle(document.activeElement).outlineStyle`); ring == "none" {
		t.Error("what has the focus does not show it")
	}
	before := browsertest.Ask[int](p, `document.querySelectorAll('details[open]').length`)
	browsertest.Ask[bool](p, `document.querySelector('details:not([open]) summary').focus(), true`)
	p.Press(kb.Enter)
	if after := browsertest.Ask[int](p, `document.querySelectorAll('details[open]').length`); after != before+1 {
		t.Errorf("Enter opens %d details", after-before)
	}
}

// TestReportOnPaper: the report prints within a few pages of A4, with the heads
// of tables on each.
func TestReportOnPaper(t *testing.T) {
	p := browsertest.Open(t, []byte(render(t, full())))
	pdf := browsertest.Get(p, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
	if pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); pages < 2 || pages > 9 {
		t.Errorf("%d pages", pages)
	}
	// A4 less the margins is as narrow as a tablet, and has tables all the same.
	browsertest.Call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	p.Size(717, 1000)
	if got := browsertest.Ask[string](p, `getComputedStyle(document.querySelector('tbody td')).display`); got != "table-cell" {
		t.Errorf("a cell of a table is printed as %s", got)
	}
	if wide := p.Wide(); wide != "" {
		t.Error("on paper: " + wide)
	}
	p.Picture("report-paper")
	if heads := browsertest.Ask[int](p, `Array.from(document.querySelectorAll('table')).filter(t=>!t.tHead).length`); heads > 0 {
		t.Errorf("%d tables have no head to repeat", heads)
	}
}
