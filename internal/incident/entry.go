package incident

import (
	"cmp"
	"math"
	"slices"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

const (
	entrySlack      = 10 * day // a candidate this much later than the first trace is half as likely
	childless       = 0.25     // what is left of a candidate from which nothing else was reached
	unseen          = 0.15     // weight of a way in that the evidence does not show
	maxAlternatives = 4        //
	inFromInside    = 0.2      // what is left of a candidate that was reached from another machine before
)

// entries are techniques by which somebody comes in.
var entries = []attack.ID{"T1190", "T1133", "T1566", "T1189", "T1195", "T1199", "T1091", "T1200", "T0819", "T0822", "T0866"}

// footholds show where somebody came in when the way in itself was not seen.
var footholds = []attack.ID{"T1505.003", "T1204", "T1078"}

func uses(f *finding.Finding, ids []attack.ID) bool {
	return slices.ContainsFunc(f.Techniques, func(id attack.ID) bool {
		return slices.Contains(ids, id) || slices.Contains(ids, id.Parent())
	})
}

// candidate is a place where it may have begun.
type candidate struct {
	finding.Step
	weight float64
}

// entries weighs where the incident may have begun: ways in that findings
// show, logons from outside that lead to its first machines, footholds, and the
// first trace. What comes long after the first trace, or on a machine that was
// reached from another one, is less likely. The confidence of each is its share.
func (s *scene) entries(path []finding.Move) (*finding.Step, []finding.Step) {
	best := map[record.Entity]candidate{}
	put := func(step finding.Step, weight float64) {
		if old, ok := best[step.Entity]; !ok || weight > old.weight+1e-9 {
			best[step.Entity] = candidate{step, weight}
		}
	}
	for i, v := range s.events {
		weight, why := 0.0, ""
		switch {
		case uses(v.f, entries):
			weight, why = 0.9, finding.Because("a way in that the evidence shows: %s", v.f.Title)
		case uses(v.f, footholds):
			weight, why = 0.5, finding.Because("a foothold; how it came about is not shown: %s", v.f.Title)
		case i == 0:
			weight, why = 0.3, finding.Because("earliest trace; the evidence does not show how it came about: %s", v.f.Title)
		default:
			continue
		}
		put(s.step(v, why), weight*s.fit(v))
	}
	for _, m := range path {
		s.cameIn(m, put)
	}
	s.throughAppliance(put)
	return s.ranked(best)
}

// fit is how well the place and time of v suit a beginning: early, not reached
// from another machine before, and with a path from it to the rest.
func (s *scene) fit(v *view) float64 {
	out := (0.5 + float64(v.f.Confidence)/200) * math.Pow(0.5, float64(gap(s.first(), v.span.Start))/float64(entrySlack))
	for _, n := range v.subjects {
		if at, ok := s.arrived[n]; ok && at <= v.span.Start.Add(slack) {
			return out * inFromInside
		}
	}
	if len(s.traces) < 2 {
		return out
	}
	from := v.subjects
	if len(from) == 0 {
		from = []node{s.senderOf(v)}
	}
	most := 0
	for _, n := range from {
		most = max(most, s.below[n])
	}
	return out * (childless + (1-childless)*float64(most)/float64(len(s.traces)))
}

// cameIn takes a logon from outside as a way in, and one from a machine without
// traces as a sign that it began there.
func (s *scene) cameIn(m finding.Move, put func(finding.Step, float64)) {
	if len(m.Findings) > 0 || m.Time > s.first().Add(slack) {
		return
	}
	from, to := s.node(m.From), s.node(m.To)
	switch {
	case from.kind == "address" && !s.c.own(from):
		put(finding.Step{Entity: m.To, Time: m.Time, Why: "a way in that no detector called odd: " + m.Why}, 0.85)
	case s.traces[from] == nil && s.arrived[from] == 0 && to.value != "":
		put(finding.Step{Entity: m.From, Time: m.Time, Why: "the first machine was reached from here; nothing is seen here itself: " + m.Why}, 0.45)
	}
}

// throughAppliance takes as a way in that an account of the incident came in from
// outside at an appliance, not long before the first trace. What that account
// had done before from the same place says little.
func (s *scene) throughAppliance(put func(finding.Step, float64)) {
	first := s.first()
	for _, e := range s.edges {
		to, from := s.c.endOf(e.To, e.TS), s.c.endOf(e.From, e.TS)
		at, weight := e.TS, 0.8
		if first.Sub(e.TS) > before {
			at, weight = e.Last, 0.25
		}
		switch {
		case first == 0 || e.Success == 0 || !s.c.aliases.isDevice(to) || from.kind != "address" || s.c.own(from):
			continue
		case !s.acting[node{"account", s.c.accountOf(e.User)}] || at > first.Add(slack) || first.Sub(at) > before:
			continue
		}
		if s.atHome(e) {
			weight = min(weight, 0.25)
		}
		put(finding.Step{
			Entity: s.entity(to), Time: at,
			Why: finding.Because("a way in that no detector called odd: %q came in from %s %s before the first trace, and then acts in this incident", e.User, e.From, spell(max(first.Sub(at), 0))),
		}, weight)
	}
}

// atHome tells whether the account that came in at an appliance by e acts in the
// incident only where it sits anyway: the address that the appliance gave it is
// known, and no logon leads from there, or from any other machine, to one with
// traces.
func (s *scene) atHome(e *host.LogonEdge) bool {
	user := s.c.accountOf(e.User)
	if !s.c.aliases.assigned(user) {
		return false
	}
	return !slices.ContainsFunc(s.edges, func(o *host.LogonEdge) bool {
		from, to := s.c.endOf(o.From, o.TS), s.c.endOf(o.To, o.TS)
		return o != e && o.Success > 0 && from != to && from.value != "" && s.traces[to] != nil && s.c.accountOf(o.User) == user
	})
}

func (s *scene) node(e record.Entity) node {
	kind := e.Kind
	if kind == "device" {
		kind = "host"
		if s.traces[node{kind, e.Value}] == nil && s.traces[node{"address", e.Value}] != nil {
			kind = "address"
		}
	}
	return node{kind, e.Value}
}

func (s *scene) ranked(best map[record.Entity]candidate) (*finding.Step, []finding.Step) {
	list := make([]candidate, 0, len(best))
	sum := unseen
	for _, c := range best {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(-cmp.Compare(a.weight, b.weight), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Entity.Kind, b.Entity.Kind), cmp.Compare(a.Entity.Value, b.Entity.Value))
	})
	for _, c := range list {
		sum += c.weight
	}
	if len(list) == 0 {
		return nil, nil
	}
	steps := make([]finding.Step, 0, maxAlternatives+1)
	for _, c := range list[:min(len(list), maxAlternatives+1)] {
		c.Confidence = uint8(math.Round(100 * c.weight / sum))
		steps = append(steps, c.Step)
	}
	return &steps[0], steps[1:]
}

// step is v as a place where it may have begun.
func (s *scene) step(v *view, why string) finding.Step {
	out := finding.Step{Time: v.span.Start, Finding: v.f.ID, Why: why}
	if i := slices.IndexFunc(v.f.Entities, func(e record.Entity) bool { return e.Kind == "email" && e.Role == "sender" }); i >= 0 && len(v.subjects) == 0 {
		out.Entity = v.f.Entities[i] // of a message, who sent it, before envelope and answers
		return out
	}
	for _, n := range slices.Concat(v.subjects, v.peers, v.things) {
		if s.c.own(n) || (n.kind == "email" && len(v.subjects) == 0) {
			out.Entity = s.entity(n)
			return out
		}
	}
	if len(v.f.Entities) > 0 {
		out.Entity = v.f.Entities[0]
	}
	return out
}
