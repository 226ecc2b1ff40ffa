package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"longwatch/internal/audit/access"
	"longwatch/internal/record"
	"longwatch/internal/store"
)

// AuditRead says what of a case an audit could read.
type AuditRead struct {
	Files   int
	Rows    int64
	Damaged int64
	Notes   []string
}

// AuditAccess judges the accounts of a case, or of a folder of records.
func AuditAccess(ctx context.Context, dir string, opt access.Options, p Progress) (*access.Report, AuditRead, error) {
	a := access.New(opt)
	read, err := auditRecords(ctx, dir, access.Passes, a.Wants, a.Learn, p)
	if err != nil {
		return nil, read, err
	}
	p.Phase("judging")
	r := a.Report()
	r.Unseen = append(r.Unseen, read.Notes...)
	return r, read, nil
}

// auditRecords hands every record that is wanted to learn, one file after the
// other, as often as there are passes. Records are read as they come and not
// kept.
func auditRecords(ctx context.Context, dir string, passes int, wants func(pass int, t *record.Type) bool, learn func(record.Record), p Progress) (read AuditRead, err error) {
	root := dir
	if r := filepath.Join(dir, "records"); exists(r) {
		root = r
	}
	files, left, err := store.Find(root)
	if err != nil {
		return read, err
	}
	if len(files) == 0 {
		return read, errors.New("no records are there: name a case that hunt wrote, or a folder of records (NAME.jsonl, NAME.parquet)")
	}
	for _, x := range left {
		read.Notes = append(read.Notes, x.Name+" was left out: "+x.Why)
	}
	types := recordTypes()
	for pass := range passes {
		var list []*store.File
		var total int64
		for i := range files {
			if t := types[files[i].Type]; t != nil && wants(pass, t) {
				list, total = append(list, &files[i]), total+files[i].Size
			}
		}
		p.Start(len(list), total)
		for _, f := range list {
			p.File(f.Name)
			stats, err := f.Read(ctx, types[f.Type], store.Options{}, learn)
			p.Read(f.Size)
			if ctx.Err() != nil {
				return read, ctx.Err()
			}
			if err != nil {
				read.Notes = append(read.Notes, fmt.Sprintf("%s could not be read whole: %v", f.Name, err))
				stats.Damaged++
			}
			if stats.First != "" {
				read.Notes = append(read.Notes, fmt.Sprintf("%d of %s could not be read; the first: %s", stats.Damaged, f.Name, stats.First))
			}
			read.Files, read.Rows, read.Damaged = read.Files+1, read.Rows+stats.Rows, read.Damaged+stats.Damaged
		}
	}
	return read, nil
}
