package hunts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/fstest"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/rules/sigma"
	"longwatch/internal/store"
)

// Found leaves out the hunts for behaviour that were tried and found nothing in
// the case: it was done in another way here. Hunts for values stay: they are
// true elsewhere, such as in logs that the case has none of.
func Found(list []Hunt) []Hunt {
	return slices.DeleteFunc(slices.Clone(list), func(h Hunt) bool {
		return h.Tried && h.Seen == 0 && slices.ContainsFunc(h.All, func(c Clause) bool { return c.Field == Command })
	})
}

// Try asks the hunts of the records of a case, by their Sigma rules, and counts
// in each what it is true of: a hunt that does not find the incident it was made
// of will not find the next one. notes say what could not be read.
func Try(ctx context.Context, list []Hunt, files []store.File, types map[string]*record.Type) (notes []string, err error) {
	text := writeSigma(list)
	if text == "" {
		return nil, nil
	}
	engine, refused := sigma.Compile(fstest.MapFS{"hunts.yml": {Data: []byte(text)}})
	for _, r := range refused {
		notes = append(notes, fmt.Sprintf("a hunt cannot be tried: %v", r))
	}
	by := map[string]*Hunt{}
	for i := range list {
		list[i].Tried, list[i].Seen = true, 0
		for n := range sigmaPlaces[list[i].Source] {
			by[sigmaID(list[i].ID, n)] = &list[i]
		}
	}
	reads := map[string]bool{}
	for _, r := range engine.Rules {
		_, names := engine.Reads(r.Source)
		for _, n := range names {
			reads[n] = true
		}
	}
	m := engine.NewMatcher()
	hit := func(f *sigma.Firing) {
		if h := by[strings.ToLower(f.Rule.ID)]; h != nil {
			h.Seen++
		}
	}
	for i := range files {
		t := types[files[i].Type]
		if t == nil || !reads[t.Name] && !slices.Contains(host.Types, t) { // events of Windows are records of the host
			continue
		}
		if _, err := files[i].Read(ctx, t, store.Options{}, func(r record.Record) { m.Match(r, hit) }); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			notes = append(notes, fmt.Sprintf("hunts were not tried on all records: %v", err))
		}
	}
	return notes, nil
}
