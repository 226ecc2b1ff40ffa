package beacon

import (
	"math"
	"slices"
)

// gap is times between events that are between low and high seconds long. A
// single one has low == high.
type gap struct {
	low, high float64
	n         float64
}

func (g gap) mid() float64 { return (g.low + g.high) / 2 }

// rhythm is what the times between events say.
type rhythm struct {
	Gaps     float64 // how many times were looked at
	Median   float64 // seconds
	Low      float64 // seconds: the fifth percentile of those in rhythm
	High     float64 // seconds: the ninety-fifth
	Cover    float64 // share of the time that lies between events in rhythm, 0 to 1
	Evidence float64 // logarithm of how much better a timer explains them than people do
}

const (
	lobeHigh  = 3.0  // times the median: what is longer was a pause
	lobeLow   = 0.05 // times the median: what is shorter was no wait of its own
	flatLeast = 0.03 // no timer is taken to be more exact than this share of its period
	flatClock = 1.0  // seconds: nor than this
	human     = 0.8  // least spread of the logarithm of waits that people make
)

// measure compares two explanations of the times between events: a timer with
// even jitter, which now and then misses a turn, and people or what follows
// them, whose waits are exponential or log-normal, not below dead seconds
// (events that were nearer than that count as one).
//
// A timer with jitter j waits evenly between (1-j) and (1+j) times its period.
// So few waits are much shorter than the median and none is much longer, while
// an eighth of exponential waits is longer than three times theirs. That holds
// up to a jitter of 100 percent, where a variation coefficient says little.
func measure(gaps []gap, dead float64) rhythm {
	slices.SortFunc(gaps, func(a, b gap) int {
		switch {
		case a.low < b.low:
			return -1
		case a.low > b.low:
			return 1
		}
		return 0
	})
	r := rhythm{}
	for _, g := range gaps {
		r.Gaps += g.n
	}
	if r.Gaps < 2 {
		return r
	}
	r.Median = quantile(gaps, 0.5)
	in := within(gaps, lobeLow*r.Median, lobeHigh*r.Median)
	var nIn, sumIn, sum, logs float64
	for _, g := range in {
		nIn += g.n
		sumIn += g.n * g.mid()
	}
	for _, g := range gaps {
		sum += g.n * g.mid()
		logs += g.n * math.Log(g.mid())
	}
	r.Low, r.High = quantile(in, 0.05), quantile(in, 0.95)
	r.Cover = sumIn / sum
	width := max((r.High-r.Low)/0.9*(nIn+1)/max(nIn-1, 1), flatLeast*r.Median, flatClock)
	timer := nIn * (math.Log(nIn/r.Gaps) - math.Log(width))
	if out := r.Gaps - nIn; out > 0 {
		reach := max(gaps[len(gaps)-1].high-lobeHigh*r.Median, lobeLow*r.Median)
		timer += out * (math.Log(out/r.Gaps) - math.Log(reach))
	}
	r.Evidence = timer - max(exponential(sum/r.Gaps, r.Gaps, dead), logNormal(gaps, logs/r.Gaps, r.Gaps)) - 2*math.Log(r.Gaps+1)
	return r
}

// exponential is the log-likelihood of n waits of that mean, none below dead.
func exponential(mean, n, dead float64) float64 {
	return -n * (1 + math.Log(max(mean-dead, mean/100)))
}

// logNormal is the log-likelihood of gaps, whose logarithms have that mean, if
// they spread as those of people do or more.
func logNormal(gaps []gap, mu, n float64) float64 {
	squares := 0.0
	for _, g := range gaps {
		x := math.Log(g.mid()) - mu
		squares += g.n * x * x
	}
	sigma := max(math.Sqrt(squares/n), human)
	return -n*(mu+math.Log(sigma)+0.5*math.Log(2*math.Pi)) - squares/(2*sigma*sigma)
}

// within are the parts of gaps between low and high seconds.
func within(gaps []gap, low, high float64) []gap {
	out := make([]gap, 0, len(gaps))
	for _, g := range gaps {
		if m := g.mid(); m >= low && m <= high {
			out = append(out, g)
		}
	}
	return out
}

// quantile is the q-th of gaps, which are in order, even within a gap that
// stands for many.
func quantile(gaps []gap, q float64) float64 {
	total := 0.0
	for _, g := range gaps {
		total += g.n
	}
	at := q * total
	for _, g := range gaps {
		if at <= g.n {
			return g.low + (g.high-g.low)*at/g.n
		}
		at -= g.n
	}
	if len(gaps) == 0 {
		return 0
	}
	return gaps[len(gaps)-1].high
}
