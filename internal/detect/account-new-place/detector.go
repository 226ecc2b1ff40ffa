// Package accountnewplace finds an account that is used where, whence or when it
// never was: from a host that is somebody else's, at an hour at which it was
// never active, on hosts it never touched. Habits come from this evidence and
// from what was kept between hunts.
package accountnewplace

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/habit"
)

// Detector joins what is new about an account within half a day.
var Detector = detect.Spec{
	ID:         "account-new-place",
	Title:      "Account used where or when it never was",
	Techniques: []attack.ID{"T1078"},
	Dossier:    []string{"TH-17"},
	New:        func(detect.Env) detect.Detector { return &detector{config: defaults, open: map[string]*group{}} },
}

// Config are the thresholds.
type Config struct {
	Window  time.Duration // what is new within it is one story
	Narrow  uint64        // places that an account of few habits logged on from: those of a person, or of a service
	Days    uint64        // on which it must have been active before
	Owners  uint64        // accounts, with this one, that a source may have had and still be somebody's, whom colleagues visit: more is a pool of addresses or a server for all
	Targets int           // new hosts that are many
}

var defaults = Config{Window: 12 * time.Hour, Narrow: 3, Days: 16, Owners: 8, Targets: 3}

const maxOpen = 1 << 14 // accounts with something new; when there are more, all are judged at once

// detector keeps what is new of each account within the window.
type detector struct {
	config Config
	open   map[string]*group
}

// group is what is new about one account within the window.
type group struct {
	first    *habit.Novelty
	trail    detect.Trail
	sources  []*habit.Novelty
	networks []*habit.Novelty
	targets  []*habit.Novelty
	routes   int
	odd      *habit.Novelty // at an hour at which it was never active
	doubted  string
}

// Handlers subscribes to what is new of accounts.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(n *habit.Novelty) bool { return n.Account != "" }, d.novelty),
		detect.AtEnd(d.judgeAll),
	}
}

func (d *detector) novelty(n *habit.Novelty, out detect.Reporter) {
	g := d.open[n.Account]
	if g != nil && n.TS.Sub(g.first.TS) > d.config.Window {
		d.judge(g, out)
		g = nil
	}
	if g == nil {
		if len(d.open) >= maxOpen {
			d.judgeAll(out)
		}
		g = &group{first: n}
		d.open[n.Account] = g
	}
	g.add(n)
}

func (g *group) add(n *habit.Novelty) {
	g.trail.Add(n)
	if n.OddHour && g.odd == nil {
		g.odd = n
	}
	if n.Doubted != "" {
		g.doubted = n.Doubted
	}
	same := func(o *habit.Novelty) bool { return o.Value == n.Value }
	switch n.Kind {
	case baseline.Source.String():
		if !slices.ContainsFunc(g.sources, same) {
			g.sources = append(g.sources, n)
		}
	case baseline.Target.String():
		if !slices.ContainsFunc(g.targets, same) {
			g.targets = append(g.targets, n)
		}
	case baseline.Network.String():
		if !slices.ContainsFunc(g.networks, same) {
			g.networks = append(g.networks, n)
		}
	case baseline.Route.String():
		g.routes++
	}
}

func (d *detector) judgeAll(out detect.Reporter) {
	for _, g := range d.open {
		d.judge(g, out)
	}
	clear(d.open)
}

