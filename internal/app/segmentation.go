package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"longwatch/internal/audit/segmentation"
	"longwatch/internal/casefolder"
	"longwatch/internal/record"
	"longwatch/internal/store"
)

// Segmentation is what an audit of zones and conduits is asked to do.
type Segmentation struct {
	Input   string               // case folder, or folder of records
	Zones   *segmentation.Zoning // given; nil: inferred
	HomeNet []netip.Prefix       // own networks; none: those of the case
	Since   record.Time          // records before are left out; 0: none
	Until   record.Time          // records from then on are left out; 0: none
}

// Run reads the records and judges who talked to whom.
func (s *Segmentation) Run(ctx context.Context, p Progress) (*segmentation.Report, error) {
	opt := segmentation.Options{Zones: s.Zones, Input: s.Input, Source: casefolder.Place}
	t, notes, err := s.read(ctx, s.Input, store.Options{Since: s.Since, Until: s.Until}, p)
	if err != nil {
		return nil, fmt.Errorf("app: segmentation: %w", err)
	}
	opt.Notes = notes
	p.Phase("judging what crossed")
	return segmentation.Audit(t, opt), nil
}

// read gathers the traffic of a case, or of a folder of records.
func (s *Segmentation) read(ctx context.Context, input string, opt store.Options, p Progress) (*segmentation.Traffic, []string, error) {
	root := input
	if sub := filepath.Join(input, "records"); exists(sub) {
		root = sub
	}
	files, left, err := store.Find(root)
	if err != nil {
		return nil, nil, err
	}
	var notes []string
	for _, x := range left {
		notes = append(notes, x.Name+": "+x.Why)
	}
	types := recordTypes()
	var wanted []store.File
	var total int64
	conns := false
	for i := range files {
		if t := types[files[i].Type]; t != nil && segmentation.Wants(t) {
			wanted = append(wanted, files[i])
			total += files[i].Size
			conns = conns || t.Name == "conn"
		}
	}
	if !conns {
		return nil, nil, errors.New(input + " holds no records of connections (records/conn.jsonl): give a case that hunt wrote from captures or Zeek logs, or a folder that records wrote")
	}
	t := segmentation.NewTraffic(s.home(input))
	p.Start(len(wanted), total)
	for i := range wanted {
		f := &wanted[i]
		p.File(f.Name)
		stats, err := f.Read(ctx, types[f.Type], opt, t.Put)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			notes = append(notes, err.Error())
		}
		if stats.First != "" {
			notes = append(notes, fmt.Sprintf("%d of %s could not be read; the first: %s", stats.Damaged, f.Name, stats.First))
		}
		p.Read(f.Size)
	}
	return t, notes, nil
}

// home are the own networks: those given, those of the case, or private ones.
func (s *Segmentation) home(input string) []netip.Prefix {
	c := Config{HomeNet: s.HomeNet}
	if len(c.HomeNet) == 0 {
		if m, err := casefolder.ReadManifest(input); err == nil {
			for _, n := range m.HomeNet {
				if p, err := netip.ParsePrefix(n); err == nil {
					c.HomeNet = append(c.HomeNet, p)
				}
			}
		}
	}
	return c.homeNets()
}
