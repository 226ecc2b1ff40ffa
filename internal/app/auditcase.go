package app

import (
	"context"

	"longwatch/internal/audit/access"
	"longwatch/internal/record"
)

// AuditAccess judges the accounts of a case, or of a folder of records. Records
// are read as they come, as often as the audit asks, and not kept. Notes say what
// could not be read.
func (c *CaseRecords) AuditAccess(ctx context.Context, opt access.Options) (*access.Report, []string, error) {
	a := access.New(opt)
	var notes []string
	for pass := range access.Passes {
		more, err := c.Each(ctx, func(t *record.Type) bool { return a.Wants(pass, t) }, a.Learn)
		if err != nil {
			return nil, notes, err
		}
		if pass == 0 { // the same files are looked through again
			notes = more
		}
	}
	r := a.Report()
	r.Unseen = append(r.Unseen, notes...)
	return r, notes, nil
}
