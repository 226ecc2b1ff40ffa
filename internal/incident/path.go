package incident

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

const (
	maxMoves   = 64             // steps of a path
	maxMoveRef = 4              // places in the evidence cited by a step
	justBefore = time.Hour      // likewise, by an account that many machines see
	before     = 12 * time.Hour // how long before a machine's first trace a logon may have led to it
)

func compareNodes(x, y record.Time, a, b node) int {
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value))
}

// leg is a move between two nodes while the path is looked for.
type leg struct {
	finding.Move
	from, to node
}

// path is how the intruder got from one place to the next: for each own machine
// with traces, the earliest act that leads to it from outside or from a machine
// reached before. What no finding shows is looked for among the logons.
func (s *scene) path() []finding.Move {
	best := map[node]leg{}
	var legs []leg
	for _, v := range s.events {
		legs = append(legs, s.legs(v)...)
	}
	slices.SortStableFunc(legs, func(a, b leg) int { return cmp.Compare(a.Time, b.Time) })
	for _, l := range legs {
		if t := s.traces[l.to]; t != nil && t.span.Start != 0 && l.Time > t.span.Start.Add(slack) {
			continue // it was there already
		}
		if old, ok := best[l.to]; !ok || s.better(l, old) {
			best[l.to] = l
		}
	}
	for _, n := range s.machines() {
		if _, ok := best[n]; ok {
			continue
		}
		for _, l := range s.byLogon(n, 0) {
			if _, ok := best[l.to]; !ok {
				best[l.to] = l
			}
		}
	}
	out := uncircled(best)
	s.descend(out)
	moves := make([]finding.Move, 0, min(len(out), maxMoves))
	for _, l := range out[:min(len(out), maxMoves)] {
		if s.c.own(l.from) && s.c.own(l.to) {
			s.arrived[l.to] = l.Time
		}
		moves = append(moves, l.Move)
	}
	return moves
}

// better prefers acts that get somebody in over those that may not, then the
// earlier one.
func (s *scene) better(a, b leg) bool {
	if ga, gb := getsIn(a.Kind), getsIn(b.Kind); ga != gb {
		return ga
	}
	return a.Time < b.Time
}

// descend counts for each place the machines with traces that the path leads to
// from there, itself included.
func (s *scene) descend(legs []leg) {
	origin := map[node]node{}
	for _, l := range legs {
		origin[l.to] = l.from
	}
	for n := range s.traces {
		for ok := true; ok; n, ok = origin[n] {
			s.below[n]++
		}
	}
}

// uncircled are the legs in the order of time, without those that would close a
// circle: nobody arrives from where he has gone.
func uncircled(best map[node]leg) []leg {
	all := make([]leg, 0, len(best))
	for _, l := range best {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b leg) int {
		return cmp.Or(compareNodes(a.Time, b.Time, a.to, b.to), compareNodes(0, 0, a.from, b.from))
	})
	origin := map[node]node{}
	return slices.DeleteFunc(all, func(l leg) bool {
		for n, ok := l.from, true; ok; n, ok = origin[n] {
			if n == l.to {
				return true
			}
		}
		origin[l.to] = l.from
		return false
	})
}

// legs are the moves that one finding shows.
func (s *scene) legs(v *view) []leg {
	if v.kind == finding.Scanned || v.kind == finding.Resolved || v.rest {
		return nil
	}
	var out []leg
	for _, sub := range v.subjects {
		for _, p := range v.peers {
			switch {
			case v.camefrom(p) && s.c.own(sub):
				out = append(out, s.leg(v, p, sub))
			case s.c.own(sub) && s.c.own(p) && !v.camefrom(p) && getsIn(v.kindTo()):
				out = append(out, s.leg(v, sub, p))
			}
		}
		if mail := s.mailBefore(v, sub); mail != nil {
			out = append(out, *mail)
		}
	}
	return out
}

// mailBefore is the move by a message to the account that v shows on sub.
func (s *scene) mailBefore(v *view, sub node) *leg {
	if !uses(v.f, []attack.ID{"T1204", "T1059", "T1105", "T1574", "T1071", "T1027", "T1036", "T1566"}) {
		return nil
	}
	for _, n := range v.things {
		if all := s.mails[n]; len(all) > 0 && all[0].span.Start <= v.span.Start {
			m := all[0]
			l := s.leg(m, s.senderOf(m), sub)
			l.Kind, l.Account = finding.Sent, n.value
			l.Why = finding.Because("a message to the account %q (%s), before that account did something on %q: %s", n.value, m.f.Title, sub.value, v.f.Title)
			l.Findings = append(l.Findings, v.f.ID)
			return &l
		}
	}
	return nil
}

func (s *scene) senderOf(m *view) node {
	for _, e := range m.f.Entities {
		if e.Kind == "email" && e.Role == "sender" {
			return node{"email", e.Value}
		}
	}
	for _, n := range m.things {
		if n.kind == "email" {
			return n
		}
	}
	return node{"email", "unknown"}
}

func (s *scene) leg(v *view, from, to node) leg {
	l := leg{from: from, to: to}
	l.Move = finding.Move{
		From: s.entity(from), To: s.entity(to), Kind: v.kind, Time: v.span.Start, Confidence: v.f.Confidence,
		Findings: []string{v.f.ID}, Refs: v.f.Refs[:min(len(v.f.Refs), maxMoveRef)], Technique: technique(v),
	}
	for _, n := range v.things {
		if n.kind == "account" && l.Account == "" {
			l.Account = n.value
		}
	}
	l.Why = v.f.Title
	if len(v.f.Why) > 0 {
		l.Why += ": " + v.f.Why[0]
	}
	return l
}

