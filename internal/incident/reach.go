package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Bounds of what is told of the reach.
const (
	maxReach      = 400 // places touched or accessed
	maxPossibly   = 100 // places within reach
	maxReachIDs   = 8   // findings and places in the evidence cited for each
	aroundTheTime = time.Hour
)

// reacher grades places and accounts.
type reacher struct {
	s     *scene
	at    map[node]*finding.Reach
	order []node
}

// reach is how far the intruder got: what something was done on or to, what was
// logged on to or read, and what the credentials and machines that he holds
// open. The last comes from logons seen in the evidence at any time.
func (s *scene) reach() []finding.Reach {
	x := &reacher{s: s, at: map[node]*finding.Reach{}}
	for _, v := range s.g.views {
		x.byFinding(v)
	}
	x.byLogon()
	x.byTheft()
	slices.SortStableFunc(x.order, func(a, b node) int {
		return cmp.Or(-cmp.Compare(x.at[a].Grade, x.at[b].Grade), compareNodes(x.at[a].First, x.at[b].First, a, b))
	})
	var out []finding.Reach
	possibly := 0
	for _, n := range x.order {
		r := x.at[n]
		if r.Grade == finding.Possibly {
			if possibly++; possibly > maxPossibly {
				continue
			}
		} else if len(out) == maxReach {
			continue
		}
		if r.Grade != finding.Possibly && s.c.own(n) {
			r.LogsFrom = s.logsFrom(n)
		}
		out = append(out, *r)
	}
	return out
}

// grade raises n to a grade. The reason of the highest grade stands, of equal
// ones the first, unless the later one is worse.
func (x *reacher) grade(n node, g finding.Grade, why string, worse bool) *finding.Reach {
	r := x.at[n]
	if r == nil {
		r = &finding.Reach{Entity: x.s.entity(n), Grade: g, Why: why}
		x.at[n] = r
		x.order = append(x.order, n)
	}
	if g > r.Grade || g == r.Grade && worse {
		r.Grade, r.Why = g, why
	}
	return r
}

func (x *reacher) byFinding(v *view) {
	cite := func(n node, g finding.Grade, why string) {
		r := x.grade(n, g, why, false)
		if t := x.s.traces[n]; t != nil && t.worst == v && g == r.Grade {
			r.Why = why
		}
		if !v.rest && g > finding.Possibly {
			span := record.Span{Start: r.First, End: r.Last}
			span.Grow(v.span.Start)
			span.Grow(v.span.End)
			r.First, r.Last = span.Start, span.End
		}
		if len(r.Findings) < maxReachIDs {
			r.Findings = append(r.Findings, v.f.ID)
			if len(v.f.Refs) > 0 && !slices.Contains(r.Refs, v.f.Refs[0]) {
				r.Refs = append(r.Refs, v.f.Refs[0])
			}
		}
	}
	for _, n := range v.subjects {
		if x.s.c.own(n) {
			g, why := finding.Touched, v.f.Title
			switch {
			case v.kind == finding.Scanned && !slices.Contains(v.actors, n):
				g = finding.Possibly
			case x.s.c.passedOn(v, n):
				g, why = finding.Possibly, "it passed on a question for a name: "+v.f.Title
			}
			cite(n, g, why)
		}
	}
	for _, n := range v.peers {
		if x.s.c.own(n) && !v.camefrom(n) {
			g, why := peerGrade(v)
			cite(n, g, why)
		}
	}
	for _, n := range v.things {
		if n.kind != "account" {
			continue
		}
		if len(v.subjects) == 0 {
			cite(n, finding.Possibly, "a message was sent to it: "+v.f.Title)
		} else if !x.s.c.hubs[n] {
			cite(n, finding.Touched, "it acts in: "+v.f.Title)
		}
	}
}

// asks tells whether v is about questions for names alone.
func asks(v *view) bool {
	return uses(v.f, []attack.ID{"T1071.004", "T1568"}) && slices.ContainsFunc(v.f.Entities, func(e record.Entity) bool { return e.Kind == "domain" })
}

// peerGrade is how far the other end of a finding was reached.
func peerGrade(v *view) (finding.Grade, string) {
	switch v.kindTo() {
	case finding.Ran, finding.Wrote, finding.Configured:
		return finding.Touched, v.f.Title
	case finding.Scanned:
		return finding.Possibly, "it was asked, and nothing shows that it let anybody in: " + v.f.Title
	case finding.Resolved:
		return finding.Possibly, "it was asked for names: " + v.f.Title
	}
	return finding.Accessed, v.f.Title
}

