package app

import (
	"maps"
	"slices"

	"longwatch/internal/casefolder"
	"longwatch/internal/record"
)

// unreached says which patterns could not be judged, and which indicators the
// evidence could not have shown, because no record of it holds a value of their
// kind. Of the latter it says nothing without feeds of the user's own: what the
// built-in ones need, the rest of the coverage tells.
func (h *hunt) unreached(cf *casefolder.Case, unjudged []string) []casefolder.Coverage {
	var out []casefolder.Coverage
	for _, why := range unjudged {
		out = append(out, casefolder.Coverage{Name: "pattern not judged", Why: why})
	}
	if len(h.c.Intel) == 0 {
		return out
	}
	for _, why := range h.intel.Unjudged(typesIn(cf)) {
		out = append(out, casefolder.Coverage{Name: "indicators not looked for", Why: why})
	}
	return out
}

// typesIn are the types of the records that the evidence of a case has.
func typesIn(cf *casefolder.Case) []*record.Type {
	seen := map[string]bool{}
	for i := range cf.Evidence {
		for name := range cf.Evidence[i].Records {
			seen[name] = true
		}
	}
	var out []*record.Type
	for _, t := range allTypes() {
		if seen[t.Name] {
			out = append(out, t)
		}
	}
	return out
}

// allTypes are the types of all records that we make, by name.
func allTypes() []*record.Type {
	byName := recordTypes()
	out := make([]*record.Type, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}
