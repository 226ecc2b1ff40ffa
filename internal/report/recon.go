package report

import (
	"cmp"
	"html/template"

	"longwatch/internal/recon"
)

const (
	dayBars    = 92 // days drawn, the last ones
	barsHeight = 120
	nations    = 12 // countries drawn
	nationRow  = 21
	halfWidth  = 460 // of a drawing that stands beside another one, and fills a telephone
)

// lookers draws how many sources looked around on each day, and beside it from
// which countries.
func lookers(s *recon.Seen) template.HTML {
	var b svg
	b.f(`<div class="two figures"><div><h3>Addresses a day</h3>`)
	b.lookDays(s.Days[max(0, len(s.Days)-dayBars):])
	b.f(`</div><div><h3>Addresses by country</h3>`)
	b.lookCountries(s.Countries[:min(len(s.Countries), nations)])
	b.f(`</div></div>`)
	return b.html()
}

func (s *svg) lookDays(days []recon.Day) {
	const left, right, top = 40.0, halfWidth - 6.0, 12.0
	base := top + barsHeight
	most, high := 1, false
	for _, d := range days {
		most = max(most, d.Sources)
		high = high || d.High
	}
	s.f(`<svg class="days" viewBox="0 0 %d %g" role="img" aria-label="Addresses that looked around, by day">`, halfWidth, base+46)
	step := (right - left) / float64(max(len(days), 1))
	width := min(max(step-1, 1), 34)
	for _, n := range halves(most) {
		y := base - float64(n)*barsHeight/float64(most)
		s.f(`<line class="grid" x1="%g" y1="%.1f" x2="%g" y2="%.1f"/><text class="tick" x="%g" y="%.1f" text-anchor="end">%d</text>`, left, y, right, y, left-7, y+4, n)
	}
	for i, d := range days {
		h := max(float64(d.Sources)*barsHeight/float64(most), 1)
		class := "bar"
		if d.High {
			class = "high"
		}
		s.f(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %d addresses, %d attempts</title></rect>`,
			class, left+float64(i)*step+(step-width)/2, base-h, width, h, esc(d.Date), d.Sources, d.Attempts)
	}
	s.f(`<line class="base" x1="%g" y1="%g" x2="%g" y2="%g"/>`, left, base, right, base)
	s.dates(len(days), left, step, base+16, func(i int) string { return days[i].Date })
	if high {
		s.key(base+38, key{"bar", "a day as others"}, key{"high", "more than usual"})
	}
	s.f(`</svg>`)
}

func (s *svg) lookCountries(list []recon.Country) {
	const left, room = 34, 240
	most := 1
	for _, c := range list {
		most = max(most, c.Sources)
	}
	s.f(`<svg class="days" viewBox="0 0 %d %d" role="img" aria-label="Addresses that looked around, by country">`, halfWidth, 8+nationRow*len(list))
	for i, c := range list {
		y, w := 4+nationRow*i, max(c.Sources*room/most, 2)
		s.f(`<text x="%d" y="%d" text-anchor="end">%s</text><rect class="bar" x="%d" y="%d" width="%d" height="%d"/><text class="tick" x="%d" y="%d">%d; %d attempts</text>`,
			left-8, y+15, esc(cmp.Or(c.Code, "?")), left, y+3, w, nationRow-6, left+w+8, y+15, c.Sources, c.Attempts)
	}
	s.f(`</svg>`)
}
