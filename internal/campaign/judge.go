package campaign

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"longwatch/internal/finding"
)

// Unattributed is the profile id of "none of them".
const Unattributed = "unattributed"

// Judge weighs an incident against all profiles and returns the hypotheses,
// the one to report first. That is a profile only when the evidence allows to
// call it probable; otherwise "unattributed" comes first and the profiles that
// the evidence is merely consistent with follow. An unverified profile leads
// only as the template of behaviour it is: when no sourced one comes near it,
// and never above confidence 30.
//
// searched holds the record types that the evidence had; what a trait needs and
// was not there is listed as missing. Nil leaves that out.
func Judge(inc *finding.Incident, profiles []*Profile, searched map[string]bool) []finding.Attribution {
	var ts []*tally
	for _, p := range profiles {
		ts = append(ts, count(p, inc.Findings))
	}
	weigh(ts)
	ts = slices.DeleteFunc(ts, func(t *tally) bool { return t.class == nothing })
	slices.SortStableFunc(ts, func(a, b *tally) int {
		return cmp.Or(-cmp.Compare(a.certainty, b.certainty), -cmp.Compare(a.score, b.score), cmp.Compare(a.profile.ID, b.profile.ID))
	})
	lead, led := leader(ts)
	var out []finding.Attribution
	if led {
		out = append(out, tell(lead, ts, searched))
	}
	out = append(out, unattributed(ts, led))
	for _, t := range ts {
		if t != lead || !led {
			out = append(out, tell(t, ts, searched))
		}
	}
	return out
}

// templateLead is the score at which an unverified profile, whose traits are
// all of medium weight at most, shows its whole pattern; templateMargin is how
// far every sourced profile must stay behind it.
const templateLead, templateMargin = 3.5, 1.5

// leader is the hypothesis to report first, if the evidence allows one.
func leader(ts []*tally) (*tally, bool) {
	var template *tally
	for _, t := range ts {
		if t.profile.Status == Sourced && t.class >= probable {
			return t, true
		}
		if t.profile.Status == Unverified && t.score >= templateLead && template == nil {
			template = t
		}
	}
	if template == nil {
		return nil, false
	}
	for _, t := range ts {
		if t.profile.Status == Sourced && t.score > template.score-templateMargin {
			return nil, false
		}
	}
	return template, true
}

func tell(t *tally, all []*tally, searched map[string]bool) finding.Attribution {
	p := t.profile
	a := finding.Attribution{Profile: p.ID, Name: p.Name, Confidence: t.certainty, Words: words(t.certainty), Status: string(p.Status)}
	for _, h := range t.hits {
		a.For = append(a.For, p.reason(h))
	}
	for _, h := range t.against {
		a.Against = append(a.Against, p.reason(h))
	}
	a.Missing = missing(t, searched)
	a.Pivot = pivot(t, all)
	for _, o := range all {
		if o != t {
			a.RunnerUp, a.Margin = o.profile.ID, int(t.certainty)-int(o.certainty)
			break
		}
	}
	return a
}

func (p *Profile) reason(h hit) finding.Reason {
	r := finding.Reason{Trait: h.trait.ID, Group: string(h.trait.Group), Weight: h.trait.Weight, Because: h.trait.Because}
	var sources []string
	for _, i := range h.trait.Sources {
		s := p.Sources[i-1]
		sources = append(sources, fmt.Sprintf("%s, %s, %s", s.Publisher, s.Title, s.Date))
	}
	r.Source = strings.Join(sources, "; ")
	for _, f := range h.findings {
		r.Findings = append(r.Findings, f.ID)
	}
	return r
}

func unattributed(ts []*tally, led bool) finding.Attribution {
	rest := 100
	for _, t := range ts {
		if t.profile.Status == Sourced || led {
			rest -= int(t.certainty)
		}
	}
	c := uint8(max(rest, 1))
	a := finding.Attribution{Profile: Unattributed, Name: "none of the known campaigns", Confidence: c, Words: words(c), Status: string(Sourced)}
	why := "no profile shows traits in two independent groups of evidence with one that few others share"
	if len(ts) == 0 {
		why = "no profile has a trait among the findings"
	} else if led {
		why = "an actor without a profile may share tools and behaviour with a known one"
	}
	a.For = []finding.Reason{{Trait: "none-of-them", Because: why}}
	return a
}

// missing lists the traits that could not be seen because the evidence they
// need was not there.
func missing(t *tally, searched map[string]bool) []string {
	if searched == nil {
		return nil
	}
	var out []string
	for _, u := range t.unmet {
		if len(u.Needs) == 0 || slices.ContainsFunc(u.Needs, func(n string) bool { return searched[n] }) {
			continue
		}
		out = append(out, fmt.Sprintf("%s could not be seen: there were no %s records", u.ID, strings.Join(u.Needs, " or ")))
	}
	return out
}

// pivot names the unmet trait that would raise the confidence most, by trying
// each.
func pivot(t *tally, all []*tally) string {
	var best *Trait
	var most *tally
	for _, u := range t.unmet {
		try := t.with(u)
		others := append([]*tally{try}, slices.DeleteFunc(slices.Clone(all), func(o *tally) bool { return o == t })...)
		weighOnly(try, others)
		if try.certainty > t.certainty && (most == nil || try.certainty > most.certainty || (try.certainty == most.certainty && try.score > most.score)) {
			best, most = u, try
		}
	}
	if best == nil {
		return ""
	}
	what := cmp.Or(best.Pivot, best.Because)
	return fmt.Sprintf("%s (%s) would raise it from %d to %d: %s", best.ID, best.When.Describe(), t.certainty, most.certainty, what)
}

// with is t as it would be with one more trait.
func (t *tally) with(u *Trait) *tally {
	try := *t
	try.byGroup = map[Group]float64{}
	maps.Copy(try.byGroup, t.byGroup)
	try.byGroup[u.Group] += u.Weight
	if u.Weight >= strong {
		try.strongs++
	}
	try.sum()
	return &try
}

// weighOnly computes the chance of t among ts and leaves the others as they are.
func weighOnly(t *tally, ts []*tally) {
	copies := []*tally{t}
	for _, o := range ts[1:] {
		c := *o
		copies = append(copies, &c)
	}
	weigh(copies)
}
