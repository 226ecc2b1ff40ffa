package app

import (
	"context"
	"errors"
	"fmt"

	"longwatch/content"
	"longwatch/internal/asn"
	"longwatch/internal/asset"
	"longwatch/internal/audit/patch"
	"longwatch/internal/campaign"
	"longwatch/internal/casefolder"
	"longwatch/internal/intel"
	"longwatch/internal/record"
)

// PatchAudit is what audit patch is asked.
type PatchAudit struct {
	Case  CaseRecords
	Intel []string     // files and folders of the user: CISA KEV, EPSS
	Flaws []patch.Flaw // of the user's advisories
	Items []patch.Item // of the user's inventory and scans
}

// Run judges what the hosts of a case run. Notes say what could not be read.
func (p *PatchAudit) Run(ctx context.Context) (*patch.Report, []string, error) {
	flaws, err := patch.Table(content.Vulnerabilities, "vulnerabilities")
	if err != nil {
		return nil, nil, fmt.Errorf("app: built-in table: %w", err)
	}
	profiles, err := campaign.Load(content.Campaigns, "campaigns")
	if err != nil {
		return nil, nil, fmt.Errorf("app: built-in profiles: %w", err)
	}
	home, err := p.Case.HomeNet()
	if err != nil {
		return nil, nil, err
	}
	opt := patch.Options{Flaws: patch.Join(flaws, p.Flaws), Inventory: p.Items, Home: home, Campaigns: map[string]string{}, Here: p.here()}
	for _, x := range profiles {
		opt.Campaigns[x.ID] = x.Name
	}
	set, err := p.lists(&opt)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = set.Close() }()
	a, l := patch.New(opt), asset.New(asset.Options{HomeNet: home, Networks: asn.New()})
	notes, err := p.Case.Each(ctx, func(t *record.Type) bool { return a.Wants(t) || asset.Wants(t) }, func(r record.Record) {
		l.Learn(r)
		a.Learn(r)
	})
	if err != nil {
		return nil, notes, err
	}
	r := a.Report(l.Finish())
	r.Unseen = append(r.Unseen, notes...)
	return r, notes, nil
}

// here are the campaigns that incidents of the case resemble.
func (p *PatchAudit) here() map[string]uint8 {
	out := map[string]uint8{}
	c, err := casefolder.Read(p.Case.Dir)
	if err != nil {
		return out // a folder of records has no incidents
	}
	for _, i := range c.Incidents {
		for _, a := range i.Attribution {
			if a.Profile != "unattributed" && a.Confidence >= 30 {
				out[a.Profile] = max(out[a.Profile], a.Confidence)
			}
		}
	}
	return out
}

// lists loads what the user's lists say of vulnerabilities.
func (p *PatchAudit) lists(opt *patch.Options) (*intel.Set, error) {
	set, report := intel.Load(intel.Paths(p.Intel...)...)
	if len(p.Intel) > 0 && report.Loaded == 0 {
		return nil, errors.Join(set.Close(), fmt.Errorf("app: nothing could be loaded from %q: %v", p.Intel, report.Reasons))
	}
	ours := map[string]bool{}
	for i := range opt.Flaws {
		ours[opt.Flaws[i].CVE] = true
	}
	opt.Other = map[string]int{}
	set.All(func(i intel.Indicator) bool {
		if i.Kind != intel.Vulnerability {
			return true
		}
		if product, _, ok := i.Exploited(); ok {
			opt.HasKEV = true
			if !ours[i.Value] {
				opt.Other[product]++
			}
		}
		_, scored := i.Probability()
		opt.HasEPSS = opt.HasEPSS || scored
		return true
	})
	asked := map[string]patch.Intel{}
	opt.Intel = func(cve string) patch.Intel {
		x, ok := asked[cve]
		if !ok {
			x = ofVulnerability(set.Lookup(cve))
			asked[cve] = x
		}
		return x
	}
	return set, nil
}

func ofVulnerability(list []intel.Indicator) (x patch.Intel) {
	for k := range list {
		i := &list[k]
		if _, ransomware, ok := i.Exploited(); ok {
			x.KEV, x.Added, x.Ransomware = true, i.Seen.Start, x.Ransomware || ransomware
		}
		if score, ok := i.Probability(); ok && (!x.Scored || i.Seen.Start >= x.EPSSDate) {
			x.Scored, x.EPSS, x.EPSSDate = true, score, i.Seen.Start
		}
	}
	return x
}
