package app

import (
	"context"
	"fmt"
	"path/filepath"

	"longwatch/internal/casefolder"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/sink"
)

// Records reads evidence and writes its records: what zeek -r is for.
func Records(ctx context.Context, c Config, p Progress) (*casefolder.Case, error) {
	format, err := sink.ByName(c.Format)
	if err != nil {
		return nil, err
	}
	spool := filepath.Join(c.Out, ".spool")
	d := sink.New(c.Out, spool, format, c.Memory/2)
	rd := &reading{
		env: c.env(false), formats: formats, progress: p, since: c.Since, until: c.Until,
		newLane: func() lane { return d.Lane() },
	}
	if err := rd.walk(ctx, c.Paths, spool, c.Jobs); err != nil {
		return nil, err
	}
	p.Phase("writing records")
	written, err := d.Close()
	removeSpool(spool)
	p.Done()
	if err != nil {
		return nil, fmt.Errorf("app: records: %w", err)
	}
	out := &casefolder.Case{Evidence: rd.files, Skipped: rd.skipped, Span: rd.span}
	for _, w := range written {
		out.Records = append(out.Records, casefolder.RecordFile{Type: w.Type, File: filepath.Base(w.Path), Rows: w.Rows})
	}
	return out, nil
}

var _ record.Sink = lane(nil)

// fallbackFormat is the format for files that no other one recognises.
func fallbackFormat() evidence.Format {
	for _, f := range formats {
		if f.Name == "file" {
			return f
		}
	}
	return evidence.Format{}
}
