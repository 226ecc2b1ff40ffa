package store

import (
	"context"
	"fmt"
	"slices"

	"longwatch/internal/record"
)

// Taker says what somebody takes of a type of records: put is called for each,
// nil when none is wanted; want tells which fields it looks at, nil for all.
type Taker func(t *record.Type) (put func(record.Record), want func(*record.Field) bool)

// Pass is what one reading of files came to.
type Pass struct {
	Files   int      // that somebody took records of
	Records int64    // of these
	Damaged []string // names of files that could not be read whole
	Notes   []string // why, in sentences
}

// ReadOnce reads files once for several takers, however many want the same
// records: file by file in their order, every record to the takers in theirs.
// types are those of records by name; files of others are left out. A file that
// cannot be read is noted, and the others are read all the same: only an end of
// ctx is an error.
func ReadOnce(ctx context.Context, files []File, types map[string]*record.Type, takers ...Taker) (p Pass, err error) {
	for i := range files {
		f := &files[i]
		t := types[f.Type]
		if t == nil {
			continue
		}
		var puts []func(record.Record)
		var wants []func(*record.Field) bool
		all := false
		for _, take := range takers {
			put, want := take(t)
			if put == nil {
				continue
			}
			puts, wants, all = append(puts, put), append(wants, want), all || want == nil
		}
		if len(puts) == 0 {
			continue
		}
		opt := Options{}
		if !all {
			opt.Want = func(x *record.Field) bool {
				return slices.ContainsFunc(wants, func(want func(*record.Field) bool) bool { return want(x) })
			}
		}
		put := puts[0]
		if len(puts) > 1 {
			put = func(r record.Record) {
				for _, each := range puts {
					each(r)
				}
			}
		}
		stats, err := f.Read(ctx, t, opt, put)
		if ctx.Err() != nil {
			return p, ctx.Err()
		}
		p.Files, p.Records = p.Files+1, p.Records+stats.Rows
		if err != nil {
			p.Notes = append(p.Notes, fmt.Sprintf("%s could not be read to its end: %v", f.Name, err))
		}
		if stats.First != "" {
			p.Notes = append(p.Notes, fmt.Sprintf("%d of %s could not be read; the first: %s", stats.Damaged, f.Name, stats.First))
		}
		if err != nil || stats.Damaged > 0 {
			p.Damaged = append(p.Damaged, f.Name)
		}
	}
	return p, nil
}

// Fields wants the fields of these names.
func Fields(names ...string) func(*record.Field) bool {
	return func(f *record.Field) bool { return slices.Contains(names, f.Name) }
}
