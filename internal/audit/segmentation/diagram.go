package segmentation

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"longwatch/internal/finding"
)

// Measures of the diagram, in units of its view box.
const (
	diagramWide = 1060
	bandHigh    = 132
	boxHigh     = 56
	leftMargin  = 96
)

// bands are the levels from the outside in.
var bands = []struct {
	title string
	has   func(Level) bool
}{
	{"Internet", func(l Level) bool { return l == Outside }},
	{"levels 4, 5", Level.it},
	{"DMZ 3.5", func(l Level) bool { return l == DMZ }},
	{"level 3", func(l Level) bool { return l == Operations }},
	{"levels 0–2", Level.low},
	{"unknown", func(l Level) bool { return l == Unknown }},
}

// box is a zone as it is drawn.
type box struct {
	zone       int
	x, y, wide float64
	band       int
}

// arrow is what passes from one zone to another.
type arrow struct {
	from, to *box
	class    string
	tried    bool
	label    string
	title    string
}

// diagram draws zones in bands of their levels and what passes between them.
func (r *Report) diagram() template.HTML {
	boxes, used := r.boxes()
	var b strings.Builder
	high := bandHigh * len(used)
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="Zones by level, and what passes between them">`, diagramWide, high)
	b.WriteString(`<defs>`)
	for _, c := range []string{"plain", "low", "medium", "high", "critical"} {
		fmt.Fprintf(&b, `<marker id="end-%s" class="%s" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10z"/></marker>`, c, c)
	}
	b.WriteString(`</defs>`)
	for n, i := range used {
		odd := ""
		if n%2 == 1 {
			odd = " odd"
		}
		fmt.Fprintf(&b, `<rect class="band%s" x="0" y="%d" width="%d" height="%d"/><text class="level" x="12" y="%d">%s</text>`, odd, n*bandHigh, diagramWide, bandHigh, n*bandHigh+bandHigh/2+4, esc(bands[i].title))
	}
	arrows := r.arrows(boxes)
	var labels strings.Builder
	for i := range arrows {
		arrows[i].draw(&b, &labels, boxes, i)
	}
	for _, x := range boxes {
		r.drawBox(&b, x)
	}
	b.WriteString(labels.String())
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text in it went through esc
}

// boxes places zones, and tells which bands there are.
func (r *Report) boxes() (map[int]*box, []int) {
	byBand := make([][]int, len(bands))
	for n, i := range r.zones() {
		if n == maxMatrix {
			break
		}
		at := slices.IndexFunc(bands, func(b struct {
			title string
			has   func(Level) bool
		}) bool {
			return b.has(r.Zoning.Zones[i].Level)
		})
		byBand[at] = append(byBand[at], i)
	}
	out := map[int]*box{}
	var used []int
	for at, list := range byBand {
		if len(list) == 0 {
			continue
		}
		room := float64(diagramWide-leftMargin-24) / float64(len(list))
		wide := min(230, room-18)
		for n, i := range list {
			// neighbouring bands are moved against each other, so that arrows past a band do not run through its boxes
			shift := 0.0
			if len(list) == 1 {
				shift = []float64{0, -150, 130}[len(used)%3]
			}
			out[i] = &box{zone: i, x: leftMargin + room*(float64(n)+0.5) + shift, y: float64(len(used)*bandHigh + bandHigh/2), wide: wide, band: len(used)}
		}
		used = append(used, at)
	}
	return out, used
}

// arrows are made of the matrix, the harmless first so that the others are
// drawn over them.
func (r *Report) arrows(boxes map[int]*box) []arrow {
	var out []arrow
	cells, found := r.cells(), r.byBorder()
	worst := func(k [2]int) int {
		if list := found[border{k[0], k[1]}]; len(list) > 0 {
			return int(list[0].Severity) // worst first
		}
		return -1
	}
	keys := make([][2]int, 0, len(cells))
	for k := range cells {
		if k[0] != k[1] && boxes[k[0]] != nil && boxes[k[1]] != nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b [2]int) int {
		return cmp.Or(worst(a)-worst(b), a[0]-b[0], a[1]-b[1])
	})
	for _, k := range keys {
		cell := r.pageCell(cells[k], found[border{k[0], k[1]}], k[0], k[1])
		a := arrow{from: boxes[k[0]], to: boxes[k[1]], class: "plain", tried: cell.Count == 0}
		if s := finding.Severity(max(0, worst(k))); s > finding.Info {
			a.class = s.String()
		}
		names := cell.Services
		if len(names) > 2 {
			names = append(slices.Clone(names[:2]), "…")
		}
		a.label = strings.Join(names, ", ")
		a.title = fmt.Sprintf("%s to %s: %d passed, %d not answered; %s", r.Zoning.Zones[k[0]].Name, r.Zoning.Zones[k[1]].Name, cell.Count, cell.Blocked, strings.Join(cell.Services, ", "))
		if a.tried && a.class == "plain" {
			continue // nobody was let through, and nobody minds
		}
		out = append(out, a)
	}
	return out
}

