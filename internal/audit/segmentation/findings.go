package segmentation

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/asset"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Finding is something that should not have crossed from one zone to another,
// or a host that stands where it should not.
type Finding struct {
	ID         string // hash of rules, zones and service: the same evidence gives the same id
	Rules      []string
	Title      string
	Severity   finding.Severity
	Confidence uint8 // 0 to 100: that the zones are what they are taken for
	From, To   int   // zones
	Service    string
	Outcome    string // passed, unanswered or one-sided; empty for hosts
	Why        []string
	Do         string
	Count      uint64 // connections
	Changes    uint64 // operations that changed something
	First      record.Time
	Last       record.Time
	Pairs      []Pair // who with whom, most telling first
	More       int    // pairs beyond these
	Refs       []record.Ref
	flows      []*Flow
	services   map[string]bool
	names      []string // of the services, the first few
	reasons    int      // that were given, those that there was no room for included
}

// Pair is one host with another.
type Pair struct {
	Orig, Resp  netip.Addr // invalid: the Internet
	Outside     []netip.Addr
	Folded      bool
	Count       uint64
	Changes     uint64
	What        []string
	First, Last record.Time
	Refs        []record.Ref
}

const maxPairsShown = 200 // pairs of hosts that a finding names

// findings are what should not have crossed, worst first. blamed are the flows
// that they are about.
func (z *Zoning) findings(flows []*Flow, known *asset.Inventory) (out []*Finding, blamed map[*Flow]bool) {
	layered := slices.ContainsFunc(z.Zones, func(x *Zone) bool { return x.Level == Operations })
	by := map[string]*Finding{}
	blamed = map[*Flow]bool{}
	for _, f := range flows {
		if f.from == f.to {
			continue
		}
		faults := z.faults(f, layered)
		if len(faults) == 0 {
			continue
		}
		blamed[f] = true
		slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(b.severity, a.severity) })
		var rules []string
		for _, x := range faults {
			rules = append(rules, x.rule)
		}
		k := fmt.Sprint(strings.Join(rules, " "), f.from, f.to, f.service(), f.Outcome)
		if f.outcome == tried { // a scan is one finding
			k = fmt.Sprint(f.from, f.to, f.Outcome)
		}
		found := by[k]
		if found == nil {
			found = z.finding(f, rules)
			by[k] = found
			out = append(out, found)
		}
		found.take(f, faults)
		found.severity(faults[0].severity, f, z.sure(f, faults[0].rule))
		found.flows = append(found.flows, f)
	}
	out = append(out, z.misplaced(flows, known)...)
	for _, f := range out {
		f.finish(z)
	}
	slices.SortStableFunc(out, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), compareOutcome(a, b), cmp.Compare(b.Changes, a.Changes), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	return out, blamed
}

// sure is how sure the zones of a flow are. Whatever its network is for, what
// is the Internet is known.
func (z *Zoning) sure(f *Flow, rule string) uint8 {
	if rule == ruleOpenAdmin || rule == ruleField && (f.from == 0 || f.to == 0) {
		return 100
	}
	return min(z.Zones[f.from].confidence(f.Orig, z.nets), z.Zones[f.to].confidence(f.Resp, z.nets))
}

func compareOutcome(a, b *Finding) int {
	return compareBool(a.Outcome != passed.String(), b.Outcome != passed.String())
}

// faults are the reasons against a flow: that no conduit admits it, or, where
// none are given, the defaults of the Purdue model.
func (z *Zoning) faults(f *Flow, layered bool) []fault {
	from, to := z.Zones[f.from], z.Zones[f.to]
	if len(z.Conduits) == 0 {
		return judge(f, from, to, layered)
	}
	var near []string
	for i := range z.Conduits {
		c := &z.Conduits[i]
		if c.admits(from.Name, to.Name, f) {
			return nil
		}
		if c.From == from.Name && c.To == to.Name || c.Both && c.From == to.Name && c.To == from.Name {
			near = append(near, c.allows())
		} else if c.From == to.Name && c.To == from.Name {
			near = append(near, "only the other way round")
		}
	}
	why := fmt.Sprintf("no conduit admits %s from %s to %s", f.service(), from.Name, to.Name)
	if len(near) > 0 {
		why += "; between them is admitted: " + strings.Join(near[:min(len(near), 3)], "; ")
	}
	out := judge(f, from, to, layered)
	worst := finding.Medium
	for _, x := range out {
		worst = max(worst, x.severity)
	}
	if len(out) == 0 && classes[f.Protocol] == basic {
		worst = finding.Low
	}
	return slices.Concat([]fault{{ruleConduit, worst, why}}, out)
}

// allows is what a conduit admits, in words.
func (c *Conduit) allows() string {
	parts := slices.Clone(c.Protocols)
	for _, p := range c.Ports {
		parts = append(parts, p.String())
	}
	what := "anything"
	if len(parts) > 0 {
		what = strings.Join(parts, ", ")
	}
	if len(c.FromHosts)+len(c.ToHosts) > 0 {
		what += " for certain hosts"
	}
	return what
}

var titles = map[string]string{
	ruleConduit: "Crossed without a conduit", ruleControlNet: "Control and the Internet met", rulePlantNet: "Plant and the Internet met", ruleDirect: "Office and control met directly",
	ruleBypass: "Office and operations met without a DMZ", ruleField: "A field protocol left the plant", ruleAdmin: "Remote administration into control", ruleSafety: "The border of a safety system was crossed",
	ruleSkip: "The DMZ reached control past level 3", ruleStranger: "Control met a network of unknown purpose", ruleMisplaced: "A controller outside the control networks",
	ruleOpenAdmin: "Remote administration from the Internet",
}

