package report

import (
	"strings"

	"longwatch/internal/absence"
	"longwatch/internal/casefolder"
)

// absent names the campaigns that were searched for and not found, with how
// much that is worth.
func absent(c *casefolder.Case) string {
	var out []string
	for _, a := range c.Absences {
		switch a.Verdict {
		case absence.NotFound:
			out = append(out, a.Name+" ("+a.Support+" support)")
		case absence.CannotSay:
			out = append(out, a.Name+" (cannot say: too little of it could have been seen)")
		}
	}
	return strings.Join(out, ", ")
}
