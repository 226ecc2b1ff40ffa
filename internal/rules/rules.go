// Package rules checks the rules that analysts edit, whatever their language:
//
//	report := rules.Check(os.DirFS("content/rules"))
//
// says which cannot be used and why, and which do not do what their own tests
// say. The languages live below this package.
package rules

import (
	"fmt"
	"io/fs"

	"longwatch/internal/rules/sigma"
)

// Report is what Check found out.
type Report struct {
	Rules    int      // usable rules
	Tests    int      // of these, with events that must and must not fire
	Refused  []string // one sentence for each document that cannot be used
	Failures []string // one sentence for each test that failed
}

// Check compiles every rule of a tree and runs the tests they carry.
func Check(tree fs.FS) Report {
	e, refused := sigma.Compile(tree)
	out := Report{Rules: e.Len()}
	for _, r := range refused {
		out.Refused = append(out.Refused, r.String())
	}
	for _, r := range e.Rules {
		if fires, quiet := r.Tested(); fires && quiet {
			out.Tests++
		}
	}
	for _, f := range e.Test() {
		out.Failures = append(out.Failures, fmt.Sprintf("%s:%d: %q %s", f.Rule.File, f.Line, f.Rule.Title, f.Why))
	}
	return out
}
