package report

import (
	"fmt"
	"html/template"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// svg builds a drawing. Text goes through esc; all else is ours.
type svg struct{ strings.Builder }

func esc(s string) string { return template.HTMLEscapeString(s) }

// tip is a text that shows when the mouse rests on something.
func tip(s string) string { return esc(short(s)) }

func (s *svg) f(format string, args ...any) { _, _ = fmt.Fprintf(s, format, args...) }

func (s *svg) html() template.HTML { return template.HTML(s.String()) } //nolint:gosec // every outside string went through esc

func internal(v string) bool {
	a, err := netip.ParseAddr(v)
	return err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast())
}

const (
	lineWidth  = 940
	lineLeft   = 170
	rowHeight  = 26
	maxPerDot  = 7  // pixels within which findings share a dot
	maxNodes   = 28 // entities drawn
	nodeWidth  = 200
	nodeHeight = 26
	maxLabel   = 24 // characters that fit a node
	colGap     = 96
	rowGap     = 12
)

// timeline draws findings of low severity and above as dots, a row a tactic.
func timeline(i *finding.Incident) template.HTML {
	type dot struct {
		x, n  int
		worst finding.Severity
		title string
		at    record.Time
	}
	rows := map[attack.Tactic][]dot{}
	start, end := i.Start, i.End
	width := float64(lineWidth - lineLeft - 20)
	for _, f := range i.Findings {
		if f.Severity < finding.Low || f.Start == 0 {
			continue
		}
		x := lineLeft
		if end > start {
			x += int(float64(f.Start-start) / float64(end-start) * width)
		}
		for _, t := range tacticsOf(f) {
			ds := rows[t]
			if n := len(ds); n > 0 && x-ds[n-1].x <= maxPerDot {
				ds[n-1].n++
				if f.Severity > ds[n-1].worst {
					ds[n-1].worst, ds[n-1].title = f.Severity, f.Title
				}
			} else {
				ds = append(ds, dot{x, 1, f.Severity, f.Title, f.Start})
			}
			rows[t] = ds
		}
	}
	var order []attack.Tactic
	for _, t := range append(slices.Clone(attack.Tactics), "other") {
		if len(rows[t]) > 0 {
			order = append(order, t)
		}
	}
	if len(order) == 0 {
		return ""
	}
	h := len(order)*rowHeight + 44
	var s svg
	s.f(`<svg class="timeline" viewBox="0 0 %d %d" role="img" aria-label="Timeline by tactic">`, lineWidth, h)
	for n := range 5 {
		x := lineLeft + int(width*float64(n)/4)
		s.f(`<line class="grid" x1="%d" y1="8" x2="%d" y2="%d"/>`, x, x, h-32)
		at := start + record.Time(float64(end-start)*float64(n)/4)
		anchor := "middle"
		if n == 4 {
			anchor = "end"
		}
		s.f(`<text class="tick" x="%d" y="%d" text-anchor="%s">%s</text>`, x, h-14, anchor, at.Std().Format("02 Jan 15:04"))
	}
	for r, t := range order {
		y := 20 + r*rowHeight
		s.f(`<text class="row" x="%d" y="%d" text-anchor="end">%s</text><line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"/>`,
			lineLeft-12, y+4, esc(strings.ReplaceAll(string(t), "-", " ")), lineLeft, y, lineWidth-16, y)
		for _, d := range rows[t] {
			s.f(`<circle class="%s" cx="%d" cy="%d" r="%d"><title>%s UTC: %s%s</title></circle>`, d.worst, d.x, y, min(5+d.n/3, 10), when(d.at), tip(d.title), others(d.n-1))
		}
	}
	s.f(`</svg>`)
	return s.html()
}

