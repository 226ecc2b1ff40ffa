package casefolder

import "fmt"

// Unread is a line for each piece of evidence that could not be read whole,
// quoted and ready to print.
func (c *Case) Unread() []string {
	var out []string
	for i := range c.Evidence {
		e := &c.Evidence[i]
		if e.Whole {
			continue
		}
		why := "reading ended early"
		for _, p := range e.Problems {
			if p.Name == "ended-early" || p.Bytes > 0 {
				why = p.First
				if p.Name == "ended-early" {
					break
				}
			}
		}
		out = append(out, fmt.Sprintf("%q: %s", e.Path, why))
	}
	for _, s := range c.Skipped {
		if s.Lost {
			out = append(out, fmt.Sprintf("%q: %s", s.Path, s.Why))
		}
	}
	return out
}
