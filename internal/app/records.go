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
	out, err := prepareOut(&c)
	if err != nil {
		return nil, err
	}
	defer out.close()
	d := sink.New(c.Out, out.spool, format, c.share(recordsShare))
	env := c.env(false)
	env.CommunityID = !format.Zeek // a column of ours
	kept := c.Extract.folder(c.Out, env)
	rd := &reading{
		env: env, formats: formats, progress: p, since: c.Since, until: c.Until, stdin: c.Stdin,
		newLane: func() lane { return d.Lane() },
	}
	err = rd.walk(ctx, c.Paths, out, c.Jobs)
	extracted, lost := closeFolder(kept)
	if err != nil {
		return nil, err
	}
	if lost != nil {
		return nil, fmt.Errorf("app: records: %w", lost)
	}
	p.Phase("writing records")
	written, err := d.Close()
	p.Done()
	if err != nil {
		return nil, fmt.Errorf("app: records: %w", err)
	}
	cf := &casefolder.Case{Tool: ToolInfo(), Evidence: rd.files, Skipped: rd.skipped, Span: rd.span, Extracted: extracted}
	for _, n := range c.homeNets() {
		cf.HomeNet = append(cf.HomeNet, n.String())
	}
	for _, w := range written {
		cf.Records = append(cf.Records, casefolder.RecordFile{Type: w.Type, File: filepath.Base(w.Path), Rows: w.Rows})
	}
	return cf, cf.WriteManifest(c.Out)
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
