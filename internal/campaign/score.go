package campaign

import (
	"cmp"
	"math"
	"slices"

	"longwatch/internal/finding"
)

// Weights of traits, in units of log-odds.
const (
	strong         = 3.0
	medium         = 1.5
	weak           = 0.5
	negative       = -1.5
	strongNegative = -3.0
)

// groupCap is the most one group of evidence may add: one strong trait and a
// medium one. Victimology is a prior.
const groupCap, victimologyCap = 4.5, 0.5

// unknownScore is what "none of them" starts with: more than one strong trait,
// less than two groups with a strong trait among them.
const unknownScore = 3.5

// class is what the evidence allows to say, whatever the score.
type class uint8

const (
	nothing    class = iota
	consistent       // some traits, not enough to name anybody
	probable         // two groups, one strong trait
	high             // three groups, two strong traits
)

// ceilings of confidence by class. A profile needs traits that few others
// share before it may pass 50.
var ceilings = [...]uint8{nothing: 0, consistent: 45, probable: 80, high: 100}

// hit is a trait whose condition is met.
type hit struct {
	trait    *Trait
	findings []*finding.Finding
}

// tally is a profile's score with its parts.
type tally struct {
	profile   *Profile
	hits      []hit // counted, heaviest first
	against   []hit
	unmet     []*Trait
	byGroup   map[Group]float64
	score     float64
	strongs   int
	class     class
	chance    float64 // among the hypotheses, 0 to 1
	certainty uint8   // after ceilings
}

// count weighs the traits of p against the findings of an incident.
func count(p *Profile, fs []*finding.Finding) *tally {
	t := &tally{profile: p, byGroup: map[Group]float64{}}
	used := map[*finding.Finding]bool{}
	for _, h := range met(p.ID, p.Traits, fs) {
		if !slices.ContainsFunc(h.findings, func(f *finding.Finding) bool { return !used[f] }) {
			continue // a heavier trait already counts this evidence
		}
		for _, f := range h.findings {
			used[f] = true
		}
		t.hits = append(t.hits, h)
		t.byGroup[h.trait.Group] += h.trait.Weight
		if h.trait.Weight >= strong {
			t.strongs++
		}
	}
	t.against = met(p.ID, p.Against, fs)
	for i := range p.Traits {
		if !slices.ContainsFunc(t.hits, func(h hit) bool { return h.trait == &p.Traits[i] }) {
			t.unmet = append(t.unmet, &p.Traits[i])
		}
	}
	t.sum()
	return t
}

// met returns the traits whose conditions are met, heaviest first.
func met(profile string, traits []Trait, fs []*finding.Finding) []hit {
	var out []hit
	for i := range traits {
		if got := traits[i].When.match(profile, fs); len(got) > 0 {
			out = append(out, hit{&traits[i], got})
		}
	}
	slices.SortStableFunc(out, func(a, b hit) int { return -cmp.Compare(math.Abs(a.trait.Weight), math.Abs(b.trait.Weight)) })
	return out
}

// sum caps the groups, adds them up and says what the evidence allows.
func (t *tally) sum() {
	t.score = 0
	groups := 0
	for _, g := range Groups {
		w := t.byGroup[g]
		t.score += min(w, capOf(g))
		if w > 0 && g != Victimology {
			groups++
		}
	}
	for _, h := range t.against {
		t.score += h.trait.Weight
	}
	t.class = classOf(groups, t.strongs, t.score)
}

func capOf(g Group) float64 {
	if g == Victimology {
		return victimologyCap
	}
	return groupCap
}

func classOf(groups, strongs int, score float64) class {
	switch {
	case score < 1:
		return nothing
	case groups >= 3 && strongs >= 2:
		return high
	case groups >= 2 && strongs >= 1:
		return probable
	}
	return consistent
}

// weigh turns scores into chances: the hypotheses compete with each other and
// with "none of them". An unverified profile takes nothing from sourced ones.
func weigh(ts []*tally) {
	for _, t := range ts {
		rest := math.Exp(unknownScore)
		for _, o := range ts {
			if o != t && o.profile.Status == Sourced {
				rest += math.Exp(o.score)
			}
		}
		t.chance = math.Exp(t.score) / (math.Exp(t.score) + rest)
		t.certainty = min(uint8(math.Round(100*t.chance)), t.profile.MaxConfidence, ceilings[t.class])
	}
}

// words are the terms of ICD 203 (Analytic Standards, ODNI, 2 January 2015)
// for a likelihood in percent.
func words(confidence uint8) string {
	switch {
	case confidence <= 5:
		return "almost no chance"
	case confidence <= 20:
		return "very unlikely"
	case confidence <= 45:
		return "unlikely"
	case confidence <= 55:
		return "roughly even chance"
	case confidence <= 80:
		return "likely"
	case confidence <= 95:
		return "very likely"
	}
	return "almost certain"
}
