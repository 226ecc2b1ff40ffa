package detect

import (
	"math"
	"time"

	"longwatch/internal/record"
)

// Pace is the mean of the gaps between starts, which are in order, and their
// standard deviation divided by it: 0 is a clock, infinity what is too few to say.
func Pace(starts []record.Time) (mean time.Duration, vary float64) {
	if len(starts) < 3 {
		return 0, math.Inf(1)
	}
	n := float64(len(starts) - 1)
	gap := float64(starts[len(starts)-1].Sub(starts[0])) / n
	sum := 0.0
	for i := 1; i < len(starts); i++ {
		x := float64(starts[i].Sub(starts[i-1])) - gap
		sum += x * x
	}
	return time.Duration(gap), math.Sqrt(sum/n) / gap
}