// draw draws an arrow as a curve: from the edge of one box to that of the
// other, the two directions beside each other.
func (a *arrow) draw(b, labels *strings.Builder, boxes map[int]*box, n int) {
	x1, y1, x2, y2 := a.from.x, a.from.y, a.to.x, a.to.y
	side := 1.0
	if a.from.zone > a.to.zone {
		side = -1
	}
	var d string
	var lx, ly float64
	switch { //nolint:staticcheck // two cases of one question, which a tagged switch would hide
	case a.from.band == a.to.band:
		up := -1.0 // over the boxes one way, under them the other
		if side < 0 {
			up = 1
		}
		y1 += up * boxHigh / 2
		y2 += up * boxHigh / 2
		bend := 34.0
		d = fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, x1, y1+up*bend, x2, y2+up*bend, x2, y2)
		lx, ly = (x1+x2)/2, (y1+y2)/2+up*bend*0.7
	default:
		down := 1.0
		if a.from.band > a.to.band {
			down = -1
		}
		x1 += side * a.from.wide * 0.12
		x2 += side * a.to.wide * 0.12
		y1 += down * boxHigh / 2
		y2 -= down * boxHigh / 2
		if lane, far := a.lane(boxes, n); far {
			mid, k := (y1+y2)/2, (y2-y1)*0.3
			d = fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, x1, y1+k, lane, y1+k/2, lane, mid, lane, y2-k/2, x2, y2-k, x2, y2)
			lx, ly = lane, mid+float64(n%3-1)*15
			break
		}
		d = fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, x1, y1+(y2-y1)*0.35, x2, y1+(y2-y1)*0.65, x2, y2)
		t := 0.36 + 0.28*float64(n%2)
		lx, ly = bezier(t, x1, x1, x2, x2), bezier(t, y1, y1+(y2-y1)*0.35, y1+(y2-y1)*0.65, y2)
	}
	class := a.class
	if a.tried {
		class += " tried"
	}
	fmt.Fprintf(b, `<path class="%s" d="%s" marker-end="url(#end-%s)"><title>%s</title></path>`, class, d, a.class, esc(a.title))
	fmt.Fprintf(labels, `<text class="via" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, lx, ly, esc(short(a.label, 26)))
}

// lane is where an arrow passes the bands between, beside their boxes; false
// when there is none between.
func (a *arrow) lane(boxes map[int]*box, n int) (float64, bool) {
	top, bottom := min(a.from.band, a.to.band), max(a.from.band, a.to.band)
	if bottom-top < 2 {
		return 0, false
	}
	left, right := float64(diagramWide), float64(leftMargin)
	for _, x := range boxes {
		if x.band > top && x.band < bottom {
			left, right = min(left, x.x-x.wide/2), max(right, x.x+x.wide/2)
		}
	}
	apart := 20 + 14*float64(n%4)
	mid := (a.from.x + a.to.x) / 2
	if right+apart+40 < diagramWide && (mid-left > right-mid || left-apart-40 < leftMargin) {
		return right + apart, true
	}
	return max(leftMargin, left-apart), true
}

func bezier(t, a, b, c, d float64) float64 {
	u := 1 - t
	return u*u*u*a + 3*u*u*t*b + 3*u*t*t*c + t*t*t*d
}

func (r *Report) drawBox(b *strings.Builder, x *box) {
	z := r.Zoning.Zones[x.zone]
	class := "zone"
	if z.Confidence < unsure && x.zone > 0 {
		class += " unsure"
	}
	if z.Safety {
		class += " safety"
	}
	small := several(len(z.members), "host")
	switch {
	case x.zone == 0:
		small = "everybody else"
	case len(z.Networks) == 1:
		small = z.Networks[0].String() + ", " + small
	case len(z.Networks) > 1:
		small = several(len(z.Networks), "network") + ", " + small
	}
	fmt.Fprintf(b, `<g class="%s"><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="8"/><text x="%.1f" y="%.1f" text-anchor="middle" font-weight="600">%s</text><text class="small" x="%.1f" y="%.1f" text-anchor="middle">%s</text></g>`,
		class, esc(place(z)), x.x-x.wide/2, x.y-boxHigh/2, x.wide, boxHigh, x.x, x.y-3, esc(short(z.Name, int(x.wide/7))), x.x, x.y+14, esc(short(small, int(x.wide/5.6))))
}

// short cuts text that has no room.
func short(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:max(1, most-1)]) + "…"
}

// esc makes text of the evidence text in the diagram.
func esc(s string) string { return template.HTMLEscapeString(clean(s)) }