// technique is the one that says how somebody moved.
func technique(v *view) attack.ID {
	for _, r := range relations {
		for _, id := range v.f.Techniques {
			if r.kind == v.kind && slices.Contains(r.techniques, id.Parent()) {
				return id
			}
		}
	}
	if len(v.f.Techniques) > 0 {
		return v.f.Techniques[0]
	}
	return ""
}

func (s *scene) entity(n node) record.Entity {
	e := n.entity()
	if s.c.aliases.isDevice(n) {
		e.Kind = "device"
	}
	return e
}

// byLogon looks among the logons for how machine n was reached: by an account
// of the incident, or from a machine of it, shortly before its first trace. A
// session of a VPN leads on to where it came from; so does the machine from
// which the logon came, for a few steps.
func (s *scene) byLogon(n node, depth int) []leg {
	const deep = 4
	first := s.first()
	if t := s.traces[n]; t != nil && t.span.Start != 0 {
		first = t.span.Start
	}
	if first == 0 || depth == deep {
		return nil
	}
	var found *host.LogonEdge
	var at record.Time
	for _, e := range s.edges {
		when := e.TS
		if e.Last <= first.Add(slack) {
			when = e.Last
		}
		from, user := s.c.endOf(e.From, e.TS), node{"account", s.c.accountOf(e.User)}
		switch {
		case e.Success == 0 || s.c.endOf(e.To, e.TS) != n || from == n || from.value == "":
			continue
		case when > first.Add(slack) || first.Sub(when) > before:
			continue
		case !s.accounts[user] && (first.Sub(when) > justBefore || !s.actsOn(n, user)):
			continue
		}
		if found == nil || when > at {
			found, at = e, when
		}
	}
	if found == nil {
		if legs := s.byVisit(n, first); legs != nil {
			return legs
		}
		return s.byAppliance(n, first)
	}
	from := s.c.endOf(found.From, found.TS)
	if ip, err := netip.ParseAddr(from.value); err == nil {
		if vpn, ok := s.c.aliases.cameBy(ip, at); ok {
			return s.byVPN(vpn, found, n, at)
		}
	}
	out := []leg{s.logonLeg(found, from, n, at)}
	if s.c.own(from) && s.traces[from] == nil {
		out = append(out, s.byLogon(from, depth+1)...)
	}
	return out
}

// byAppliance is two steps by the way of an appliance at which an account that
// acts on machine n came in from outside, when no logon on n shows from where
// it came.
func (s *scene) byAppliance(n node, first record.Time) []leg {
	t := s.traces[n]
	if t == nil {
		return nil
	}
	for _, e := range s.edges {
		device, from := s.c.endOf(e.To, e.TS), s.c.endOf(e.From, e.TS)
		user := node{"account", s.c.accountOf(e.User)}
		at := e.TS
		if first.Sub(at) > before {
			at = e.Last
		}
		if e.Success == 0 || device == n || !s.c.aliases.isDevice(device) || s.c.own(from) || !s.acting[user] || at > first || first.Sub(at) > before || s.atHome(e) {
			continue
		}
		if !s.actsOn(n, user) {
			continue
		}
		in := s.logonLeg(e, from, device, at)
		in.Technique = "T1133"
		in.Why = finding.Because("%q came in from %s at the appliance %q, before it acts on %q", e.User, e.From, device.value, n.value)
		on := leg{from: device, to: n}
		on.Move = finding.Move{
			From: s.entity(device), To: s.entity(n), Kind: finding.LoggedOn, Account: user.value, Technique: "T1078", Time: first, Confidence: 45,
			Why: finding.Because("%q, which had come in at %q %s before, acts here; no logon here shows from where it came", e.User, device.value, spell(first.Sub(at))), Refs: []record.Ref{e.Ref},
		}
		return []leg{in, on}
	}
	return nil
}

// actsOn tells whether an account acts in a finding on machine n, be it one that
// many machines see: shortly after a logon that is more than habit.
func (s *scene) actsOn(n, user node) bool {
	t := s.traces[n]
	return t != nil && user.value != "" && slices.ContainsFunc(t.views, func(v *view) bool { return slices.Contains(v.things, user) && !uses(v.f, asking) })
}

func (s *scene) logonLeg(e *host.LogonEdge, from, to node, at record.Time) leg {
	l := leg{from: from, to: to}
	how := ""
	if len(e.Types) > 0 {
		how = e.Types[0] + " "
	}
	l.Move = finding.Move{
		From: s.entity(from), To: s.entity(to), Kind: finding.LoggedOn, Account: s.c.accountOf(e.User), Technique: logonTechnique(e), Time: at, Confidence: 60,
		Why:  finding.Because("%slogon of %q on %q from %q, before the first trace there; no detector called it odd", how, e.User, e.To, e.From),
		Refs: []record.Ref{e.Ref},
	}
	return l
}

func logonTechnique(e *host.LogonEdge) attack.ID {
	switch {
	case slices.Contains(e.Types, "remote-desktop"):
		return "T1021.001"
	case slices.Contains(e.Types, "network"):
		return "T1021.002"
	}
	return "T1078"
}

// byVPN is two steps: from outside to the appliance, and with the address that
// it gave to the machine.
func (s *scene) byVPN(vpn vpnSession, e *host.LogonEdge, n node, at record.Time) []leg {
	in, on := s.vpnLegs(vpn, n)
	on = s.logonLeg(e, on.from, n, at)
	on.From = in.To
	on.Confidence = 70
	return []leg{in, on}
}
