package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"

	"longwatch/internal/casefolder"
	"longwatch/internal/record"
	"longwatch/internal/store"
)

// CaseRecords reads the records of a case folder, or of a folder that records
// wrote.
type CaseRecords struct {
	Dir          string
	Since, Until record.Time // records before, and from then on, are left out; 0: none
	Progress     Progress    // nil: nobody is told
}

// manifest is what the folder says of itself; empty where it does not.
func (c *CaseRecords) manifest() (*casefolder.Case, error) {
	m, err := casefolder.ReadManifest(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	return m, err
}

// HomeNet are the own networks that the case was made with, else those that
// are assumed.
func (c *CaseRecords) HomeNet() ([]netip.Prefix, error) {
	m, err := c.manifest()
	if err != nil {
		return nil, err
	}
	return homeNetsOf(m), nil
}

// Each puts every record of the types that want names, file by file in the
// order of their names, in the order of each file: the same for the same
// folder. Notes say what could not be read.
func (c *CaseRecords) Each(ctx context.Context, want func(*record.Type) bool, put func(record.Record)) (notes []string, err error) {
	root := filepath.Join(c.Dir, "records")
	if !exists(root) {
		root = c.Dir
	}
	files, left, err := store.Find(root)
	if err != nil {
		return nil, err
	}
	for _, x := range left {
		notes = append(notes, x.Name+": "+x.Why)
	}
	if len(files) == 0 {
		why := ""
		if len(notes) > 0 {
			why = "; " + notes[0]
		}
		return notes, fmt.Errorf("app: %s holds no records (NAME.jsonl, NAME.parquet)%s", c.Dir, why)
	}
	types := recordTypes()
	var total int64
	var wanted []*store.File
	for i := range files {
		f := &files[i]
		switch t := types[f.Type]; {
		case t == nil:
			notes = append(notes, fmt.Sprintf("%s: no type of records is called %q", f.Name, f.Type))
		case want(t):
			wanted = append(wanted, f)
			total += f.Size
		}
	}
	if c.Progress != nil {
		c.Progress.Start(len(wanted), total)
		defer c.Progress.Done()
	}
	for _, f := range wanted {
		if c.Progress != nil {
			c.Progress.File(f.Name)
		}
		stats, err := f.Read(ctx, types[f.Type], store.Options{Since: c.Since, Until: c.Until}, put)
		if ctx.Err() != nil {
			return notes, ctx.Err()
		}
		if err != nil {
			notes = append(notes, err.Error())
		}
		if stats.First != "" {
			notes = append(notes, fmt.Sprintf("%d of %s could not be read; the first: %s", stats.Damaged, f.Name, stats.First))
		}
		if c.Progress != nil {
			c.Progress.Read(f.Size)
		}
	}
	return notes, nil
}
