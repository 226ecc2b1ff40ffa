// Package newlogonpairs finds an account that suddenly logs on between hosts it
// never joined before: the trace of a stolen credential in use.
package newlogonpairs

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector learns which account joins which hosts.
var Detector = detect.Spec{
	ID:         "new-logon-pairs",
	Title:      "Account logs on between hosts it never joined before",
	Techniques: []attack.ID{"T1078", "T1021"},
	Dossier:    []string{"TH-17"},
	New: func(detect.Env) detect.Detector {
		return &detector{accounts: recent.New[string, account](90*24*time.Hour, 1<<14)}
	},
}

const (
	window   = 2 * time.Hour      // dossier TH-17
	least    = 4                  // new pairs
	baseline = 3 * 24 * time.Hour // of the account's own logons before: without it every pair is new
	maxPairs = 512                // per account; one with more is a service's
)

// detector remembers each account's pairs for 90 days.
type detector struct{ accounts *recent.Map[string, account] }

type account struct {
	first record.Time
	pairs map[pair]bool
	fresh []fresh
	told  record.Time
}

type pair struct{ source, target string }

type fresh struct {
	pair
	rec *host.Logon
}

// Handlers subscribes to logons over the network that succeeded.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(wanted, d.logon)}
}

func wanted(l *host.Logon) bool {
	name := strings.ToLower(l.Target)
	return l.Outcome == "success" && (l.LogonType == 3 || l.LogonType == 10) && l.Source.IsValid() && !l.Source.IsLoopback() &&
		name != "" && !strings.HasSuffix(name, "$") && !strings.Contains(name, "anonymous")
}

func (d *detector) logon(l *host.Logon, out detect.Reporter) {
	a := d.accounts.At(strings.ToLower(l.Target), l.TS)
	if a.first == 0 {
		a.first, a.pairs = l.TS, map[pair]bool{}
	}
	p := pair{l.Source.String(), strings.ToLower(l.Host)}
	if a.pairs[p] || len(a.pairs) >= maxPairs {
		return
	}
	a.pairs[p] = true
	if l.TS.Sub(a.first) < baseline {
		return
	}
	a.fresh = append(slices.DeleteFunc(a.fresh, func(f fresh) bool { return l.TS.Sub(f.rec.TS) > window }), fresh{p, l})
	if len(a.fresh) < least || (a.told != 0 && l.TS.Sub(a.told) < window) {
		return
	}
	a.told = l.TS
	var trail detect.Trail
	var names []string
	for _, f := range a.fresh {
		trail.Add(f.rec)
		names = append(names, f.source+" to "+f.target)
	}
	out.Report(trail.Finding(finding.Medium, 55,
		finding.Because("%q logged on over %d pairs of hosts within %v that it had not used since %v: %s", l.Target, len(names), window, a.first, strings.Join(names, ", "))))
}
