// Package invariant holds checks of what the code itself promises. They exist
// only under -tags invariants, which "make test" sets; elsewhere they cost
// nothing, provided that the condition itself is cheap or guarded:
//
//	invariant.Check(a <= b, "replay goes back in time")
//	if invariant.Enabled {
//		invariant.Check(sorted(list), "runs are sorted")
//	}
package invariant