func (z *Zoning) finding(f *Flow, rules []string) *Finding {
	out := &Finding{Title: titles[rules[0]], From: f.from, To: f.to, Outcome: f.Outcome, Do: advice[rules[0]], services: map[string]bool{}}
	if f.outcome == tried {
		out.Title += ": tried, and not answered"
	}
	return out
}

const (
	maxWhy      = 8 // reasons of a finding
	maxServices = 6 // services that its line names
)

// take adds the service of a flow, and the reasons against it.
func (f *Finding) take(by *Flow, faults []fault) {
	if s := by.service(); !f.services[s] {
		f.services[s] = true
		if len(f.services) <= maxServices {
			f.names = append(f.names, s)
		}
	}
	say := func(why string) {
		if !slices.Contains(f.Why, why) {
			if f.reasons++; f.reasons <= maxWhy {
				f.Why = append(f.Why, why)
			}
		}
	}
	for _, x := range faults {
		if !slices.Contains(f.Rules, x.rule) {
			f.Rules = append(f.Rules, x.rule)
		}
		say(x.why)
	}
	if by.ByPort {
		say("the content was not understood: that it is " + by.Protocol + " is what the port is assigned to")
	}
}

// unsure is below what confidence in a zone a finding weighs one step less.
const unsure = 50

// severity is the worst of its flows. What was not answered did not cross;
// what was half seen may not have.
func (f *Finding) severity(s finding.Severity, by *Flow, sure uint8) {
	switch by.outcome {
	case tried:
		s = min(s, finding.Low)
	case oneSided:
		s = min(s, finding.Medium)
	case passed:
	}
	if sure < unsure && s > finding.Low {
		s--
	}
	f.Severity, f.Confidence = max(f.Severity, s), max(f.Confidence, sure)
}

// finish sums up the flows.
func (f *Finding) finish(z *Zoning) {
	if f.Service == "" {
		f.Service = strings.Join(f.names, ", ")
		if n := len(f.services) - len(f.names); n > 0 {
			f.Service += fmt.Sprintf(" and %s more", several(n, "service"))
		}
	}
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q %q %q %q %q", f.Rules, z.Zones[f.From].Name, z.Zones[f.To].Name, f.Service, f.Outcome)
	by := map[pair]*Pair{}
	var pairs []*Pair
	for _, x := range f.flows {
		p := by[pair{x.Orig, x.Resp}]
		if p == nil {
			p = &Pair{Orig: x.Orig, Resp: x.Resp, Folded: x.Folded, First: x.First, Refs: refsOf([]*Flow{x})}
			by[pair{x.Orig, x.Resp}] = p
			pairs = append(pairs, p)
		}
		p.Outside = append(p.Outside, x.Outside...)
		p.Count += x.Count
		p.Changes += x.Changes
		p.What = append(p.What, x.What...)
		p.First, p.Last = min(p.First, x.First), max(p.Last, x.Last)
		f.Count += x.Count
		f.Changes += x.Changes
		if f.First == 0 || x.First < f.First {
			f.First = x.First
		}
		f.Last = max(f.Last, x.Last)
	}
	if f.Confidence < unsure {
		f.Why = append(f.Why, fmt.Sprintf("the zones are not sure (%d of 100): give them by --zones", f.Confidence))
	}
	if len(f.flows) > 0 {
		f.Refs = refsOf(f.flows)
	}
	slices.SortStableFunc(pairs, func(a, b *Pair) int { return cmp.Or(cmp.Compare(b.Changes, a.Changes), cmp.Compare(b.Count, a.Count)) })
	for i, p := range pairs {
		if i == maxPairsShown {
			f.More = len(pairs) - i
			break
		}
		f.Pairs = append(f.Pairs, *p)
	}
	if len(f.flows) == 0 {
		for i := range f.Pairs {
			_, _ = fmt.Fprintf(h, " %v", f.Pairs[i].Resp)
		}
	}
	f.ID = hex.EncodeToString(h.Sum(nil)[:8])
}

// misplaced are controllers in zones where none should be.
func (z *Zoning) misplaced(flows []*Flow, known *asset.Inventory) []*Finding {
	traits := hostTraits(flows, z.nets, known)
	at := map[int]*Finding{}
	var out []*Finding
	for _, f := range flows {
		t := traits[f.Resp]
		home := z.Zones[f.to]
		if f.outcome != passed || classes[f.Protocol] != field || t == nil || !t.controller() || home.Level < DMZ || home.Level == Outside {
			continue
		}
		found := at[f.to]
		if found == nil {
			found = &Finding{
				Rules: []string{ruleMisplaced}, Title: titles[ruleMisplaced], Severity: finding.High, Confidence: home.Confidence, From: f.to, To: f.to, Service: f.service(), Do: advice[ruleMisplaced],
				Why: []string{fmt.Sprintf("hosts in %s answer field protocols, and everybody there can command them", place(home))},
			}
			if found.Confidence < unsure {
				found.Severity = finding.Medium
			}
			at[f.to] = found
			out = append(out, found)
		}
		found.flows = append(found.flows, f)
	}
	return out
}
