//go:build invariants

package invariant

// Enabled tells whether checks are compiled in.
const Enabled = true

// Check panics with msg unless cond holds.
func Check(cond bool, msg string) {
	if !cond {
		panic("invariant broken: " + msg)
	}
}
