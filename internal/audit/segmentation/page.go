package segmentation

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var pageStyle string

// Bounds of the page, which stays below a few megabytes.
const (
	maxMatrix  = 40  // zones of the matrix and the diagram
	maxCell    = 6   // services in a cell
	maxTold    = 300 // findings
	maxOnPage  = 25  // pairs of hosts of a finding
	maxReach   = 500 // hosts of a reach
	maxRows    = 400 // services from zone to zone
	maxChanges = 300 // changes
)

var page = template.Must(template.New("page").Funcs(template.FuncMap{"clean": clean, "several": several[int]}).Parse(pageText))

// The shapes that the template sees. All text of the evidence in them is
// cleaned of what acts without being seen.
type (
	pageView struct {
		Style    template.CSS
		Report   *Report
		Input    string
		Span     string
		Verdict  string
		Zones    []pageZone
		Diagram  template.HTML
		Columns  []string
		Rows     []pageRow
		Cut      int // zones beyond the matrix
		Services []pageService
		Unlisted int // services beyond these
		Findings []pageFinding
		More     int
		Reaches  []pageReach
		Drift    *pageDrift
		Policy   string
		Conduits string
	}
	pageZone struct {
		Name, Level, Where, Sure string
		Hosts                    int
		Safety                   bool
		Why                      []string
		Members                  []string
		Unlisted                 int
	}
	pageRow struct {
		Name  string
		Cells []pageCell
	}
	pageCell struct {
		To, Class, Severity string
		Services            []string
		More                int
		Count               uint64
		Blocked             uint64
	}
	pageService struct {
		Way, Service, Counts, First, Last, Severity string
		Refs                                        []string
	}
	pageFinding struct {
		Title, Severity, Rules, Line, Do, Confidence string
		Why                                          []string
		Pairs                                        []pagePair
		More                                         int
	}
	pagePair struct {
		Line, Span string
		What       []string
		Refs       []string
	}
	pageReach struct {
		From, Verdict string
		Sure, Likely  []pageReached
		More          int
	}
	pageReached struct {
		Steps           int
		Host, Zone      string
		Open, Way       string
		Taken, Critical bool
	}
	pageDrift struct {
		Verdict string
		Changes []pageChange
		Hosts   []string
		More    int
	}
	pageChange struct {
		Kind, Service, Way, Why, Hosts, Since string
		Finding                               bool
	}
)

// HTML writes a page that needs nothing but itself.
func (r *Report) HTML(w io.Writer) error {
	v := pageView{Style: template.CSS(pageStyle), Report: r, Input: clean(r.Options.Input), Span: spanText(r.Traffic.Span), Verdict: r.Verdict(), Diagram: r.diagram()} //nolint:gosec // our own style
	zones := r.zones()
	for _, i := range zones {
		v.Zones = append(v.Zones, r.pageZone(i))
	}
	if len(zones) > maxMatrix {
		v.Cut = len(zones) - maxMatrix
		zones = zones[:maxMatrix]
	}
	cells, found := r.cells(), r.byBorder()
	for _, from := range zones {
		v.Columns = append(v.Columns, clean(r.Zoning.Zones[from].Name))
		row := pageRow{Name: clean(r.Zoning.Zones[from].Name)}
		for _, to := range zones {
			row.Cells = append(row.Cells, r.pageCell(cells[[2]int{from, to}], found[border{from, to}], from, to))
		}
		v.Rows = append(v.Rows, row)
	}
	v.Services, v.Unlisted = r.pageServices(found)
	for n, f := range r.Findings {
		if n == maxTold {
			v.More = len(r.Findings) - n
			break
		}
		v.Findings = append(v.Findings, r.pageFinding(f))
	}
	for _, x := range r.Reaches {
		v.Reaches = append(v.Reaches, r.pageReach(x))
	}
	v.Drift = r.pageDrift()
	if len(r.Policy.Zoning.Conduits) > 0 {
		v.Policy = r.PolicyVerdict()
		var b strings.Builder
		if err := r.WritePolicy(&b); err != nil {
			return err
		}
		v.Conduits = b.String()
	}
	return page.Execute(w, v)
}

func (r *Report) pageZone(i int) pageZone {
	z := r.Zoning.Zones[i]
	out := pageZone{Name: clean(z.Name), Level: z.Level.String(), Hosts: len(z.members), Safety: z.Safety, Sure: "given"}
	var where []string
	for _, n := range z.Networks {
		where = append(where, n.String())
	}
	for _, h := range z.Hosts {
		where = append(where, h.String())
	}
	out.Where = list(where, 12)
	switch {
	case i == 0:
		out.Where, out.Sure, out.Level = "all other addresses", "", "outside"
	case !r.Zoning.Given:
		out.Sure = fmt.Sprintf("%d of 100", z.Confidence)
	}
	for _, why := range z.Why {
		out.Why = append(out.Why, clean(why))
	}
	for n, h := range z.Members() {
		if n == 60 {
			out.Unlisted = len(z.members) - n
			break
		}
		text := r.host(h, nil, false)
		if role := r.role(h); role != "" {
			text += ", " + role
		}
		out.Members = append(out.Members, clean(text))
	}
	return out
}

// cells are the crossings by zones.
func (r *Report) cells() map[[2]int][]*Crossing {
	out := map[[2]int][]*Crossing{}
	for _, c := range r.Crossing {
		k := [2]int{c.From, c.To}
		out[k] = append(out[k], c)
	}
	return out
}

