// Package segmentation finds the zones and conduits of a network (IEC 62443,
// levels of the Purdue model) in records of who talked to whom, or takes them
// as given, and tells what crossed, what should not have, how far an intruder
// on one host could go, and what changed between two dates:
//
//	t := segmentation.NewTraffic(own)
//	t.Put(record)                            // of every type that Wants names
//	r, err := segmentation.Audit(t, nil, segmentation.Options{})
//	err = r.Text(os.Stdout)
//
// Nothing is asked of the network: what nobody did while it was watched is not
// known to be possible, and not known to be impossible.
package segmentation

import (
	"fmt"
	"net/netip"
	"slices"

	"longwatch/internal/asset"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Options say what is asked.
type Options struct {
	Zones   *Zoning                              // given; nil: inferred
	Before  *Traffic                             // of an earlier time, to compare with; nil: none
	Assets  *asset.Inventory                     // what is known of hosts; nil: nothing
	Address func(host string) (netip.Addr, bool) // which address a host has, by the name in its log; nil: as the assets have it
	Source  func(record.Ref) string              // a place in the evidence, in words
	Input   string                               // what was looked at, for people
	Earlier string                               // likewise, what it is compared with; empty: what came before in the same
	Notes   []string                             // what could not be read
}

// Report is what an audit found.
type Report struct {
	Options  Options
	Zoning   *Zoning
	Crossing []*Crossing // by zone, zone and service; those within a zone too
	Findings []*Finding  // worst first
	Traffic  *Traffic
	Reaches  []*Reach // of the hosts that were asked for
	Drift    *Drift   // what changed; nil: nothing to compare with
	Policy   *Policy  // what would admit what was seen, but for the findings
	Gaps     []string // what could not be seen, in sentences
	flows    []*Flow
	blamed   map[*Flow]bool
}

// Audit judges traffic.
func Audit(t *Traffic, opt Options) *Report {
	r := &Report{Options: opt, Traffic: t, Zoning: opt.Zones}
	r.flows = t.withLogs(t.All(), r.address)
	var earlier []*Flow
	if opt.Before != nil {
		earlier = opt.Before.withLogs(opt.Before.All(), r.address)
	}
	by := wideNets(t, opt.Before)
	if r.Zoning == nil {
		r.Zoning = infer(slices.Concat(earlier, r.flows), by, opt.Assets)
	}
	z := r.Zoning
	z.nets = by
	z.seen(r.flows)
	r.Crossing = cross(r.flows)
	r.Findings, r.blamed = z.findings(r.flows, opt.Assets)
	if opt.Before != nil {
		z.place(earlier)
		r.Drift = r.drift(earlier)
	}
	r.Policy = r.suggest()
	r.Gaps = append(r.Gaps, opt.Notes...)
	r.Gaps = append(r.Gaps, t.gaps()...)
	return r
}

// address is that of a host by the name in its log.
func (r *Report) address(host string) (netip.Addr, bool) {
	if r.Options.Address != nil {
		return r.Options.Address(host)
	}
	if r.Options.Assets == nil {
		return netip.Addr{}, false
	}
	if a := r.Options.Assets.ByName(host); a != nil && len(a.Addresses) > 0 {
		return a.Addresses[0], true
	}
	return netip.Addr{}, false
}

// name is what a host is called, or nothing.
func (r *Report) name(a netip.Addr) string {
	if r.Options.Assets == nil {
		return ""
	}
	if x := r.Options.Assets.ByAddress(a); x != nil && len(x.Names) > 0 {
		return x.Names[0]
	}
	return ""
}

// role is what a host was seen to be, or nothing.
func (r *Report) role(a netip.Addr) string {
	if r.Options.Assets == nil {
		return ""
	}
	if x := r.Options.Assets.ByAddress(a); x != nil {
		return x.Role()
	}
	return ""
}

// gaps are what could not be told of traffic, in sentences.
func (t *Traffic) gaps() []string {
	var out []string
	say := func(n uint64, text string) {
		if n > 0 {
			out = append(out, fmt.Sprintf(text, n))
		}
	}
	say(t.Folded, "%d connections came when there was no more room to tell hosts apart: they are counted by networks of 24 bits")
	say(t.Lost, "%d connections are in no count: there was no more room at all")
	say(t.OpsLost, "%d operations on controllers are in no count: there was no more room")
	say(t.logons.lost, "%d logons and uses of accounts are not kept: there was no more room")
	say(t.Turned, "%d connections were not seen from their beginning and had their ends the wrong way round, by their ports")
	if t.Conns == 0 {
		out = append(out, "there is no record of a connection: nothing can be told")
	}
	return out
}

// Worst is the severity of the worst finding; false when there is none.
func (r *Report) Worst() (finding.Severity, bool) {
	if len(r.Findings) == 0 {
		return finding.Info, false
	}
	return r.Findings[0].Severity, true
}

// host is an address with its name. An invalid one is the Internet, with the
// first of its addresses.
func (r *Report) host(a netip.Addr, outside []netip.Addr, folded bool) string {
	switch {
	case !a.IsValid() && len(outside) > 0:
		return outside[0].String() + " (Internet)"
	case !a.IsValid():
		return "the Internet"
	case folded:
		return "hosts of " + network24(a).String()
	}
	if n := r.name(a); n != "" {
		return a.String() + " " + n
	}
	return a.String()
}
