package app

import (
	"context"
	"fmt"
	"net/netip"

	"longwatch/internal/asn"
	"longwatch/internal/asset"
	"longwatch/internal/audit/segmentation"
	"longwatch/internal/casefolder"
	"longwatch/internal/record"
)

// Segmentation is what an audit of zones and conduits is asked to do.
type Segmentation struct {
	Input   string               // case folder, or folder of records
	Before  string               // another of an earlier time, to compare with; empty: none
	Zones   *segmentation.Zoning // given; nil: inferred
	HomeNet []netip.Prefix       // own networks; none: those of the case
	Since   record.Time          // what was recorded before is compared with; 0: none
	Until   record.Time          // records from then on are left out; 0: none
	From    []string             // hosts that an intruder may be on: address, name or internet
}

// Run reads the records and judges who talked to whom.
func (s *Segmentation) Run(ctx context.Context, p Progress) (*segmentation.Report, error) {
	home := s.HomeNet
	if len(home) == 0 {
		var err error
		if home, err = (&CaseRecords{Dir: s.Input}).HomeNet(); err != nil {
			return nil, fmt.Errorf("app: segmentation: %w", err)
		}
	}
	l := asset.New(asset.Options{HomeNet: home, Networks: asn.New()})
	now := segmentation.NewTraffic(home)
	var before *segmentation.Traffic
	if s.Since != 0 || s.Before != "" {
		before = segmentation.NewTraffic(home)
	}
	put := func(r record.Record) {
		l.Learn(r)
		switch at := r.Base().TS; {
		case !segmentation.Wants(r.RecordType()):
		case s.Since == 0 || at == 0 || at >= s.Since:
			now.Put(r)
		case s.Before == "":
			before.Put(r)
		}
	}
	notes, err := s.each(ctx, s.Input, p, put)
	if err != nil {
		return nil, err
	}
	if s.Before != "" {
		more, err := s.each(ctx, s.Before, p, func(r record.Record) {
			l.Learn(r)
			if segmentation.Wants(r.RecordType()) {
				before.Put(r)
			}
		})
		if err != nil {
			return nil, err
		}
		notes = append(notes, more...)
	}
	if now.Conns == 0 {
		return nil, fmt.Errorf("app: segmentation: %s holds no records of connections in that time: give a case that hunt wrote from captures or Zeek logs, or a folder that records wrote", s.Input)
	}
	p.Phase("judging what crossed")
	inv := l.Finish()
	r := segmentation.Audit(now, segmentation.Options{Zones: s.Zones, Before: before, Input: s.Input, Earlier: s.Before, Source: casefolder.Place, Notes: notes, Assets: inv})
	for _, name := range s.From {
		a, err := hostOf(inv, name)
		if err != nil {
			return nil, fmt.Errorf("app: segmentation: --from: %w", err)
		}
		r.Reaches = append(r.Reaches, r.ReachFrom(a))
	}
	return r, nil
}

// each reads the records of one folder.
func (s *Segmentation) each(ctx context.Context, dir string, p Progress, put func(record.Record)) ([]string, error) {
	c := CaseRecords{Dir: dir, Until: s.Until, Progress: unended{p}}
	notes, err := c.Each(ctx, func(t *record.Type) bool { return segmentation.Wants(t) || asset.Wants(t) }, put)
	if err != nil {
		return nil, fmt.Errorf("app: segmentation: %w", err)
	}
	return notes, nil
}

// unended is progress that goes on after one folder is read.
type unended struct{ Progress }

// Done does nothing.
func (unended) Done() {}

// hostOf finds a host by address or name; an invalid address is the Internet.
func hostOf(inv *asset.Inventory, name string) (netip.Addr, error) {
	if name == "internet" {
		return netip.Addr{}, nil
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a.Unmap().WithZone(""), nil
	}
	if x := inv.ByName(name); x != nil && len(x.Addresses) > 0 {
		return x.Addresses[0], nil
	}
	return netip.Addr{}, fmt.Errorf("no host with an address is called %q: give its address", name)
}
