package retro

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/campaign"
	"longwatch/internal/finding"
)

// Incidents compares incidents: those that hold the same findings are the same
// incident, whatever its id. What did not change is left out.
func Incidents(before, after []*finding.Incident) []Change {
	was := map[string]*finding.Incident{} // by finding
	for _, i := range before {
		for _, f := range i.Findings {
			was[f.ID] = i
		}
	}
	kept := map[*finding.Incident]bool{}
	var out []Change
	for _, now := range after {
		var olds []*finding.Incident
		for _, f := range now.Findings {
			if old := was[f.ID]; old != nil && !slices.Contains(olds, old) {
				olds = append(olds, old)
				kept[old] = true
			}
		}
		if len(olds) == 1 && same(olds[0], now) {
			continue
		}
		s := side(now)
		c := Change{After: &s, Before: []Side{}, Why: reasons(olds, now)}
		for _, old := range olds {
			c.Before = append(c.Before, side(old))
		}
		out = append(out, c)
	}
	for _, old := range before {
		if !kept[old] {
			out = append(out, Change{Before: []Side{side(old)}})
		}
	}
	return out
}

func side(i *finding.Incident) Side {
	s := Side{ID: i.ID, Title: i.Title, Severity: i.Severity, Start: i.Start.String(), Findings: len(i.Findings), Profile: campaign.Unattributed}
	if len(i.Attribution) > 0 {
		a := &i.Attribution[0]
		s.Profile, s.Name, s.Confidence, s.Words = a.Profile, a.Name, a.Confidence, a.Words
	}
	return s
}

// same tells whether a reader would see no difference worth a line.
func same(a, b *finding.Incident) bool {
	x, y := side(a), side(b)
	x.ID, x.Start, x.Title = y.ID, y.Start, y.Title
	if x != y {
		return false
	}
	return slices.EqualFunc(a.Findings, b.Findings, func(f, g *finding.Finding) bool {
		return f.ID == g.ID && f.Severity == g.Severity && f.Confidence == g.Confidence
	})
}

// trait names one reason of one profile.
type trait struct{ profile, trait string }

func traitsOf(list []*finding.Incident) map[trait]finding.Reason {
	out := map[trait]finding.Reason{}
	for _, i := range list {
		for _, a := range i.Attribution {
			for _, r := range slices.Concat(a.For, a.Against) {
				out[trait{a.Profile, r.Trait}] = r
			}
		}
	}
	return out
}

// reasons are those for and against profiles that came or went.
func reasons(olds []*finding.Incident, now *finding.Incident) []string {
	before, after := traitsOf(olds), traitsOf([]*finding.Incident{now})
	var out []string
	tell := func(list, other map[trait]finding.Reason, word string) {
		var keys []trait
		for k := range list {
			if _, both := other[k]; !both && k.profile != campaign.Unattributed {
				keys = append(keys, k)
			}
		}
		slices.SortFunc(keys, func(a, b trait) int {
			return cmp.Or(cmp.Compare(a.profile, b.profile), cmp.Compare(a.trait, b.trait))
		})
		for _, k := range keys {
			r := list[k]
			out = append(out, fmt.Sprintf("%s: %s %s (%+.1f): %s", k.profile, word, k.trait, r.Weight, r.Because))
		}
	}
	tell(after, before, "now")
	tell(before, after, "no longer")
	return out
}

// Conditions lists the findings that were archived before and that a condition
// of a profile now cites, where it did not then.
func Conditions(before, after []*finding.Incident, archived func(id string) *finding.Finding) []Archived {
	cited := map[[2]string]bool{} // profile, finding
	for _, i := range before {
		for _, a := range i.Attribution {
			for _, r := range a.For {
				for _, id := range r.Findings {
					cited[[2]string{a.Profile, id}] = true
				}
			}
		}
	}
	var out []Archived
	for _, i := range after {
		for _, a := range i.Attribution {
			for _, r := range a.For {
				for _, id := range r.Findings {
					f := archived(id)
					if f == nil || cited[[2]string{a.Profile, id}] || strings.TrimPrefix(f.Detector, "intel:") == a.Profile {
						continue
					}
					out = append(out, Archived{
						Finding: f, Profile: a.Profile, Name: a.Name, By: r.Trait,
						Because: finding.Because("it meets trait %s of %s: %s", r.Trait, a.Profile, r.Because),
					})
				}
			}
		}
	}
	return out
}

// Sort orders archived findings by time, then profile, and drops repeats.
func Sort(list []Archived) []Archived {
	slices.SortFunc(list, func(a, b Archived) int {
		return cmp.Or(finding.Compare(a.Finding, b.Finding), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.By, b.By))
	})
	return slices.CompactFunc(list, func(a, b Archived) bool {
		return a.Finding.ID == b.Finding.ID && a.Profile == b.Profile && a.By == b.By
	})
}
