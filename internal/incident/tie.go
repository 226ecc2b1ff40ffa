package incident

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// threshold is the probability from which two findings are of one incident.
const threshold = 0.5

// family groups ties that depend on each other: a host and its address say
// the same thing twice, an account and a hash do not.
type family uint8

const (
	place   family = iota // own hosts and addresses
	who                   // accounts, mailboxes, sessions
	outward               // outside addresses and domains
	tool                  // files and digests
	allFamilies
)

// part is what a node does in a view.
type part uint8

const (
	acts    part = iota // it is about this node
	reached             // it was at the other end
	thing               // neither a host nor an address
)

// tie is a value by which views can be joined.
type tie struct {
	node
	part part
}

// bond is how strongly a shared value joins two views: strength when they
// coincide, just the threshold when they are window apart.
type bond struct {
	strength float64
	window   time.Duration
}

// at is the probability at a distance in time. The curve is exponential and
// passes the threshold at the window; what is weaker than the threshold halves
// there.
func (b bond) at(gap time.Duration) float64 {
	if b.window == forever {
		return b.strength
	}
	half := threshold
	if b.strength > threshold {
		half = threshold / b.strength
	}
	return b.strength * math.Pow(half, float64(gap)/float64(b.window))
}

// ties are the values of v that may tell intrusions apart.
func (c *builder) ties(v *view) []tie {
	out := make([]tie, 0, len(v.subjects)+len(v.peers)+len(v.things)+1)
	for _, n := range v.subjects {
		switch {
		case c.hub(n) && !c.own(n), c.passedOn(v, n): // a resolver that passes on a question did nothing
		case v.asked():
			out = append(out, tie{n, reached})
		default:
			out = append(out, tie{n, acts})
		}
	}
	for _, n := range v.peers {
		if c.answers(v, n) {
			continue
		}
		if !c.hub(n) || (c.own(n) && getsIn(v.kindTo())) {
			out = append(out, tie{n, reached})
		}
	}
	for _, n := range v.things {
		switch {
		case n.kind == "file" || n.kind == "session":
		case n.kind == "hash" && (v.system || c.common[n]):
			continue // every machine has this program
		case c.hubs[n] || isShared(n.value):
			continue
		case n.kind == "domain" && slices.ContainsFunc(v.actors, func(a node) bool { return !c.own(a) }):
			continue // whom strangers visit is ours, and everybody does
		}
		out = append(out, tie{n, thing})
	}
	return out
}

// asked tells whether the machines that v is about were only asked from outside,
// and did nothing.
func (v *view) asked() bool {
	return v.kind == finding.Scanned && !slices.ContainsFunc(v.subjects, v.camefrom)
}

// passedOn tells whether n is in v as a resolver that asked on behalf of another:
// it puts questions itself and others put theirs to it.
func (c *builder) passedOn(v *view, n node) bool {
	if !c.own(n) {
		return false
	}
	return c.hub(n) && asks(v) || c.resolvers[n] && slices.Contains(v.actors, n) && slices.ContainsFunc(v.f.Entities, queried)
}

func queried(e record.Entity) bool { return e.Kind == "domain" && e.Role == "queried" }

// answers tells whether n is in v as the server that a question of DNS was put
// to: it answers everybody's.
func (c *builder) answers(v *view, n node) bool {
	if n.kind != "address" || v.camefrom(n) || !slices.ContainsFunc(v.f.Entities, queried) {
		return false
	}
	return slices.Contains(v.f.Techniques, "T1071.004") || c.aliases.answered(n.value)
}

// bond is how an earlier view a and a later view b are joined by n, which has
// the given part in each.
func (c *builder) bond(n node, a, b *view, pa, pb part) (bond, family) {
	switch {
	case n.kind == "host" || n.kind == "address":
		if c.own(n) {
			return c.placeBond(n, a, b, pa, pb), place
		}
		s := 0.95
		if a.kind == finding.Scanned || b.kind == finding.Scanned {
			s = 0.3
		}
		return bond{s, longStay}, outward
	case n.kind == "account":
		return c.accountBond(n, a, b), who
	case n.kind == "session":
		return bond{0.98, oneMove}, who
	case n.kind == "email":
		return bond{0.9, longStay}, who
	case n.kind == "domain":
		return bond{0.9, longStay}, outward
	case n.kind == "file" && elsewhere(a, b):
		return bond{0.65, forever}, tool // pages of one name on two servers
	case n.kind == "file":
		return bond{0.85, forever}, tool
	}
	return bond{0.95, forever}, tool
}

// placeBond: acting on the same machine binds for a quarter of a year, reaching
// it and then acting on it for two weeks. That it acted and was then reached
// joins nothing alone: whoever sweeps the machines of a network reaches those
// that another intruder holds, too. What many use binds less the more it is
// everybody's: a server, then a domain controller.
func (c *builder) placeBond(n node, a, b *view, pa, pb part) bond {
	hub, dc := c.hub(n), c.aliases.issues(n)
	switch {
	case pa == acts && pb == acts:
		out := bond{0.97, longStay}
		if dc {
			out = bond{0.9, hubStay}
		}
		if hub && strangers(a, b) {
			out.strength *= 0.5
		}
		return out
	case pa == reached && pb == reached:
		if hub {
			return bond{}
		}
		return bond{0.85 * min(c.reach(a), c.reach(b)), oneMeeting}
	case pa == reached: // it was reached, then acts
		out := bond{c.reach(a), oneMove}
		if dc {
			out.window = atOnce
		} else if hub {
			out.window = oneLogin
		}
		return out
	default: // it had acted before it was reached: by somebody else, as well as by who was there already
		if dc {
			return bond{}
		}
		out := bond{0.5 * c.reach(b), oneMove / 2}
		if hub {
			out.window = atOnce
		}
		return out
	}
}

