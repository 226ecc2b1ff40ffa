package page

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/asset"
)

// Sizes of the map, in pixels, and how much of it is drawn.
const (
	mapWidth  = 1200
	boxWidth  = 128
	boxHeight = 38
	boxGapX   = 16
	boxGapY   = 18
	bandLeft  = 128
	bandGap   = 30
	perRow    = 7
	maxAlone  = 70  // own assets above which ordinary ones are drawn as one box for each network
	maxBoxes  = 42  // of a band
	maxLines  = 400 // the needed ones, then the most used, first
	maxLabel  = 19  // characters
)

// bands are what is drawn at one height, from the outside to the process.
var bands = []string{"Outside", "Network", "Servers", "Workstations", "Supervision", "Controllers", "Other"}

// band is the place of an asset in bands, -1 for what is no machine.
func band(a *asset.Asset) int {
	switch {
	case !a.Machine() || a.Silent:
		return -1
	case a.Device():
		return 5
	case a.Industrial():
		return 4
	case !a.Own:
		return 0
	}
	switch a.Role() {
	case asset.Router, asset.Appliance, asset.VPNGateway:
		return 1
	case asset.Workstation, asset.Phone:
		return 3
	case "":
		return 6
	}
	return 2
}

// box is what is drawn as one: an asset, or several.
type box struct {
	key     string
	label   string
	under   string
	members []int
	impact  int
	band    int
	x, y    int
}

// colours of lines by kind of service: dark enough for white paper.
var colours = map[asset.Kind]string{
	asset.NameResolution: "#1f6f8b", asset.Authentication: "#8e1b1b", asset.Control: "#b5560f", asset.Database: "#6b3fa0", asset.File: "#2c7a4b", asset.Mail: "#a9790f",
	asset.Administration: "#c2185b", asset.Web: "#5b6776", asset.Update: "#00838f", asset.Time: "#7a8794",
}

const otherColour = "#9aa5b1"

// plan is the map before it is drawn.
type plan struct {
	r      *Report
	boxes  []*box
	of     []*box // by asset
	height int
	hidden int // assets that are not drawn
}

// place gives every asset its box and every box its place.
func (r *Report) plan() *plan {
	p := &plan{r: r, of: make([]*box, len(r.Assets))}
	impact := r.impacts()
	own := 0
	for _, a := range r.Assets {
		if a.Own && band(a) >= 0 {
			own++
		}
	}
	byKey := map[string]*box{}
	for i, a := range r.Assets {
		b := band(a)
		if b < 0 {
			p.hidden++
			continue
		}
		key, label := boxOf(a, b, own > maxAlone && impact[i].Stops == 0)
		x := byKey[key]
		if x == nil {
			x = &box{key: key, label: label, band: b}
			byKey[key] = x
			p.boxes = append(p.boxes, x)
		}
		x.members = append(x.members, i)
		x.impact += impact[i].Stops*1000 + impact[i].Clients
		p.of[i] = x
	}
	p.choose()
	return p
}

// boxOf says which box an asset is drawn in.
func boxOf(a *asset.Asset, b int, together bool) (key, label string) {
	switch {
	case b == 0:
		name := cmp.Or(a.Provider(), a.ID)
		return "outside " + name, name
	case together && (b == 3 || b == 6 || b == 5) && len(a.Addresses) > 0:
		bits := 24
		if !a.Addresses[0].Is4() {
			bits = 64
		}
		net, err := a.Addresses[0].Prefix(bits)
		if err != nil {
			net = netip.Prefix{}
		}
		return bands[b] + " " + a.Role() + " " + net.String(), net.String()
	}
	return "asset " + a.ID, brief(a.Name())
}

// brief is a name without its domain; addresses stay whole.
func brief(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	host, _, _ := strings.Cut(name, ".")
	return host
}

