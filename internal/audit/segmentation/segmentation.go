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

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Options say what is asked.
type Options struct {
	Zones   *Zoning                              // given; nil: inferred
	Name    func(netip.Addr) string              // what a host is called, or nothing; nil: nothing is known
	Address func(host string) (netip.Addr, bool) // which address a host has, by the name in its log; nil: nothing is known
	Source  func(record.Ref) string              // a place in the evidence, in words
	Input   string                               // what was looked at, for people
	Notes   []string                             // what could not be read
}

// Report is what an audit found.
type Report struct {
	Options  Options
	Zoning   *Zoning
	Crossing []*Crossing // by zone, zone and service; those within a zone too
	Findings []*Finding  // worst first
	Traffic  *Traffic
	Gaps     []string // what could not be seen, in sentences
	flows    []*Flow
	blamed   map[*Flow]bool
}

// Audit judges traffic.
func Audit(t *Traffic, opt Options) *Report {
	if opt.Name == nil {
		opt.Name = func(netip.Addr) string { return "" }
	}
	flows := t.All()
	if opt.Address != nil {
		flows = t.withLogs(flows, opt.Address)
	}
	z := opt.Zones
	if z == nil {
		z = Infer(flows)
	}
	z.seen(flows)
	r := &Report{Options: opt, Zoning: z, Traffic: t, flows: flows, Crossing: cross(flows)}
	r.Findings, r.blamed = z.findings(flows)
	r.Gaps = append(r.Gaps, opt.Notes...)
	r.Gaps = append(r.Gaps, t.gaps()...)
	return r
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
	if n := r.Options.Name(a); n != "" {
		return a.String() + " " + n
	}
	return a.String()
}
