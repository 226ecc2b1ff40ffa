// Package doctor runs named checks of the installation, side by side, and says
// for each what to do when it is not well:
//
//	for _, r := range doctor.Run(ctx, checks) { … }
package doctor

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Grade is how a check ended.
type Grade string

// The grades. Warn does not stop a hunt; Fail does.
const (
	OK   Grade = "ok"
	Warn Grade = "warn"
	Fail Grade = "fail"
)

// Result is what one check found.
type Result struct {
	Name  string
	Grade Grade
	Says  string // what was found
	Do    string // what to do next; empty when all is well
}

// Check is one thing to look at. Run returns what it found; an error is a Fail.
type Check struct {
	Name string
	Run  func(ctx context.Context) (Result, error)
}

// limit is how long one check may take.
const limit = 20 * time.Second

// Run runs all checks at once and returns the results in their order.
func Run(ctx context.Context, checks []Check) []Result {
	out := make([]Result, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			r, err := c.Run(ctx)
			r.Name = c.Name
			if err != nil {
				r.Grade, r.Says = Fail, err.Error()
			}
			if r.Grade == "" {
				r.Grade = OK
			}
			out[i] = r
		})
	}
	wg.Wait()
	return out
}

// Healthy tells whether no check failed.
func Healthy(results []Result) bool {
	for _, r := range results {
		if r.Grade == Fail {
			return false
		}
	}
	return true
}

// String is the result in one line, and what to do in a second.
func (r Result) String() string {
	s := fmt.Sprintf("%-5s %-18s %s", r.Grade, r.Name, r.Says)
	if r.Do != "" {
		s += fmt.Sprintf("\n      %-18s → %s", "", r.Do)
	}
	return s
}