func (r *Report) pageCell(list []*Crossing, found []*Finding, from, to int) pageCell {
	out := pageCell{To: clean(r.Zoning.Zones[to].Name)}
	seen := map[string]bool{}
	for _, c := range list {
		out.Count += c.Passed
		out.Blocked += c.Unanswered + c.OneSided
		if c.Passed == 0 || seen[c.Protocol] {
			continue
		}
		seen[c.Protocol] = true
		if len(out.Services) < maxCell {
			out.Services = append(out.Services, clean(c.Protocol))
			continue
		}
		out.More++
	}
	switch {
	case from == to:
		out.Class = "own"
	case len(found) > 0:
		out.Severity = found[0].Severity.String() // worst first
		out.Class = out.Severity
	case out.Count > 0:
		out.Class = "fine"
	}
	return out
}

// pageServices are the rows of the matrix with their records.
func (r *Report) pageServices(found map[border][]*Finding) (out []pageService, unlisted int) {
	for _, c := range r.Crossing {
		if c.From == c.To {
			continue
		}
		if len(out) == maxRows {
			unlisted++
			continue
		}
		f := Flow{Protocol: c.Protocol, Transport: c.Transport, Port: c.Port, ByPort: c.ByPort}
		x := pageService{
			Way: clean(r.Zoning.Zones[c.From].Name + " → " + r.Zoning.Zones[c.To].Name), Service: clean(f.service()), Counts: c.counts(),
			First: spanText(record.Span{Start: c.First, End: c.First}), Last: spanText(record.Span{Start: c.Last, End: c.Last}),
		}
		if worst := about(found[border{c.From, c.To}], c); worst != nil {
			x.Severity = worst.Severity.String()
		}
		for _, ref := range c.Refs {
			x.Refs = append(x.Refs, clean(r.cite(ref)))
		}
		out = append(out, x)
	}
	return out, unlisted
}

func (r *Report) pageFinding(f *Finding) pageFinding {
	from, to := r.Zoning.Zones[f.From], r.Zoning.Zones[f.To]
	out := pageFinding{
		Title: f.Title, Severity: f.Severity.String(), Rules: strings.Join(f.Rules, ", "), Do: f.Do, Confidence: fmt.Sprintf("%d of 100", f.Confidence), More: f.More,
		Line: clean(fmt.Sprintf("%s from %s to %s: %s", f.Service, place(from), place(to), f.tally())),
	}
	for _, why := range f.Why {
		out.Why = append(out.Why, clean(why))
	}
	for i := range f.Pairs {
		if i == maxOnPage {
			out.More += len(f.Pairs) - i
			break
		}
		p := &f.Pairs[i]
		x := pagePair{Line: clean(fmt.Sprintf("%s → %s, %s", r.host(p.Orig, p.Outside, p.Folded), r.host(p.Resp, p.Outside, p.Folded), several(p.Count, "time"))), Span: spanText(record.Span{Start: p.First, End: p.Last})}
		for _, what := range p.What {
			x.What = append(x.What, clean(what))
		}
		for _, ref := range p.Refs {
			x.Refs = append(x.Refs, clean(r.cite(ref)))
		}
		out.Pairs = append(out.Pairs, x)
	}
	return out
}

func (r *Report) pageReach(x *Reach) pageReach {
	out := pageReach{From: clean(r.host(x.From, nil, false)), Verdict: r.ReachVerdict(x)}
	tell := func(list []Reached) (rows []pageReached) {
		for i := range list {
			if i == maxReach {
				out.More += len(list) - i
				break
			}
			h := &list[i]
			z := r.Zoning.Zones[h.Zone]
			row := pageReached{Steps: h.Steps, Host: clean(r.host(h.Host, nil, false)), Zone: clean(place(z)), Open: clean(openText(h, 6)), Taken: h.Taken != nil, Critical: z.Level.low()}
			if len(h.Path) > 1 || h.Path[0].Ground != Observed {
				row.Way = clean(r.words(h.Path))
			}
			rows = append(rows, row)
		}
		return rows
	}
	out.Sure, out.Likely = tell(x.Sure), tell(x.Likely)
	return out
}

func (r *Report) pageDrift() *pageDrift {
	d := r.Drift
	if d == nil {
		return nil
	}
	out := &pageDrift{Verdict: r.DriftVerdict()}
	for i := range d.Changes {
		if i == maxChanges {
			out.More = len(d.Changes) - i
			break
		}
		c := &d.Changes[i]
		hosts := ""
		if len(c.Added) > 0 {
			hosts = clean(r.hostList(c.Added))
		}
		out.Changes = append(out.Changes, pageChange{
			Kind: c.Kind, Service: clean(c.Service), Way: clean(r.Zoning.Zones[c.From].Name + " → " + r.Zoning.Zones[c.To].Name), Why: c.Why, Hosts: hosts, Finding: c.Blamed, Since: spanText(record.Span{Start: c.First, End: c.First}),
		})
	}
	for i, h := range d.Hosts {
		if i == maxChanges {
			out.More += len(d.Hosts) - i
			break
		}
		out.Hosts = append(out.Hosts, clean(r.arrival(h)))
	}
	return out
}

// severities are all of them, worst first, for the legend.
func (pageView) Severities() []string {
	var out []string
	for s := int(finding.Critical); s >= int(finding.Info); s-- {
		out = append(out, finding.Severity(s).String())
	}
	return out
}
