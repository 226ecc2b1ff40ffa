package report

import (
	"fmt"
	"html/template"
	"math"

	"longwatch/internal/calendar"
	"longwatch/internal/finding"
)

// eventLines draws findings per day as bars, and events as bands behind them.
func eventLines(r *calendar.Result) template.HTML {
	const width, height, foot = 940.0, 90.0, 18.0
	if len(r.Series) == 0 {
		return ""
	}
	most := 1
	for _, n := range r.Series {
		most = max(most, n)
	}
	step := width / float64(len(r.Series))
	var s svg
	s.f(`<svg viewBox="0 0 %g %g" role="img" aria-label="findings per day and events">`, width, height+foot)
	for _, e := range r.Events {
		x, w := float64(e.First-r.First)*step, math.Max(float64(e.Last-e.First+1)*step, 2)
		s.f(`<rect x="%.1f" y="0" width="%.1f" height="%g" fill="#e8c15a" fill-opacity="0.55"><title>%s, %s</title></rect>`, x, w, height, tip(e.Name), e.First)
	}
	for i, n := range r.Series {
		x := float64(i) * step
		switch {
		case n < 0:
			s.f(`<rect x="%.1f" y="%g" width="%.2f" height="3" fill="#c9d0d8"><title>%s: no evidence</title></rect>`, x, height-3, step, r.First+calendar.Day(i))
		case n > 0:
			h := (height - 6) * math.Log1p(float64(n)) / math.Log1p(float64(most))
			s.f(`<rect x="%.1f" y="%.1f" width="%.2f" height="%.1f" fill="#1f4e79"><title>%s: %d findings</title></rect>`, x, height-h, math.Max(step-0.4, 0.6), h, r.First+calendar.Day(i), n)
		}
	}
	s.f(`<line x1="0" y1="%g" x2="%g" y2="%g" stroke="#5b6776"/>`, height, width, height)
	s.f(`<text class="tick" x="0" y="%g">%s</text><text class="tick" x="%g" y="%g" text-anchor="end">%s</text></svg>`, height+14, r.First, width, height+14, r.Last)
	return s.html()
}

// fitSigns are the cells of the matrix of hypotheses.
var fitSigns = map[finding.Fit]string{finding.Consistent: "+", finding.Inconsistent: "−", finding.Neutral: "·"}

func fitSign(f finding.Fit) (string, error) {
	s, ok := fitSigns[f]
	if !ok {
		return "", fmt.Errorf("report: unknown fit %q", f)
	}
	return s, nil
}