// choose leaves the boxes that matter most and puts them into rows.
func (p *plan) choose() {
	var kept []*box
	y := 46
	for b := range bands {
		var list []*box
		for _, x := range p.boxes {
			if x.band == b {
				list = append(list, x)
			}
		}
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(m, n *box) int {
			return cmp.Or(cmp.Compare(n.impact, m.impact), cmp.Compare(len(n.members), len(m.members)), cmp.Compare(m.key, n.key))
		})
		most := maxBoxes
		if b == 0 {
			most = 2 * perRow
		}
		for _, x := range list[min(len(list), most):] {
			p.hidden += len(x.members)
			for _, i := range x.members {
				p.of[i] = nil
			}
		}
		list = list[:min(len(list), most)]
		slices.SortFunc(list, func(m, n *box) int { return cmp.Compare(m.members[0], n.members[0]) })
		for i, x := range list {
			x.x = bandLeft + (i%perRow)*(boxWidth+boxGapX)
			x.y = y + (i/perRow)*(boxHeight+boxGapY)
			x.under = p.under(x)
		}
		y += (len(list)+perRow-1)/perRow*(boxHeight+boxGapY) + bandGap
		kept = append(kept, list...)
	}
	p.boxes, p.height = kept, y
}

// under is the second line of a box.
func (p *plan) under(x *box) string {
	a := p.r.Assets[x.members[0]]
	n := len(x.members)
	switch {
	case x.band == 0 && n > 1:
		return fmt.Sprintf("%d addresses", n)
	case n > 1:
		return fmt.Sprintf("%d × %s", n, cmp.Or(a.Role(), "machine"))
	case a.Role() == "":
		return a.ID
	}
	mark := ""
	if a.Roles[0].Surety < asset.Likely {
		mark = "?"
	}
	return a.Role() + mark
}

// stroke is a line between two boxes.
type stroke struct {
	from, to *box
	kind     asset.Kind
	needed   bool
	n        int64
	names    []string
}

// strokes joins the edges between two boxes of one kind.
func (p *plan) strokes() (list []*stroke, all int) {
	type key struct {
		from, to *box
		kind     asset.Kind
	}
	by := map[key]*stroke{}
	for i := range p.r.Edges {
		e := &p.r.Edges[i]
		k := key{p.of[e.From], p.of[e.To], e.Kind}
		if k.from == nil || k.to == nil || k.from == k.to {
			continue
		}
		s := by[k]
		if s == nil {
			s = &stroke{from: k.from, to: k.to, kind: e.Kind}
			by[k] = s
			list = append(list, s)
		}
		s.needed = s.needed || e.Needed
		s.n += e.Count
		if e.Name != "" && !slices.Contains(s.names, e.Name) && len(s.names) < 4 {
			s.names = append(s.names, e.Name)
		}
	}
	slices.SortStableFunc(list, func(a, b *stroke) int {
		if a.needed != b.needed {
			if a.needed {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.n, a.n)
	})
	return list[:min(len(list), maxLines)], len(list)
}

// SVG draws the map.
func (r *Report) SVG(w io.Writer) error {
	_, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+r.drawing())
	return err
}

