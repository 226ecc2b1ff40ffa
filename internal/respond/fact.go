package respond

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// shown is a fact that an incident shows.
type shown struct {
	fact     *Fact
	findings []*finding.Finding // worst first
	other    []Evidence         // what no finding says: the way in, a role
}

// holds finds which facts an incident shows, by id.
func (b *Book) holds(inc *finding.Incident, w *who) map[string]*shown {
	out := map[string]*shown{}
	for _, f := range b.facts {
		if s := f.shownBy(inc, w, out); s != nil {
			out[f.ID] = s
		}
	}
	return out
}

// shownBy is nil when an incident does not show the fact.
func (f *Fact) shownBy(inc *finding.Incident, w *who, before map[string]*shown) *shown {
	s := &shown{fact: f}
	for _, id := range f.All {
		other := before[id]
		if other == nil {
			return nil
		}
		if f.Any.none() {
			s.findings, s.other = append(s.findings, other.findings...), append(s.other, other.other...)
		}
	}
	for _, x := range inc.Findings {
		if f.Any.fit(x) && x.Severity >= *f.Least && f.names(x) {
			s.findings = append(s.findings, x)
		}
	}
	s.other = append(s.other, f.Any.story(inc, w)...)
	if f.Any.Always {
		s.findings = worst(inc.Findings, 3)
	}
	if len(s.findings)+len(s.other) == 0 {
		return nil
	}
	s.findings = worst(s.findings, len(s.findings))
	return s
}

// fit tells whether a finding is one of the signs.
func (s *Signs) fit(f *finding.Finding) bool {
	if slices.Contains(s.Detectors, f.Detector) {
		return true
	}
	for _, d := range f.Dossier {
		if slices.ContainsFunc(s.Dossier, func(want string) bool { return sameDossier(want, d) }) {
			return true
		}
	}
	for _, t := range f.Techniques {
		if slices.Contains(s.Techniques, t) {
			return true
		}
	}
	return false
}

// sameDossier tells whether have is the detection want, or a variant of it that
// a letter tells apart: VT-22 and VT-22a.
func sameDossier(want, have string) bool {
	rest, ok := strings.CutPrefix(have, want)
	return ok && (rest == "" || len(rest) == 1 && rest[0] >= 'a' && rest[0] <= 'z')
}

// names tells whether a finding names what the fact asks for.
func (f *Fact) names(x *finding.Finding) bool {
	if len(f.Of) == 0 {
		return true
	}
	return slices.ContainsFunc(f.Of, func(o Where) bool {
		return slices.ContainsFunc(x.Entities, func(e record.Entity) bool {
			return slices.Contains(o.Kinds, e.Kind) && o.re.MatchString(e.Value)
		})
	})
}

// story is what the way in, the reach and the roles of machines show.
func (s *Signs) story(inc *finding.Incident, w *who) (out []Evidence) {
	if e := inc.Entry; e != nil && e.Finding == "" && slices.Contains(s.Entry, e.Entity.Kind) {
		out = append(out, Evidence{Title: "The way in", Severity: inc.Severity, Time: when(e.Time), Why: clip(e.Why), Refs: refsOf(w.entryRefs(inc))})
	}
	for _, r := range inc.Reach {
		if r.Entity.Kind == "user" && nobody(r.Entity.Value) {
			continue
		}
		controller := r.Entity.Kind == "host" && r.Grade >= finding.Accessed && w.controller(r.Entity.Value) && slices.Contains(s.Roles, "controller")
		if controller || slices.Contains(s.Reach, r.Entity.Kind) && r.Grade >= finding.Accessed {
			out = append(out, Evidence{Title: r.Entity.Value + " was " + r.Grade.String(), Severity: inc.Severity, Time: when(r.First), Why: clip(r.Why), Refs: refsOf(r.Refs)})
		}
	}
	return out
}

// worst are the n worst findings, each once, those that are surest first.
func worst(list []*finding.Finding, n int) []*finding.Finding {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b *finding.Finding) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), -cmp.Compare(a.Confidence, b.Confidence), finding.Compare(a, b))
	})
	out = slices.Compact(out)
	return out[:min(n, len(out))]
}

// scripts are names of files that web servers run.
var scripts = regexp.MustCompile(`(?i)\.(aspx?|ashx|asmx|cshtml|soap|jspx?|php[0-9]?|phtml|cfm)$`)
