package app

import (
	"fmt"
	"net/netip"
	"slices"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/intel"
)

// loadLate loads the user's lists of harmless values beside the warning lists
// of set, and notes them in the case.
func loadLate(set *intel.Set, paths []string, cf *casefolder.Case) (*intel.Late, error) {
	if len(paths) == 0 {
		return intel.NewLate(set, nil), nil
	}
	allow, report := intel.Load(intel.Paths(paths...)...)
	if report.Loaded == 0 {
		return nil, fmt.Errorf("app: --allow: no value could be loaded from %q: %v", paths, report.Reasons)
	}
	for _, s := range intelSources(&report) {
		s.Name = "allowed: " + s.Name
		cf.Intel = append(cf.Intel, s)
	}
	return intel.NewLate(set, allow), nil
}

// weigh asks the lists about every finding, now that all are there, and says in
// the case how many they hold back.
func weigh(late *intel.Late, found []finding.Finding, home []netip.Prefix, cf *casefolder.Case) {
	own := func(a netip.Addr) bool {
		return slices.ContainsFunc(home, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	for i := range found {
		late.Weigh(&found[i], own)
	}
	cf.Coverage = append(cf.Coverage, withheld(found)...)
}

// withheld says how many findings lists hold back.
func withheld(found []finding.Finding) []casefolder.Coverage {
	n := 0
	for i := range found {
		if found[i].Withheld != (finding.Withheld{}) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []casefolder.Coverage{{Name: heldBack, Why: fmt.Sprintf("lists of harmless values hold %d findings back; findings.jsonl says under withheld which, and what they would be", n)}}
}

// heldBack names the gap that lists of harmless values make.
const heldBack = "findings held back"
