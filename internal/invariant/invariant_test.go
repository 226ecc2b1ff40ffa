package invariant

import "testing"

// TestCheck: a broken promise stops a test build and nothing else.
func TestCheck(t *testing.T) {
	Check(true, "never")
	defer func() {
		if got := recover(); (got != nil) != Enabled {
			t.Errorf("a broken invariant gave %v, with checks enabled: %v", got, Enabled)
		}
	}()
	Check(false, "one is two")
}
