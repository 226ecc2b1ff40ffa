package main

import (
	"cmp"
	"slices"
)

// capped are profiles whose sources cannot be checked. An attribution to them
// says 30 % at most, whatever the evidence (docs/explanation/attribution.md), so
// that no mapping of chances may help their score.
var capped = []string{"th12"}

// step is a level of a rising map of probabilities: from p on, to.
type step struct{ p, to float64 }

// isotonic is the rising map that fits forecasts best by squares: neighbours
// that do not rise are pooled (Ayer et al. 1955).
func isotonic(fs []forecast) []step {
	fs = slices.Clone(fs)
	slices.SortFunc(fs, func(a, b forecast) int { return cmp.Compare(a.p, b.p) })
	type block struct{ p, n, came float64 }
	var blocks []block
	for i, f := range fs {
		b := block{f.p, 1, float64(one(f.true))}
		if i > 0 && fs[i-1].p == f.p { // equal forecasts are one
			last := &blocks[len(blocks)-1]
			last.n, last.came = last.n+1, last.came+b.came
		} else {
			blocks = append(blocks, b)
		}
	}
	var out []block
	for _, b := range blocks {
		for len(out) > 0 && out[len(out)-1].came/out[len(out)-1].n >= b.came/b.n {
			last := out[len(out)-1]
			out = out[:len(out)-1]
			b = block{last.p, last.n + b.n, last.came + b.came}
		}
		out = append(out, b)
	}
	steps := make([]step, len(out))
	for i, b := range out {
		steps[i] = step{b.p, b.came / b.n}
	}
	return steps
}

// mapped is p by a rising map; what is below its first level stays there.
func mapped(steps []step, p float64) float64 {
	i, found := slices.BinarySearchFunc(steps, p, func(s step, p float64) int { return cmp.Compare(s.p, p) })
	if !found {
		i--
	}
	if len(steps) == 0 {
		return p
	}
	return steps[max(i, 0)].to
}

// remapped is the Brier score of what s says of profiles that are not capped, if
// each probability were mapped.
func (s *summary) remapped(steps []step) float64 {
	if s.open.judged == 0 {
		return 0
	}
	sum := 0.0
	for _, f := range s.open.forecasts {
		d := mapped(steps, f.p) - float64(one(f.true))
		sum += d * d
	}
	return sum / float64(s.open.judged)
}
