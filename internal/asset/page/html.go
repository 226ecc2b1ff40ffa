package page

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"longwatch/internal/asset"
)

//go:embed assets.html.tmpl assets.css
var files embed.FS

const (
	maxRows    = 2000 // assets on the page; all are in assets.csv
	maxImpacts = 60
	maxShared  = 60
	maxLosses  = 300
)

var tmpl = template.Must(template.New("assets.html.tmpl").Funcs(template.FuncMap{
	"join":     func(list []string) string { return strings.Join(list, ", ") },
	"called":   func(s asset.Software) string { return called(&s) },
	"identity": func(id asset.Identity) string { return identity(&id) },
	"percent":  func(f float64) string { return fmt.Sprintf("%.0f %%", f*100) },
	"day":      func(s string) string { return strings.Replace(s[:min(len(s), 16)], "T", " ", 1) },
	"kinds": func(list []asset.Kind) string {
		var out []string
		for _, k := range list {
			out = append(out, string(k))
		}
		return strings.Join(out, ", ")
	},
}).ParseFS(files, "assets.html.tmpl"))

// view is what the template is given.
type view struct {
	*Report
	CSS   template.CSS
	Map   template.HTML
	Rows  []*asset.Asset
	More  int // assets that are not shown
	Own   int // machines that spoke
	Plant int // of these, those of control
	Out   int // outside addresses
	Worst []asset.Impact
	Lost  []asset.Loss
	LostN int
	Sold  []asset.Supplier
}

// HTML writes the page.
func (r *Report) HTML(w io.Writer) error {
	css, err := files.ReadFile("assets.css")
	if err != nil {
		return err
	}
	v := &view{Report: r, CSS: template.CSS(css), Map: template.HTML(r.drawing())} //nolint:gosec // our own file; every outside string of the drawing was escaped
	for _, a := range r.Assets {
		switch {
		case !a.Machine():
		case a.Own && !a.Silent:
			v.Own++
		case !a.Own:
			v.Out++
		}
		if a.Industrial() {
			v.Plant++
		}
	}
	v.Rows = slices.Clone(r.Assets)
	impact := r.impacts()
	place := make(map[*asset.Asset]int, len(r.Assets))
	for i, a := range r.Assets {
		place[a] = i
	}
	if len(v.Rows) > maxRows { // what is shown are the own ones that matter most
		slices.SortStableFunc(v.Rows, func(a, b *asset.Asset) int {
			x, y := impact[place[a]], impact[place[b]]
			return cmp.Or(-compareBool(a.Own, b.Own), -compareBool(!a.Silent, !b.Silent), cmp.Compare(y.Stops, x.Stops), cmp.Compare(y.Clients, x.Clients))
		})
		v.More = len(v.Rows) - maxRows
		v.Rows = v.Rows[:maxRows]
	}
	for _, im := range r.Impacts {
		if (im.Stops > 0 || im.Parts > 0) && len(v.Worst) < maxImpacts {
			v.Worst = append(v.Worst, im)
		}
	}
	v.Sold = r.Suppliers[:min(len(r.Suppliers), maxShared)]
	if r.Without != nil {
		v.LostN = len(r.Without.Lost)
		v.Lost = r.Without.Lost[:min(v.LostN, maxLosses)]
	}
	return tmpl.Execute(w, v)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
