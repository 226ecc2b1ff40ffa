// Package newlogonpairs finds an account that suddenly logs on between hosts it
// never joined before: the trace of a stolen credential in use.
package newlogonpairs

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/detect/lease"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dhcp"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector learns which account joins which hosts.
var Detector = detect.Spec{
	ID:         "new-logon-pairs",
	Title:      "Account logs on between hosts it never joined before",
	Techniques: []attack.ID{"T1078", "T1021"},
	Dossier:    []string{"TH-17"},
	New: func(env detect.Env) detect.Detector {
		return &detector{past: env.Past, accounts: recent.New[string, account](90*24*time.Hour, 1<<14)}
	},
}

const (
	window   = 2 * time.Hour      // dossier TH-17
	least    = 4                  // new pairs
	leastNew = 2                  // of them to hosts that it had never used
	wide     = 16                 // hosts that it had used: an administrator's account has a new one every week, and needs four
	learn    = 3 * 24 * time.Hour // of the account's own logons before: without it every pair is new
	maxPairs = 512                // per account; one with more is a service's
)

// detector remembers each account's pairs for 90 days, besides what was learned
// in hunts before.
type detector struct {
	past     *baseline.Past
	leases   lease.Names
	accounts *recent.Map[string, account]
}

type account struct {
	first   record.Time
	pairs   map[pair]bool
	targets map[string]bool
	fresh   []fresh
	told    record.Time
}

type pair struct{ source, target string }

type fresh struct {
	pair
	rec   *host.Logon
	newTo bool // the target is new as well, and not only reached from elsewhere
}

// Handlers subscribes to logons over the network that succeeded.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(wanted, d.logon),
		detect.On(func(r *dhcp.Record, _ detect.Reporter) { d.leases.Learn(r) }),
	}
}

func wanted(l *host.Logon) bool {
	name := strings.ToLower(l.Target)
	return l.Outcome == "success" && (l.LogonType == 3 || l.LogonType == 10) && l.Source.IsValid() && !l.Source.IsLoopback() &&
		name != "" && !strings.HasSuffix(name, "$") && !strings.Contains(name, "anonymous")
}

func (d *detector) logon(l *host.Logon, out detect.Reporter) {
	name := strings.ToLower(l.Target)
	a := d.accounts.At(name, l.TS)
	if a.first == 0 {
		a.first, a.pairs, a.targets = l.TS, map[pair]bool{}, map[string]bool{}
	}
	p := pair{d.source(l), strings.ToLower(l.Host)}
	if a.pairs[p] || len(a.pairs) >= maxPairs {
		return
	}
	a.pairs[p] = true
	who := baseline.Account(name)
	_, been := d.past.Knew(baseline.Target, who, p.target, l.TS)
	been = been || a.targets[p.target]
	a.targets[p.target] = true
	if _, knew := d.past.Knew(baseline.Route, who, p.source+" > "+p.target, l.TS); knew {
		return
	}
	since := a.first
	switch span, known := d.past.Memory().Span(who); {
	case d.past.Settled(who, l.TS):
		since = span.First.Time()
	case known || l.TS.Sub(a.first) < learn:
		return // an account that is young in what was kept, or in this evidence
	}
	a.fresh = append(slices.DeleteFunc(a.fresh, func(f fresh) bool { return l.TS.Sub(f.rec.TS) > window }), fresh{p, l, !been})
	if len(a.fresh) < least || (a.told != 0 && l.TS.Sub(a.told) < window) {
		return
	}
	a.told = l.TS
	var trail detect.Trail
	var names, unknown []string
	for _, f := range a.fresh {
		trail.Add(f.rec)
		if f.newTo {
			unknown = append(unknown, f.target)
		}
		names = append(names, f.source+" to "+f.target)
	}
	why := []string{finding.Because("%q logged on over %d pairs of hosts within %v that it had not used since %v: %s", l.Target, len(names), window, since, strings.Join(names, ", "))}
	severity, confidence := finding.Low, uint8(40) // its own hosts from another machine: a new one, or another desk
	if len(unknown) >= leastNew && (len(unknown) >= least || max(len(a.targets)-len(unknown), d.past.Memory().Had(who)["target"]) < wide) {
		severity, confidence = finding.Medium, 55
		why = append(why, finding.Because("it had never logged on to %s", strings.Join(unknown, ", ")))
	}
	out.Report(trail.Finding(severity, confidence, why...))
}

// source is the host that a logon came from, by the name that its client gives or
// that its address was leased to: addresses change.
func (d *detector) source(l *host.Logon) string {
	if n := strings.ToLower(strings.TrimLeft(l.SourceHost, `\`)); n != "" && n != "-" {
		return n
	}
	return d.leases.Name(l.Source, l.TS)
}
