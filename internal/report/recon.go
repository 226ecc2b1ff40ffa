package report

import (
	"html/template"

	"longwatch/internal/recon"
)

const (
	dayBars    = 92 // days drawn, the last ones
	barsHeight = 90
	nations    = 12 // countries drawn
	nationRow  = 18
)

// lookers draws how many sources looked around on each day, and from which
// countries.
func lookers(s *recon.Seen) template.HTML {
	days := s.Days[max(0, len(s.Days)-dayBars):]
	list := s.Countries[:min(len(s.Countries), nations)]
	var b svg
	b.f(`<svg viewBox="0 0 %d %d" role="img" aria-label="sources by day and by country">`, lineWidth, barsHeight+40+nationRow*len(list))
	top := 1
	for _, d := range days {
		top = max(top, d.Sources)
	}
	width := float64(lineWidth-20) / float64(max(len(days), 1))
	for i, d := range days {
		h := d.Sources * barsHeight / top
		class := "low"
		if d.High {
			class = "high"
		}
		b.f(`<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"><title>%s: %d addresses, %d attempts</title></rect>`,
			class, 10+float64(i)*width, 10+barsHeight-h, max(width-1, 1), max(h, 1), esc(d.Date), d.Sources, d.Attempts)
	}
	if len(days) > 0 {
		b.f(`<text x="10" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%s</text>`, barsHeight+24, esc(days[0].Date), lineWidth-10, barsHeight+24, esc(days[len(days)-1].Date))
	}
	most := 1
	for _, c := range list {
		most = max(most, c.Sources)
	}
	for i, c := range list {
		y := barsHeight + 34 + nationRow*i
		code := c.Code
		if code == "" {
			code = "?"
		}
		b.f(`<text x="10" y="%d">%s</text><rect class="low" x="40" y="%d" width="%d" height="%d"/><text x="%d" y="%d">%d addresses, %d attempts</text>`,
			y+13, esc(code), y+3, max(c.Sources*500/most, 2), nationRow-6, 48+max(c.Sources*500/most, 2), y+13, c.Sources, c.Attempts)
	}
	b.f(`</svg>`)
	return b.html()
}
