package campaign

import (
	"cmp"
	"fmt"
	"maps"

	"longwatch/internal/finding"
)

// groupWords are the groups as people say them.
var groupWords = map[Group]string{
	Infrastructure: "infrastructure overlap", Tool: "tools and files", Command: "commands", Protocol: "behaviour on the wire",
	LogTamper: "tampering with logs and times", Victimology: "choice of victim",
}

// sensitivity says what becomes of the confidence in t without each group of
// its evidence, and without its heaviest trait. Evidence that a lost trait had
// used is free for the others, as if the trait had never been known.
func (j *judging) sensitivity(t *tally) []finding.Without {
	if len(t.hits) == 0 {
		return nil
	}
	var out []finding.Without
	for _, g := range Groups {
		if t.costly[g]+t.cheap[g] > 0 {
			w := j.without(t, func(x *Trait) bool { return x.Group == g })
			w.Group, w.Says = string(g), say("the "+groupWords[g], t, w)
			out = append(out, w)
		}
	}
	heaviest := t.hits[0].trait
	w := j.without(t, func(x *Trait) bool { return x == heaviest })
	w.Trait, w.Says = heaviest.ID, say("its heaviest trait, "+heaviest.ID, t, w)
	out = append(out, w)
	if len(t.cheap) > 0 {
		w := j.without(t, func(x *Trait) bool { return x.Imitable })
		w.Trait, w.Says = "imitable", say("everything that is cheap to imitate", t, w)
		out = append(out, w)
	}
	return out
}

// without judges again, with t's traits but those that skip names.
func (j *judging) without(t *tally, skip func(*Trait) bool) finding.Without {
	var again []*tally
	var own *tally
	for _, o := range j.all {
		c := *o
		if o == t {
			c = *count(t.profile, j.findings, t.prior, skip)
			own = &c
		}
		again = append(again, &c)
	}
	weigh(again)
	w := finding.Without{Confidence: own.certainty, First: Unattributed}
	if own.class == nothing {
		w.Confidence = 0
	}
	if lead, led := leader(order(again)); led {
		w.First = lead.profile.ID
	}
	return w
}

func say(what string, t *tally, w finding.Without) string {
	s := fmt.Sprintf("without %s %d becomes %d", what, t.certainty, w.Confidence)
	if w.Confidence == t.certainty {
		s = fmt.Sprintf("without %s it stays at %d", what, t.certainty)
	}
	if w.First != t.profile.ID {
		s += ", and " + w.First + " comes first"
	}
	return s
}

// pivot names the unmet trait that would raise the confidence most, by trying
// each.
func pivot(t *tally, all []*tally) string {
	var best *Trait
	var most *tally
	for _, u := range t.unmet {
		try := t.with(u)
		again := []*tally{try}
		for _, o := range all {
			if o != t {
				c := *o
				again = append(again, &c)
			}
		}
		weigh(again)
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
	try.costly, try.cheap = maps.Clone(t.costly), maps.Clone(t.cheap)
	try.hits = append(append([]hit(nil), t.hits...), hit{trait: u})
	try.add(u)
	try.sum()
	return &try
}
