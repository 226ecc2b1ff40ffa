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
// medium one. Victimology, with the prior of the calendar, is no more than that.
const groupCap, victimologyCap = 4.5, 0.5

// cheapAlone is the most that evidence may add which anybody can copy from
// publications, beyond as much as there is of behaviour that costs something:
// a medium trait, so that signs without behaviour name nobody.
const cheapAlone = 1.5

// planted is how much copied signs of another campaign speak for somebody whom
// no profile describes: whoever plants signs is not who they are of. It is also
// the most that such signs take from a profile that they contradict, since
// otherwise they would wipe out what behaviour shows.
const planted = 0.5

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
	costly    map[Group]float64 // weights of traits that cost something to copy
	cheap     map[Group]float64 // and of those that do not
	prior     float64           // of the calendar, -0.5 to 0.5
	behaviour float64           // what the costly traits add
	copied    float64           // what the cheap ones would add by themselves
	score     float64
	class     class
	chance    float64 // among the hypotheses, 0 to 1
	certainty uint8   // after calibration and ceilings
}

// count weighs the traits of p against the findings of an incident; those that
// skip names are left out.
func count(p *Profile, fs []*finding.Finding, prior float64, skip func(*Trait) bool) *tally {
	t := &tally{profile: p, prior: prior, costly: map[Group]float64{}, cheap: map[Group]float64{}}
	used := map[*finding.Finding]bool{}
	for _, h := range met(p.ID, p.Traits, fs) {
		if skip != nil && skip(h.trait) {
			continue
		}
		if !slices.ContainsFunc(h.findings, func(f *finding.Finding) bool { return !used[f] }) {
			continue // a heavier trait already counts this evidence
		}
		for _, f := range h.findings {
			used[f] = true
		}
		t.hits = append(t.hits, h)
		t.add(h.trait)
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

func (t *tally) add(x *Trait) {
	if x.Imitable {
		t.cheap[x.Group] += x.Weight
		return
	}
	t.costly[x.Group] += x.Weight
}

// met returns the traits whose conditions are met, heaviest first; of equal
// ones, those that cost more to copy.
func met(profile string, traits []Trait, fs []*finding.Finding) []hit {
	var out []hit
	for i := range traits {
		if got := traits[i].When.match(profile, fs); len(got) > 0 {
			out = append(out, hit{&traits[i], got})
		}
	}
	slices.SortStableFunc(out, func(a, b hit) int {
		return cmp.Or(-cmp.Compare(math.Abs(a.trait.Weight), math.Abs(b.trait.Weight)), cmp.Compare(rank(a.trait), rank(b.trait)))
	})
	return out
}

func rank(t *Trait) int {
	if t.Imitable {
		return 1
	}
	return 0
}

// sum caps the groups, adds them up and says what the evidence allows.
func (t *tally) sum() {
	groups := 0
	t.behaviour, t.copied = 0, 0
	for _, g := range Groups {
		if g == Victimology {
			continue
		}
		own := min(t.costly[g], groupCap)
		t.behaviour += own
		t.copied += min(t.costly[g]+t.cheap[g], groupCap) - own
		if t.costly[g]+t.cheap[g] > 0 {
			groups++
		}
	}
	place := t.costly[Victimology] + t.cheap[Victimology] + t.prior
	t.score = t.behaviour + min(t.copied, cheapAlone+t.behaviour) + max(-victimologyCap, min(place, victimologyCap))
	copied := 0.0
	for _, h := range t.against {
		if h.trait.Imitable {
			copied += h.trait.Weight
			continue
		}
		t.score += h.trait.Weight
	}
	t.score += max(copied, -planted)
	t.class = t.allows(groups)
}

// allows says what the evidence allows. Copied signs count as strong only where
// behaviour of the campaign goes with them.
func (t *tally) allows(groups int) class {
	own, all := 0, 0
	for _, h := range t.hits {
		if h.trait.Weight >= strong {
			all++
			if !h.trait.Imitable {
				own++
			}
		}
	}
	switch {
	case t.score < 1:
		return nothing
	case groups >= 3 && all >= 2 && own >= 1:
		return high
	case groups >= 2 && all >= 1 && t.behaviour >= medium:
		return probable
	}
	return consistent
}

// signsOnly tells whether a profile is there by what anybody can copy, and not
// by what it does.
func (t *tally) signsOnly() bool { return t.copied >= medium && t.behaviour < medium }

// signsBeside is signsOnly with nothing but evidence that o does not explain
// itself: many actors use the same tools.
func (t *tally) signsBeside(o *tally) bool {
	if o == nil || !t.signsOnly() {
		return t.signsOnly()
	}
	copied := 0.0
	for _, h := range t.hits {
		if h.trait.Imitable && !slices.ContainsFunc(o.hits, func(x hit) bool { return overlap(x, h) }) {
			copied += h.trait.Weight
		}
	}
	return copied >= medium
}

// weigh turns scores into chances: the hypotheses compete with each other and
// with "none of them". An unverified profile takes nothing from sourced ones.
func weigh(ts []*tally) {
	for _, t := range ts {
		nobody := unknownScore
		if slices.ContainsFunc(ts, func(o *tally) bool { return o != t && o.profile.Status == Sourced && o.signsBeside(t) }) {
			nobody += planted
		}
		rest := math.Exp(nobody)
		for _, o := range ts {
			if o != t && o.profile.Status == Sourced {
				rest += math.Exp(o.score)
			}
		}
		t.chance = math.Exp(t.score) / (math.Exp(t.score) + rest)
		t.certainty = min(uint8(math.Round(100*calibrate(t.chance))), t.profile.MaxConfidence, ceilings[t.class])
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
