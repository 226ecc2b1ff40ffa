package campaign

// knot says that hypotheses given a chance of raw were right in a share of
// right of all cases.
type knot struct{ raw, right float64 }

// calibration maps chances to how often they are right. It rises everywhere, so
// it changes no order, and is the identity where there is nothing to correct.
// docs/explanation/attribution.md says from which cases its knots are.
var calibration = []knot{{0, 0}, {1, 1}}

// calibrate maps a chance, 0 to 1, by straight lines between the knots.
func calibrate(chance float64) float64 {
	for i := 1; i < len(calibration); i++ {
		a, b := calibration[i-1], calibration[i]
		if chance <= b.raw {
			return a.right + (chance-a.raw)/(b.raw-a.raw)*(b.right-a.right)
		}
	}
	return calibration[len(calibration)-1].right
}
