package incident

import (
	"cmp"
	"net/netip"
	"slices"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Memory is what hunts before have seen.
type Memory interface {
	// Before is the first day, before the day of t, on which anybody had a value
	// of a finding (an outside address, a domain, a hash, a certificate ...), and
	// how many hosts or accounts had it; 0 when nobody had.
	Before(e record.Entity, t record.Time) (first record.Time, holders int)
}

const (
	fewHolders     = 3 // who have had what is an intruder's: more is everybody's
	maxRememberedT = 3 // that are told
)

// rememberedKinds are entities that are at an intruder's end.
var rememberedKinds = []string{"address", "domain", "hash", "certificate", "ja4"}

// remembered says what of the incident hunts before have seen, though it is no
// finding of theirs: how long it may have lasted before its first trace.
func (s *scene) remembered(first record.Time) []string {
	if s.c.opt.Memory == nil || first == 0 {
		return nil
	}
	type sight struct {
		e     record.Entity
		first record.Time
		n     int
	}
	var seen []sight
	done := map[record.Entity]bool{}
	for _, v := range s.g.views {
		for _, e := range v.f.Entities {
			e.Role = ""
			if done[e] || !slices.Contains(rememberedKinds, e.Kind) {
				continue
			}
			done[e] = true
			if a, err := netip.ParseAddr(e.Value); e.Kind == "address" && (err != nil || s.c.home(a)) {
				continue
			}
			if at, n := s.c.opt.Memory.Before(e, first); at != 0 && n > 0 && n <= fewHolders {
				seen = append(seen, sight{e, at, n})
			}
		}
	}
	slices.SortFunc(seen, func(a, b sight) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.e.Kind, b.e.Kind), cmp.Compare(a.e.Value, b.e.Value))
	})
	var why []string
	for _, x := range seen[:min(len(seen), maxRememberedT)] {
		why = append(why, finding.Because("hunts before have seen the %s %q since %s, %s before the first trace, with %d host(s): it may have begun then", x.e.Kind, x.e.Value, x.first.Std().Format("2006-01-02"), spell(first.Sub(x.first)), x.n))
	}
	return why
}