// reach is how much v says about those it reached. Machines that reach
// everybody all the time say little by it, unless the finding is sure: an
// intruder may sit on the administrator's machine, too.
func (c *builder) reach(v *view) float64 {
	s := strength(v.kindTo())
	switch {
	case !slices.ContainsFunc(v.subjects, func(n node) bool { return c.sweepers[n] }):
	case v.f.Confidence >= sure:
		s *= 0.75
	default:
		s *= 0.3
	}
	return s
}

// sure is the confidence from which a finding is not explained by habit.
const sure = 70

// strangers tells whether two views name accounts, and none in common, and
// nobody at the other end in common either.
func strangers(a, b *view) bool {
	var mine, theirs int
	for _, n := range a.things {
		if n.kind == "account" || n.kind == "session" {
			mine++
			if slices.Contains(b.things, n) {
				return false
			}
		}
	}
	for _, n := range b.things {
		if n.kind == "account" || n.kind == "session" {
			theirs++
		}
	}
	for _, n := range a.peers {
		if slices.Contains(b.peers, n) {
			return false
		}
	}
	return mine > 0 && theirs > 0
}

// accountBond: an account that is misused binds for days, one that many
// machines see every day hardly.
func (c *builder) accountBond(n node, a, b *view) bond {
	switch {
	case c.popular[n] && (c.comesIn(a) || c.comesIn(b)): // widely used, and yet this use of it is odd
		return bond{0.7, before}
	case c.popular[n]:
		return bond{0.4, day}
	case len(a.subjects) == 0 || len(b.subjects) == 0: // a message to its owner
		return bond{0.9, oneLogin}
	case elsewhere(a, b):
		return bond{0.75, oneLogin}
	}
	return bond{0.85, oneLogin}
}

// comesIn tells whether v is about somebody who came in from outside under an
// account.
func (c *builder) comesIn(v *view) bool {
	return uses(v.f, []attack.ID{"T1078", "T1133"}) && slices.ContainsFunc(v.actors, func(n node) bool { return n.kind == "address" && !c.own(n) })
}

// elsewhere tells whether two views are about different machines.
func elsewhere(a, b *view) bool {
	if len(a.subjects) == 0 || len(b.subjects) == 0 {
		return false
	}
	return !slices.ContainsFunc(a.subjects, func(n node) bool { return slices.Contains(b.subjects, n) })
}

// sureness shortens windows of findings that may well be wrong: an accident on
// the same machine a month later is no intruder's return.
func sureness(a, b *view) float64 {
	x := float64(min(a.f.Confidence, b.f.Confidence)) / 60
	return min(max(x*x, 0.1), 1)
}

// shared is one value that two views share, with its probability.
type shared struct {
	node
	pa, pb part
	p      float64
	gap    time.Duration
}

// kinship is what speaks for two views, or a view and a group, being of one
// intrusion: the best of each family.
type kinship struct {
	best [allFamilies]shared
	with [allFamilies]int // index of the view that shares it
}

// add takes a shared value into account.
func (k *kinship) add(f family, s shared, with int) {
	if s.p > k.best[f].p {
		k.best[f], k.with[f] = s, with
	}
}

// p combines the families, which do not depend on each other: one minus the
// product of what each leaves open (noisy-or).
func (k *kinship) p() float64 {
	open := 1.0
	for _, s := range k.best {
		open *= 1 - s.p
	}
	return 1 - open
}

// order is the families that count, strongest first.
func (k *kinship) order() []family {
	var out []family
	for f := range allFamilies {
		if k.best[f].p > 0 {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b family) int {
		switch {
		case k.best[a].p > k.best[b].p:
			return -1
		case k.best[a].p < k.best[b].p:
			return 1
		}
		return 0
	})
	return out
}

// join is what k says in words, of view b and the earlier views it names.
func (k *kinship) join(views []*view, b *view) finding.Join {
	order := k.order()
	j := finding.Join{Finding: b.f.ID, With: views[k.with[order[0]]].f.ID, Probability: k.p()}
	var why []string
	for _, f := range order {
		s := k.best[f]
		j.Shared = append(j.Shared, s.entity())
		why = append(why, s.words(views[k.with[f]]))
	}
	j.Because = strings.Join(why, "; ")
	return j
}

// words say what is shared.
func (s *shared) words(a *view) string {
	apart := ", at the same time"
	switch {
	case s.gap < 0:
		apart = ", at a time that files at rest do not tell"
	case s.gap >= time.Second:
		apart = ", " + spell(s.gap) + " apart"
	}
	var what string
	switch {
	case s.kind == "account":
		what = fmt.Sprintf("both use the account %q", s.value)
	case s.kind == "session":
		what = fmt.Sprintf("both are of the session %q", s.value)
	case s.kind == "email":
		what = fmt.Sprintf("both name the mailbox %q", s.value)
	case s.kind == "hash":
		what = fmt.Sprintf("both are about the file with digest %q", s.value)
	case s.kind == "file", s.kind == "domain":
		what = fmt.Sprintf("both name %q", s.value)
	case s.pa == acts && s.pb == acts:
		what = fmt.Sprintf("both happen on %q", s.value)
	case s.pa == reached && s.pb == reached:
		what = fmt.Sprintf("%q is at the other end of both", s.value)
	case s.pa == reached:
		what = fmt.Sprintf("%q was reached (%s) and then acts itself", s.value, a.kindTo())
	default:
		what = fmt.Sprintf("%q acts, and is then at the other end", s.value)
	}
	return fmt.Sprintf("%s%s (%.2f)", what, apart, s.p)
}

// spell is a duration in the unit that a person would use.
func spell(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}
