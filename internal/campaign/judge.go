package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/finding"
)

// Unattributed is the profile id of "none of them".
const Unattributed = "unattributed"

// Options are what is known beside the findings of an incident.
type Options struct {
	// Searched holds the record types that the evidence had; what a trait needs
	// and was not there is listed as missing. Nil leaves that out.
	Searched map[string]bool
	// Prior holds, by profile, what the calendar of events adds: -0.5 to 0.5.
	Prior map[string]float64
}

// Judge weighs an incident against all profiles and returns the hypotheses,
// the one to report first. That is a profile only when the evidence allows to
// call it probable; otherwise "unattributed" comes first and the profiles that
// the evidence is merely consistent with follow. An unverified profile leads
// only as the template of behaviour it is: when no sourced one comes near it,
// and never above confidence 30.
//
// Evidence that anybody can copy from publications does not name anybody by
// itself, and signs of one campaign beside the behaviour of another make "none
// of them" likelier.
func Judge(inc *finding.Incident, profiles []*Profile, o Options) []finding.Attribution {
	j := &judging{profiles: profiles, findings: inc.Findings, o: o}
	for _, p := range profiles {
		j.all = append(j.all, count(p, inc.Findings, o.Prior[p.ID], nil))
	}
	weigh(j.all)
	j.shown = order(j.all)
	lead, led := leader(j.shown)
	if led {
		j.second = j.beside(lead)
		led = j.second == nil
	}
	var out []finding.Attribution
	if led {
		out = append(out, j.tell(lead))
	}
	out = append(out, j.unattributed(led))
	for _, t := range j.shown {
		if t != lead || !led {
			out = append(out, j.tell(t))
		}
	}
	return out
}

// judging is one incident on its way to attributions.
type judging struct {
	profiles []*Profile
	findings []*finding.Finding
	o        Options
	all      []*tally // of every profile
	shown    []*tally // those that the evidence says anything for, best first
	lead     *Profile // with second: the one that would have been named
	second   *Profile // whose behaviour is there, too, on findings of its own; nil in nearly every incident
}

// order leaves out what the evidence says nothing for, and puts the best first.
func order(all []*tally) []*tally {
	ts := slices.DeleteFunc(slices.Clone(all), func(t *tally) bool { return t.class == nothing })
	slices.SortStableFunc(ts, func(a, b *tally) int {
		return cmp.Or(-cmp.Compare(a.certainty, b.certainty), -cmp.Compare(a.score, b.score), cmp.Compare(a.profile.ID, b.profile.ID))
	})
	return ts
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

// beside is a profile whose whole behaviour is there beside that of lead, on
// findings that lead does not use: nobody works as two campaigns do, so that two
// intruders may have become one incident, and a name would be wrong for half of
// it. Both are then no more than consistent with the evidence. A template that no
// source bears does not speak against a name.
func (j *judging) beside(lead *tally) *Profile {
	used := map[*finding.Finding]bool{}
	for _, h := range lead.hits {
		for _, f := range h.findings {
			used[f] = true
		}
	}
	rest := slices.DeleteFunc(slices.Clone(j.findings), func(f *finding.Finding) bool { return used[f] })
	for _, t := range j.shown {
		if t == lead || t.profile.Status != Sourced {
			continue
		}
		if alone := count(t.profile, rest, 0, nil); alone.class >= probable && alone.behaviour >= strong {
			for _, both := range []*tally{lead, t} {
				both.certainty = min(both.certainty, ceilings[consistent])
			}
			j.lead = lead.profile
			return t.profile
		}
	}
	return nil
}

func (j *judging) tell(t *tally) finding.Attribution {
	p := t.profile
	a := finding.Attribution{Profile: p.ID, Name: p.Name, Confidence: t.certainty, Words: words(t.certainty), Status: string(p.Status)}
	for _, h := range t.hits {
		a.For = append(a.For, p.reason(h))
	}
	for _, h := range t.against {
		a.Against = append(a.Against, p.reason(h))
	}
	a.Notes = j.notes(t)
	a.Missing = missing(t, j.o.Searched)
	a.Sensitivity = j.sensitivity(t)
	a.Pivot = pivot(t, j.shown)
	for _, o := range j.shown {
		if o != t {
			a.RunnerUp, a.Margin = o.profile.ID, int(t.certainty)-int(o.certainty)
			break
		}
	}
	return a
}

func (p *Profile) reason(h hit) finding.Reason {
	r := finding.Reason{Trait: h.trait.ID, Group: string(h.trait.Group), Weight: h.trait.Weight, Because: h.trait.Because, Imitable: h.trait.Imitable}
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

// notes are what a reader must know beside the number.
func (j *judging) notes(t *tally) []string {
	var out []string
	switch {
	case t.signsOnly():
		out = append(out, "All that weighs here is cheap to imitate (published names, addresses, strings or tools); the behaviour that goes with it was not seen, so it names nobody by itself.")
	case t.copied > cheapAlone+t.behaviour:
		out = append(out, "Evidence that is cheap to imitate counts only as far as behaviour supports it.")
	}
	if other := j.signs(t); other != "" {
		out = append(out, fmt.Sprintf("Signs of %s that anybody can copy are there without its behaviour; they may have been planted, and lower the confidence.", other))
	}
	if t.prior != 0 {
		out = append(out, fmt.Sprintf("Activity clusters around events of the calendar, which adds %+.1f: a prior, no evidence.", t.prior))
	}
	return out
}

// signs names the sourced profiles other than t that are there by signs only.
func (j *judging) signs(t *tally) string {
	var out []string
	for _, o := range j.all {
		if o != t && o.profile.Status == Sourced && o.signsBeside(t) {
			out = append(out, o.profile.Name)
		}
	}
	return strings.Join(out, " and ")
}

func (j *judging) unattributed(led bool) finding.Attribution {
	rest := 100
	for _, t := range j.shown {
		if t.profile.Status == Sourced || led {
			rest -= int(t.certainty)
		}
	}
	c := uint8(max(rest, 1))
	a := finding.Attribution{Profile: Unattributed, Name: "none of the known campaigns", Confidence: c, Words: words(c), Status: string(Sourced)}
	why := "no profile shows traits in two independent groups of evidence with one that few others share"
	signs := j.signs(nil)
	switch {
	case j.second != nil:
		why = fmt.Sprintf("the behaviour of %s and that of %s are both there, on findings of their own: this may be two intrusions in one incident, so it names neither; judge each part by itself", j.lead.Name, j.second.Name)
	case len(j.shown) == 0:
		why = "no profile has a trait among the findings"
	case led:
		why = "an actor without a profile may share tools and behaviour with a known one"
	case signs != "":
		why = "signs of " + signs + " are there that anybody can copy, without the behaviour that goes with them"
	}
	a.For = []finding.Reason{{Trait: "none-of-them", Because: why}}
	a.Features = features(j.findings)
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