func others(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// tacticsOf is the first tactic of each of a finding's techniques.
func tacticsOf(f *finding.Finding) []attack.Tactic {
	var out []attack.Tactic
	for _, id := range f.Techniques {
		if ts := attack.TacticsOf(id); len(ts) > 0 && !slices.Contains(out, ts[0]) {
			out = append(out, ts[0])
		}
	}
	if len(out) == 0 {
		return []attack.Tactic{"other"}
	}
	return out
}

// node is an entity in the drawing.
type node struct {
	e        record.Entity
	col, row int
	weight   int
	x, y     int
}

// columnOf puts the outside to the left, machines in the middle, accounts and
// things to the right: an intrusion reads from left to right.
func columnOf(e record.Entity) int {
	switch e.Kind {
	case "domain", "url", "email", "certificate", "ja3", "ja4", "user_agent":
		return 0
	case "address":
		if internal(e.Value) {
			return 1
		}
		return 0
	case "host", "device":
		return 1
	case "user":
		return 2
	}
	return 3
}

// graph draws who reached whom.
func graph(i *finding.Incident) template.HTML {
	nodes, index := pick(i)
	if len(nodes) < 2 {
		return ""
	}
	arrange(i, nodes, index)
	var cols [4]int
	used := 0
	var xs [4]int
	for _, n := range nodes {
		cols[n.col]++
	}
	for c, n := range cols {
		if n > 0 {
			xs[c] = 8 + used*(nodeWidth+colGap)
			used++
		}
	}
	tall := slices.Max(cols[:])
	w, h := 16+used*nodeWidth+(used-1)*colGap, 30+tall*(nodeHeight+rowGap)
	for _, n := range nodes {
		n.x = xs[n.col]
		n.y = 24 + n.row*(nodeHeight+rowGap) + (tall-cols[n.col])*(nodeHeight+rowGap)/2
	}
	var s svg
	s.f(`<svg class="graph" viewBox="0 0 %d %d" role="img" aria-label="Who reached whom">`, w, h)
	for c, label := range []string{"outside", "machines", "accounts", "files and programs"} {
		if cols[c] > 0 {
			s.f(`<text class="head" x="%d" y="14">%s</text>`, xs[c], label)
		}
	}
	for _, e := range i.Edges {
		a, b := index[ident(e.From)], index[ident(e.To)]
		if a == nil || b == nil || a == b {
			continue
		}
		s.edge(a, b, e)
	}
	for _, n := range nodes {
		label := n.e.Value
		if r := []rune(label); len(r) > maxLabel {
			label = string(r[:10]) + "…" + string(r[len(r)-maxLabel+11:])
		}
		s.f(`<g class="node %s"><rect x="%d" y="%d" width="%d" height="%d" rx="5"/><text x="%d" y="%d">%s</text><title>%s %s</title></g>`,
			kindClass(n), n.x, n.y, nodeWidth, nodeHeight, n.x+9, n.y+17, esc(label), esc(n.e.Kind), tip(n.e.Value))
	}
	s.f(`</svg>`)
	return s.html()
}

func kindClass(n *node) string { return [...]string{"outside", "machine", "account", "thing"}[n.col] }

func (s *svg) edge(a, b *node, e finding.Edge) {
	title := fmt.Sprintf("%s to %s: %s (%d findings)", tip(a.e.Value), tip(b.e.Value), tip(e.Label), len(e.Findings))
	y1, y2 := a.y+nodeHeight/2, b.y+nodeHeight/2
	if a.col == b.col { // a bow to the right
		x := a.x + nodeWidth
		s.f(`<path class="edge" d="M%d %d C%d %d %d %d %d %d"><title>%s</title></path>`, x, y1, x+50, y1, x+50, y2, x, y2, title)
		return
	}
	x1, x2 := a.x+nodeWidth, b.x
	if a.col > b.col {
		x1, x2 = a.x, b.x+nodeWidth
	}
	m := (x1 + x2) / 2
	s.f(`<path class="edge" d="M%d %d C%d %d %d %d %d %d"><title>%s</title></path>`, x1, y1, m, y1, m, y2, x2, y2, title)
}

func ident(e record.Entity) string { return e.Kind + "\x00" + e.Value }

// pick chooses the entities to draw: those with most edges.
func pick(i *finding.Incident) ([]*node, map[string]*node) {
	weight := map[string]int{}
	for _, e := range i.Edges {
		weight[ident(e.From)] += len(e.Findings)
		weight[ident(e.To)] += len(e.Findings)
	}
	var all []*node
	index := map[string]*node{}
	drawn := slices.Clone(i.Entities)
	for _, e := range i.Edges { // appliances and programs stand in the graph only
		for _, end := range []record.Entity{e.From, e.To} {
			if end.Kind == "device" || end.Kind == "process" {
				drawn = append(drawn, end)
			}
		}
	}
	for _, e := range drawn {
		if w := weight[ident(e)]; w > 0 && index[ident(e)] == nil {
			n := &node{e: e, col: columnOf(e), weight: w}
			index[ident(e)] = n
			all = append(all, n)
		}
	}
	slices.SortStableFunc(all, func(a, b *node) int { return b.weight - a.weight })
	if len(all) > maxNodes {
		for _, n := range all[maxNodes:] {
			delete(index, ident(n.e))
		}
		all = all[:maxNodes]
	}
	return all, index
}

// arrange orders each column by where its neighbours stand, a few times over,
// so that few lines cross.
func arrange(i *finding.Incident, nodes []*node, index map[string]*node) {
	near := map[*node][]*node{}
	for _, e := range i.Edges {
		a, b := index[ident(e.From)], index[ident(e.To)]
		if a != nil && b != nil && a != b {
			near[a] = append(near[a], b)
			near[b] = append(near[b], a)
		}
	}
	number := func() {
		var next [4]int
		for _, n := range nodes {
			n.row = next[n.col]
			next[n.col]++
		}
	}
	number()
	for range 4 {
		middle := map[*node]float64{}
		for _, n := range nodes {
			sum := float64(n.row)
			for _, m := range near[n] {
				sum += float64(m.row)
			}
			middle[n] = sum / float64(len(near[n])+1)
		}
		slices.SortStableFunc(nodes, func(a, b *node) int {
			switch {
			case middle[a] < middle[b]:
				return -1
			case middle[a] > middle[b]:
				return 1
			}
			return 0
		})
		number()
	}
}
