package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestRun: results come in the order of the checks, an error is a failure that
// keeps its advice, and only failures make an installation unwell.
func TestRun(t *testing.T) {
	checks := []Check{
		{"fine", func(context.Context) (Result, error) { return Result{Says: "well"}, nil }},
		{"old", func(context.Context) (Result, error) { return Result{Grade: Warn, Says: "aged", Do: "renew it"}, nil }},
		{"broken", func(context.Context) (Result, error) { return Result{Do: "build anew"}, errors.New("no such thing") }},
	}
	got := Run(context.Background(), checks)
	want := []Result{{"fine", OK, "well", ""}, {"old", Warn, "aged", "renew it"}, {"broken", Fail, "no such thing", "build anew"}}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("result %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if Healthy(got) || !Healthy(got[:2]) {
		t.Error("health does not follow the failures")
	}
	if s := got[2].String(); !strings.Contains(s, "no such thing") || !strings.Contains(s, "→ build anew") {
		t.Errorf("shown as %q", s)
	}
}
