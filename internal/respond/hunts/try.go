package hunts

import (
	"fmt"
	"slices"
	"strings"
	"testing/fstest"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/rules/sigma"
)

// Found leaves out the hunts for behaviour that were tried and found nothing in
// the case: it was done in another way here. Hunts for values stay: they are
// true elsewhere, such as in logs that the case has none of.
func Found(list []Hunt) []Hunt {
	return slices.DeleteFunc(slices.Clone(list), func(h Hunt) bool {
		return h.Tried && h.Seen == 0 && slices.ContainsFunc(h.All, func(c Clause) bool { return c.Field == Command })
	})
}

// Trial asks hunts of the records of a case, by their Sigma rules, and counts in
// each what it is true of: a hunt that does not find the incident it was made of
// will not find the next one.
type Trial struct {
	Notes   []string // what could not be asked
	matcher *sigma.Matcher
	reads   map[string]bool // types of records, by name
	by      map[string]*Hunt
}

// NewTrial is for the hunts of a list, which it counts in.
func NewTrial(list []Hunt) *Trial {
	r := &Trial{reads: map[string]bool{}, by: map[string]*Hunt{}}
	text := writeSigma(list)
	if text == "" {
		return r
	}
	engine, refused := sigma.Compile(fstest.MapFS{"hunts.yml": {Data: []byte(text)}})
	for _, x := range refused {
		r.Notes = append(r.Notes, fmt.Sprintf("a hunt cannot be tried: %v", x))
	}
	for i := range list {
		list[i].Tried, list[i].Seen = true, 0
		for n := range sigmaPlaces[list[i].Source] {
			r.by[sigmaID(list[i].ID, n)] = &list[i]
		}
	}
	for _, x := range engine.Rules {
		_, names := engine.Reads(x.Source)
		for _, n := range names {
			r.reads[n] = true
		}
	}
	r.matcher = engine.NewMatcher()
	return r
}

// Take is a store.Taker.
func (r *Trial) Take(t *record.Type) (put func(record.Record), want func(*record.Field) bool) {
	if r.matcher == nil || !r.reads[t.Name] && !slices.Contains(host.Types, t) { // events of Windows are records of the host
		return nil, nil
	}
	return func(rec record.Record) { r.matcher.Match(rec, r.hit) }, nil
}

func (r *Trial) hit(f *sigma.Firing) {
	if h := r.by[strings.ToLower(f.Rule.ID)]; h != nil {
		h.Seen++
	}
}
