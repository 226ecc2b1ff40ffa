package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"

	"longwatch/internal/calendar"
	"longwatch/internal/finding"
)

const (
	eventTop    = 42.0 // room for the names of events, in two rows
	eventHeight = 96.0
	eventLeft   = 34.0
	eventRight  = 930.0
)

// eventLines draws findings per day as bars, on a scale that shows one beside a
// thousand, and events as bands behind them.
func eventLines(r *calendar.Result) template.HTML {
	if len(r.Series) == 0 {
		return ""
	}
	most := 1
	for _, n := range r.Series {
		most = max(most, n)
	}
	step := (eventRight - eventLeft) / float64(len(r.Series))
	base := eventTop + eventHeight
	tall := func(n int) float64 { return (eventHeight - 8) * math.Log1p(float64(n)) / math.Log1p(float64(most)) }
	var s svg
	s.f(`<svg class="days" viewBox="0 0 %d %g" role="img" aria-label="Findings per day, and events">`, lineWidth, base+44)
	s.bands(r, step)
	for _, n := range slices.Compact([]int{1, int(math.Round(math.Sqrt(float64(most)))), most}) {
		y := base - tall(n)
		s.f(`<line class="grid" x1="%g" y1="%.1f" x2="%g" y2="%.1f"/><text class="tick" x="%g" y="%.1f" text-anchor="end">%d</text>`, eventLeft, y, eventRight, y, eventLeft-6, y+4, n)
	}
	for i, n := range r.Series {
		x, at := eventLeft+float64(i)*step, r.First+calendar.Day(i)
		switch {
		case n < 0:
			s.f(`<rect class="none" x="%.1f" y="%g" width="%.2f" height="4"/>`, x, base-4, step)
		case n > 0:
			w := min(max(step-0.6, 0.8), 18)
			s.f(`<rect class="bar" x="%.1f" y="%.1f" width="%.2f" height="%.1f"><title>%s: %d findings</title></rect>`, x+(step-w)/2, base-tall(n), w, tall(n), at, n)
		}
	}
	s.f(`<line class="base" x1="%g" y1="%g" x2="%g" y2="%g"/>`, eventLeft, base, eventRight, base)
	s.dates(len(r.Series), eventLeft, step, base+15, func(i int) string { return fmt.Sprint(r.First + calendar.Day(i)) })
	s.key(base+36, key{"bar", "findings on a day"}, key{"band", "event"}, key{"none", "no evidence of that day"})
	s.f(`</svg>`)
	return s.html()
}

// bands draws the events within the days of the series, with their names in two
// rows; what finds no room there says its name when pointed at.
func (s *svg) bands(r *calendar.Result, step float64) {
	free := [2]float64{}
	last := r.First + calendar.Day(len(r.Series)-1)
	for _, e := range r.Events {
		first, end := max(e.First, r.First), min(e.Last, last)
		if first > end {
			continue
		}
		x, w := eventLeft+float64(first-r.First)*step, math.Max(float64(end-first+1)*step, 2)
		s.f(`<rect class="band" x="%.1f" y="%g" width="%.1f" height="%g"><title>%s, %s</title></rect>`, x, eventTop-6, w, eventHeight+6, tip(e.Name), e.First)
		name := []rune(e.Name)
		if len(name) > maxEventName {
			name = append(name[:maxEventName-1], '…')
		}
		need := float64(len(name)) * 6.3
		from := max(0, min(x, eventRight-need))
		for row := range free {
			if from >= free[row] {
				s.f(`<text class="tick" x="%.1f" y="%d">%s</text>`, from, 28-15*row, esc(string(name)))
				free[row] = from + need + 10
				break
			}
		}
	}
}

// maxEventName is how many characters of an event's name are written.
const maxEventName = 34

// fitSigns are the cells of the matrix of hypotheses.
var fitSigns = map[finding.Fit]string{finding.Consistent: "+", finding.Inconsistent: "−", finding.Neutral: "·"}

func fitSign(f finding.Fit) (string, error) {
	s, ok := fitSigns[f]
	if !ok {
		return "", fmt.Errorf("report: unknown fit %q", f)
	}
	return s, nil
}
