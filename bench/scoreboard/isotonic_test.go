package main

import (
	"math"
	"slices"
	"testing"
)

// What does not rise is pooled, and on what it was fitted to no other rising map
// has a better score.
func TestIsotonic(t *testing.T) {
	var fs []forecast
	for _, x := range []struct {
		p       float64
		n, came int
	}{{0.1, 10, 0}, {0.3, 4, 3}, {0.6, 4, 1}, {0.9, 10, 10}} {
		for i := range x.n {
			fs = append(fs, forecast{x.p, i < x.came})
		}
	}
	got := isotonic(fs)
	if want := []step{{0.1, 0}, {0.3, 0.5}, {0.9, 1}}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for p, want := range map[float64]float64{0: 0, 0.1: 0, 0.29: 0, 0.3: 0.5, 0.7: 0.5, 0.9: 1, 1: 1} {
		if x := mapped(got, p); x != want {
			t.Errorf("%v becomes %v, want %v", p, x, want)
		}
	}
	if x := mapped(nil, 0.4); x != 0.4 {
		t.Errorf("without forecasts 0.4 becomes %v", x)
	}
	s := &summary{open: &summary{forecasts: fs, judged: len(fs)}}
	if fitted := s.remapped(got); math.Abs(fitted-8*0.25/28) > 1e-9 {
		t.Errorf("score %v, want %v", fitted, 8*0.25/28)
	}
}
