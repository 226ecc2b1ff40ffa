package app

import (
	"fmt"
	"io"
	"path/filepath"

	"longwatch/internal/casefolder"
	"longwatch/internal/record"
	"longwatch/internal/share"
)

// writeFlows writes the worst incidents as Attack Flows, one file each: a flow
// is one incident.
func writeFlows(c *casefolder.Case, dir string) error {
	for n, inc := range c.Incidents[:min(len(c.Incidents), share.MaxFlows)] {
		name := share.FlowFile(n + 1)
		if err := casefolder.WriteFile(filepath.Join(dir, name), func(w io.Writer) error { return share.AttackFlow(w, inc) }); err != nil {
			return fmt.Errorf("app: %s: %w", name, err)
		}
	}
	return nil
}

// isFlow tells whether name is that of a flow of an earlier case.
func isFlow(name string) bool {
	for n := range share.MaxFlows {
		if name == share.FlowFile(n+1) {
			return true
		}
	}
	return false
}

// spans are the first and the last record of each file of evidence.
func spans(cf *casefolder.Case) map[string]record.Span {
	out := make(map[string]record.Span, len(cf.Evidence))
	for i := range cf.Evidence {
		e := &cf.Evidence[i]
		start, err1 := record.ParseTime(e.Start)
		end, err2 := record.ParseTime(e.End)
		if err1 == nil && err2 == nil {
			out[e.Path] = record.Span{Start: start, End: end}
		}
	}
	return out
}
