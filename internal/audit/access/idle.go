package access

import (
	"fmt"
	"slices"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// dormant are accounts that exist, work, and were not used for long.
func (a *Audit) dormant(v *view) (lines []Line) {
	end := a.span.End
	limit := end.Add(-a.opt.Dormant)
	if a.span.Start == 0 || a.span.Start > limit {
		return nil // the evidence is too short to tell; unseen says so
	}
	need := int(a.opt.Dormant/day) / 2 // logs of weekends may be empty
	for _, x := range v.people {
		if x.span.End > limit || builtIn.MatchString(x.user) || x.gone() {
			continue
		}
		var refs []record.Ref
		exists := ""
		switch {
		case x.span.End != 0:
			exists = fmt.Sprintf("it logged on last on %s", dayOf(x.span.End))
		case x.created.n > 0 && x.created.at <= limit:
			exists, refs = fmt.Sprintf("it was made on %s and never logged on", dayOf(x.created.at)), x.created.refs()
		case x.enabled.n > 0 && x.enabled.at <= limit:
			exists, refs = fmt.Sprintf("it was switched on on %s and never logged on", dayOf(x.enabled.at)), x.enabled.refs()
		case x.entry != nil && !x.entry.Disabled:
			exists = "the inventory has it, and no logon is in the evidence"
		default:
			continue // named by a failed logon or a change alone
		}
		from := max(limit, x.span.End)
		if x.created.n > 0 && x.created.at > limit {
			continue
		}
		hosts := v.controllers
		sure, doubt := len(hosts) > 0, "no domain controller's log is in the evidence: logons elsewhere are not seen"
		if x.local != "" {
			hosts, sure = []string{x.local}, true
			if a.machines[x.local] == nil {
				continue
			}
		} else if len(hosts) == 0 {
			for at := range x.uses {
				hosts = append(hosts, at)
			}
		}
		hosts = slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return a.machines[h] == nil })
		if seen := a.since(hosts, from); seen < need {
			continue // the hosts that would have seen it recorded too little
		}
		if x.domain == "" && x.local == "" {
			sure, doubt = false, "its domain or host is not known: it may be used where nothing is recorded"
		}
		l := Line{
			Class: Dormant, Account: x.name, Severity: finding.Low, Sure: sure, First: stamp(x.span.Start), Last: stamp(x.span.End), at: x.span.End, Owner: x.owner(),
			Says:    fmt.Sprintf("was not used in the last %s of the evidence, which has records of %d of those days where it would be seen", days(end.Sub(from)), a.since(hosts, from)),
			Reasons: []Reason{because(refs, "%s", exists)},
			Do:      "ask its owner; disable it first, and delete it when nobody has missed it for a month",
		}
		if !sure {
			l.Doubt = doubt
		}
		if x.failed.n > 0 && x.failed.last > limit {
			l.Severity = finding.Medium
			l.Reasons = append(l.Reasons, because(x.failed.refs(), "%s somebody failed to log on with it, last on %s", times(x.failed.n), dayOf(x.failed.last)))
		}
		if x.privileged() {
			l.Severity = finding.Medium
			l.Reasons = append(l.Reasons, v.privileges(x)...)
			if x.entry != nil && x.entry.Privileged {
				l.Reasons = append(l.Reasons, because(nil, "the inventory says that it is privileged"))
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// gone tells whether the account was deleted or switched off.
func (x *account) gone() bool {
	return x.deleted.n > 0 && x.deleted.last >= x.created.last || x.disabled.n > 0 && x.disabled.last >= x.enabled.last || x.entry != nil && x.entry.Disabled
}

// stale are passwords that are old: by the inventory, or because tickets are
// given by a key that passwords set since 2008 would have replaced.
func (a *Audit) stale(v *view) (lines []Line) {
	strong := 0
	for _, x := range v.people {
		if x.strong.n > 0 {
			strong++
		}
	}
	for _, x := range v.all {
		if e := x.entry; e != nil && e.PasswordSet != 0 && x.reset.n == 0 && !x.gone() {
			age := a.span.End.Sub(e.PasswordSet)
			if age < a.opt.Stale {
				continue
			}
			l := Line{
				Class: Stale, Account: x.name, Severity: finding.Low, Sure: true, at: e.PasswordSet, First: stamp(e.PasswordSet), Last: stamp(x.span.End), Owner: x.owner(),
				Says:    fmt.Sprintf("has a password that was last set %s before the end of the evidence", days(age)),
				Reasons: []Reason{because(nil, "the inventory says that it was set on %s, and no reset is in the evidence", e.PasswordSet.Std().UTC().Format(time.DateOnly))},
				Do:      "set a new one; make a service's account a managed one, whose password changes by itself",
			}
			if x.privileged() || x.user == "krbtgt" {
				l.Severity = finding.Medium
			}
			if x.user == "krbtgt" {
				l.Do = "reset it twice, the second time when all tickets have run out"
			}
			lines = append(lines, l)
			continue
		}
		if x.machine || x.weak.n == 0 || x.strong.n > 0 || strong < 3 || x.reset.n > 0 {
			continue
		}
		lines = append(lines, Line{
			Class: Stale, Account: x.name, Severity: finding.Low, Sure: false, Doubt: "a client or a setting may ask for RC4 as well", at: x.weak.at, First: stamp(x.weak.at), Last: stamp(x.weak.last), Owner: x.owner(),
			Says:    fmt.Sprintf("gets its tickets by RC4 only, while %d accounts of the same domain get theirs by AES: its password is probably older than the domain's AES keys", strong),
			Reasons: []Reason{because(x.weak.refs(), "%s since %s", times(x.weak.n), dayOf(x.weak.at))},
			Do:      "set a new password, which makes AES keys, and switch RC4 off when no account needs it",
		})
	}
	return lines
}