// drawing is the map as an SVG element. Text goes through text; all else is ours.
func (r *Report) drawing() string {
	p := r.plan()
	lines, all := p.strokes()
	var b strings.Builder
	f := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	legend := p.height + 8
	f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="map-title map-desc" font-family="system-ui,-apple-system,Segoe UI,Roboto,Arial,sans-serif" font-size="11">`, mapWidth, legend+64)
	f(`<title id="map-title">Assets and what they use</title><desc id="map-desc">%d boxes in %d bands, %d of %d lines. A line leads from who uses a service up or down to who gives it; a thick border marks assets whose loss stops others.</desc>`, len(p.boxes), len(bands), len(lines), all)
	f(`<rect width="%d" height="%d" fill="#fff"/>`, mapWidth, legend+64)
	p.drawBands(f)
	for _, s := range lines {
		x1, y1, x2, y2 := s.ends()
		dash := ` stroke-dasharray="4 3"`
		if s.needed {
			dash = ""
		}
		mid := (y1 + y2) / 2
		f(`<path d="M%d %dC%d %d %d %d %d %d" fill="none" stroke="%s" stroke-width="1.2" opacity="0.55"%s><title>%s uses %s of %s (%s, %d times)</title></path>`,
			x1, y1, x1, mid, x2, mid, x2, y2, cmp.Or(colours[s.kind], otherColour), dash, text(s.from.label), text(string(s.kind)), text(s.to.label), text(strings.Join(s.names, ", ")), s.n)
	}
	for _, x := range p.boxes {
		p.drawBox(f, x)
	}
	drawLegend(f, legend, p.hidden)
	b.WriteString("</svg>\n")
	return b.String()
}

// ends are where a stroke begins and ends: at the sides that face each other.
func (s *stroke) ends() (x1, y1, x2, y2 int) {
	x1, x2 = s.from.x+boxWidth/2, s.to.x+boxWidth/2
	y1, y2 = s.from.y+boxHeight, s.to.y
	switch {
	case s.from.y > s.to.y:
		y1, y2 = s.from.y, s.to.y+boxHeight
	case s.from.y == s.to.y:
		y1, y2 = s.from.y+boxHeight, s.to.y+boxHeight
	}
	return x1, y1, x2, y2
}

func (p *plan) drawBands(f func(string, ...any)) {
	for b, name := range bands {
		top, bottom := 0, 0
		for _, x := range p.boxes {
			if x.band == b {
				if top == 0 || x.y < top {
					top = x.y
				}
				bottom = max(bottom, x.y+boxHeight)
			}
		}
		if bottom == 0 {
			continue
		}
		f(`<rect x="8" y="%d" width="%d" height="%d" rx="6" fill="#f4f6f8"/><text x="18" y="%d" fill="#5b6776" font-weight="600">%s</text>`, top-10, mapWidth-16, bottom-top+20, top+14, name)
	}
}

func (p *plan) drawBox(f func(string, ...any), x *box) {
	fill, border, width := "#fff", "#8a97a6", 1
	switch x.band {
	case 0:
		fill = "#fdeee6"
	case 1:
		fill = "#fbf4dc"
	case 2:
		fill = "#e8f0f8"
	case 4, 5:
		fill = "#e9f5ee"
	}
	var tips []string
	for _, i := range x.members[:min(len(x.members), 12)] {
		tips = append(tips, p.r.tip(i))
	}
	if n := len(x.members) - 12; n > 0 {
		tips = append(tips, fmt.Sprintf("and %d more", n))
	}
	if x.impact >= 1000 {
		border, width = "#8e1b1b", 3
	}
	f(`<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="%s" stroke="%s" stroke-width="%d"/>`, text(strings.Join(tips, "\n")), x.x, x.y, boxWidth, boxHeight, fill, border, width)
	f(`<text x="%d" y="%d" text-anchor="middle" fill="#1c2430">%s</text><text x="%d" y="%d" text-anchor="middle" fill="#5b6776" font-size="10">%s</text></g>`,
		x.x+boxWidth/2, x.y+16, text(short(x.label)), x.x+boxWidth/2, x.y+30, text(short(x.under)))
}

// tip is what is told of an asset when the mouse rests on it.
func (r *Report) tip(i int) string {
	a := r.Assets[i]
	s := a.ID
	if n := a.Name(); n != s {
		s += " " + n
	}
	if len(a.Roles) > 0 {
		s += ": " + a.Role() + " (" + a.Roles[0].Surety.String() + ")"
	}
	if os := a.OS(); os != nil {
		s += ", " + called(os)
	}
	return s
}

func drawLegend(f func(string, ...any), y, hidden int) {
	x := 18
	for _, k := range []asset.Kind{asset.NameResolution, asset.Authentication, asset.Control, asset.Database, asset.File, asset.Mail, asset.Administration, asset.Web, asset.Update, asset.Time} {
		f(`<path d="M%d %dh22" stroke="%s" stroke-width="2"/><text x="%d" y="%d" fill="#5b6776">%s</text>`, x, y, colours[k], x+27, y+4, string(k))
		x += 48 + 6*len(k)
	}
	f(`<text x="18" y="%d" fill="#5b6776">Solid: the client cannot work without some server of the kind. Dashed: it uses it. Thick border: its loss stops others. ?: a guess.`, y+24)
	if hidden > 0 {
		f(` %d addresses are not drawn: groups, silent ones, those that matter least.`, hidden)
	}
	f("%s", `</text>`)
}

func short(s string) string {
	r := []rune(s)
	if len(r) > maxLabel {
		return string(r[:maxLabel-1]) + "…"
	}
	return s
}

// text escapes what is shown, for XML and for HTML alike.
func text(s string) string { return html.EscapeString(s) }

// impacts are those of the analysis by place of the asset.
func (r *Report) impacts() map[int]asset.Impact {
	out := map[int]asset.Impact{}
	for _, im := range r.Impacts {
		out[im.Asset] = im
	}
	return out
}