// judge reports a group that is more than one step off the way.
func (d *detector) judge(g *group, out detect.Reporter) {
	var strange, others *habit.Novelty // sources
	for _, s := range g.sources {
		if strange == nil {
			strange = s
		}
		if s.Established && s.Holders <= d.config.Owners && (!isAddress(s.Value) || d.apart(g)) {
			others = s
		}
	}
	narrow := strange != nil && strange.Had <= d.config.Narrow && strange.ActiveDays >= d.config.Days
	many := len(g.targets) >= d.config.Targets
	severity, confidence := finding.Low, uint8(35)
	switch {
	case narrow && others != nil && g.odd != nil, narrow && others != nil && many, strange != nil && g.odd != nil && many:
		severity, confidence = finding.Medium, 55
	case narrow, strange != nil && g.odd != nil, g.odd != nil && len(g.targets) > 0:
	default:
		return // one new place of an account with many, as every week has
	}
	if g.odd != nil {
		confidence += 5
	}
	if g.doubted != "" {
		confidence += 5
	}
	f := g.trail.Finding(severity, confidence, g.reasons(strange, others)...)
	f.Entities = g.entities()
	f.Ask = []string{finding.Because("was it the owner of %q, and what for?", g.first.Account)}
	out.Report(f)
}

// apart tells whether an address that has no name is in a network from which the
// account never came, and which few use: addresses of a pool are anybody's.
func (d *detector) apart(g *group) bool {
	return slices.ContainsFunc(g.networks, func(n *habit.Novelty) bool { return n.Holders <= d.config.Owners })
}

func (g *group) reasons(strange, others *habit.Novelty) []string {
	n := g.first
	days := int(n.TS.Sub(n.Since) / (24 * time.Hour))
	when := ""
	if g.odd != nil {
		when = finding.Because(", at %s UTC, when it was never active", g.odd.TS.Std().Format("Mon 15:04"))
	}
	var why []string
	if strange != nil {
		why = append(why, finding.Because("in %d days %q logged on from %s; now from another, %s%s", days, n.Account, times(strange.Had, "host"), values(g.sources), when))
	} else {
		why = append(why, finding.Because("in %d days %q logged on to %s; now to another, %s%s", days, n.Account, times(g.targets[0].Had, "host"), values(g.targets), when))
	}
	if others != nil {
		why = append(why, finding.Because("%q is known since %s, and %s logged on from there before", others.Value, date(others.ValueSince), times(others.Holders-1, "other account")))
	}
	if strange != nil && len(g.targets) > 0 {
		why = append(why, finding.Because("it logged on to %s for the first time; it had used %s", values(g.targets), times(g.targets[0].Had, "host")))
	}
	if len(g.networks) > 0 {
		why = append(why, finding.Because("it came from %s for the first time", values(g.networks)))
	}
	if g.doubted != "" {
		why = append(why, finding.Because("some of it came before, while finding %s was about the account, and so is no habit", g.doubted))
	}
	return why
}

func (g *group) entities() []record.Entity {
	out := []record.Entity{{Kind: "user", Value: g.first.Account, Role: "target"}}
	for _, s := range g.sources {
		kind := "host"
		if isAddress(s.Value) {
			kind = "address"
		}
		out = append(out, record.Entity{Kind: kind, Value: s.Value, Role: "originator"})
	}
	for _, list := range [][]*habit.Novelty{g.sources, g.targets} {
		for _, n := range list {
			if n.Host != "" {
				out = append(out, record.Entity{Kind: "host", Value: n.Host})
			}
		}
	}
	if len(g.sources)+len(g.targets) == 0 {
		out = append(out, record.Entity{Kind: "host", Value: g.first.Host})
	}
	return out
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

const maxListed = 8

func values(list []*habit.Novelty) string {
	var out []string
	for _, n := range list[:min(len(list), maxListed)] {
		out = append(out, finding.Because("%q", n.Value))
	}
	if len(list) > maxListed {
		out = append(out, finding.Because("and %d others", len(list)-maxListed))
	}
	return strings.Join(out, ", ")
}

// most is the count that stands for more.
const most = 16

// times is a number of things in words.
func times(n uint64, what string) string {
	switch {
	case n == 0:
		return "no " + what
	case n == 1:
		return "1 " + what
	case n >= most:
		return finding.Because("%d %ss or more", most, what)
	}
	return finding.Because("%d %ss", n, what)
}

func date(t record.Time) string { return t.Std().Format(time.DateOnly) }