// byLogon grades the targets of logons: accessed where the intruder's account
// came from one of his machines in his time, possibly where only the account or
// only the machine is his.
func (x *reacher) byLogon() {
	start, end := x.s.g.span.Start.Add(-aroundTheTime), x.s.g.span.End.Add(aroundTheTime)
	if x.s.g.span.Start == 0 {
		return
	}
	for _, e := range x.s.edges {
		if e.Success == 0 || strings.HasSuffix(e.User, "$") {
			continue
		}
		from, to := x.s.c.endOf(e.From, e.TS), x.s.c.endOf(e.To, e.TS)
		mine, his := x.s.traces[from] != nil, x.s.accounts[node{"account", x.s.c.accountOf(e.User)}]
		if to.value == "" || from == to {
			continue
		}
		switch {
		case mine && his && e.Last >= start && e.TS <= end:
			r := x.grade(to, finding.Accessed, finding.Because("%q logged on from %q, %s, at the intruder's time or around it", e.User, e.From, times(e.Success)), false)
			x.cite(r, e)
		case his:
			r := x.grade(to, finding.Possibly, finding.Because("the account %q, which the intruder used, can log on: it did so %s, first from %q", e.User, times(e.Success), e.From), false)
			x.cite(r, e)
		case mine:
			r := x.grade(to, finding.Possibly, finding.Because("%q logs on to it from %q, which the intruder was on: its credentials or session may be his", e.User, e.From), false)
			x.cite(r, e)
		}
	}
}

// times counts in words.
func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (x *reacher) cite(r *finding.Reach, e *host.LogonEdge) {
	if len(r.Refs) < maxReachIDs {
		r.Refs = append(r.Refs, e.Ref)
	}
	if r.Grade == finding.Accessed && len(r.Findings) == 0 {
		span := record.Span{Start: r.First, End: r.Last}
		span.Grow(e.TS)
		span.Grow(e.Last)
		r.First, r.Last = span.Start, span.End
	}
}

// theft are techniques that take the credentials of those who are or were
// logged on to a machine; directoryTheft those of everybody.
var (
	theft          = []attack.ID{"T1003.001", "T1003.002", "T1003.004", "T1003.005", "T1555", "T1552", "T1558.003"}
	directoryTheft = []attack.ID{"T1003.003", "T1003.006"}
)

// directories are the machines whose directory was taken: domain controllers,
// or, where the evidence knows none, those that findings of such theft name.
func (x *reacher) directories() map[node]bool {
	known, named := map[node]bool{}, map[node]bool{}
	for _, v := range x.s.events {
		if !uses(v.f, directoryTheft) {
			continue
		}
		target := v.peers
		if len(target) == 0 {
			target = v.subjects
		}
		for _, n := range target {
			named[n] = x.s.c.own(n)
		}
		for _, n := range slices.Concat(v.subjects, v.peers) {
			if x.s.c.aliases.issues(n) {
				known[n] = true
			}
		}
	}
	if len(known) > 0 {
		return known
	}
	return named
}

// byTheft grades accounts whose credentials were within reach.
func (x *reacher) byTheft() {
	robbed := map[node]*view{}
	directories := x.directories()
	for _, v := range x.s.events {
		if v.f.Severity < finding.Medium {
			continue
		}
		switch {
		case uses(v.f, directoryTheft):
			for _, n := range slices.Concat(v.subjects, v.peers) {
				if directories[n] {
					x.grade(node{"directory", n.value}, finding.Possibly, "the secrets of every account it holds were taken: whatever trusts it is within reach ("+v.f.Title+")", false).Findings = []string{v.f.ID}
				}
			}
		case uses(v.f, theft):
			for _, n := range v.subjects {
				if robbed[n] == nil {
					robbed[n] = v
				}
			}
		}
	}
	for _, e := range x.s.edges {
		n := x.s.c.endOf(e.To, e.TS)
		name := x.s.c.accountOf(e.User)
		if v := robbed[n]; v != nil && e.Success > 0 && name != "" {
			r := x.grade(node{"account", name}, finding.Possibly, finding.Because("it was logged on to %q, where credentials were read: %s", n.value, v.f.Title), false)
			x.cite(r, e)
		}
	}
}

// logsFrom is when the evidence of machine n begins, if that is so late that it
// may hide earlier traces.
func (s *scene) logsFrom(n node) record.Time {
	t := s.traces[n]
	if t == nil || t.span.Start == 0 {
		return 0
	}
	var from record.Time
	for _, v := range t.views {
		for _, r := range v.f.Refs {
			if span, ok := s.c.opt.Files[r.File]; ok && span.Start != 0 && (from == 0 || span.Start < from) {
				from = span.Start
			}
		}
	}
	if from == 0 || t.span.Start.Sub(from) > day {
		return 0
	}
	return from
}
