package respond

import (
	"cmp"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// kinds of accounts in the order in which they are dealt with: what warns the
// intruder least and takes most from him first, what breaks work last.
const (
	madeKind = iota // made by the intruder
	usedKind        // used by him
	serviceKind
	exposedKind
)

var kindWords = [...]struct{ kind, do, careful string }{
	madeKind: {
		"made by the intruder", "Disable it and end its sessions; do not delete it: its identifier leads through the logs.",
		"",
	},
	usedKind: {
		"used by the intruder", "End its sessions and tickets, disable it, then give its owner a new password by hand, from a clean machine, after the first reset of krbtgt if there is one in this plan.",
		"The owner cannot work until handed the new password; agree how to reach them without mail or chat.",
	},
	serviceKind: {
		"service account", "Reset it together with whoever runs the service: set the new password where the service is set up, then in the directory, within the same minutes. Better, replace it by a managed account.",
		"The services that run as it stop between the two changes, and failed logons may lock it: change the service first.",
	},
	exposedKind: {
		"within the intruder's reach", "Reset it on the same day, after the accounts above; require a new password at the next logon.",
		"Mass resets draw calls to the help desk: tell it before, with a way to know callers.",
	},
}

// maxAccounts is how many accounts a plan lists.
const maxAccounts = 500

// accounts are those of an incident in the order in which they are disabled or
// reset.
func accounts(inc *finding.Incident, w *who) []Account {
	made := madeBy(inc)
	out := []Account{}
	for _, r := range inc.Reach {
		if r.Entity.Kind != "user" || nobody(r.Entity.Value) || len(out) == maxAccounts {
			continue
		}
		kind := usedKind
		switch {
		case made[r.Entity.Value]:
			kind = madeKind
		case servant(r.Entity.Value):
			kind = serviceKind
		case r.Grade == finding.Possibly:
			kind = exposedKind
		}
		words := kindWords[kind]
		a := Account{N: kind + 1, Name: r.Entity.Value, Kind: words.kind, Do: words.do, Careful: words.careful, Why: clip(r.Why), Findings: append([]string{}, r.Findings...)}
		if kind == serviceKind {
			a.Kind += ", by its name, " + [...]string{finding.Possibly: "within the intruder's reach", finding.Accessed: "used by the intruder", finding.Touched: "used by the intruder"}[r.Grade]
		}
		if home := appliance(inc, w, r.Entity.Value); home != "" {
			a.Careful = strings.TrimSpace(a.Careful + " The evidence has it on " + home + ": rebuilding that removes it; look for an account of that name in the directory too.")
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b Account) int { return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.Name, b.Name)) })
	n := 0
	last := 0
	for i := range out {
		if out[i].N != last {
			n, last = n+1, out[i].N
		}
		out[i].N = n
	}
	return out
}

// creation are techniques that make accounts.
var creation = []attack.ID{"T1136", "T1136.001", "T1136.002", "T1136.003"}

// madeBy are the accounts that findings say were made: their targets.
func madeBy(inc *finding.Incident) map[string]bool {
	out := map[string]bool{}
	for _, f := range inc.Findings {
		if !slices.ContainsFunc(f.Techniques, func(t attack.ID) bool { return slices.Contains(creation, t) }) {
			continue
		}
		for _, e := range f.Entities {
			if e.Kind == "user" && e.Role == "target" {
				out[account(e.Value)] = true
			}
		}
	}
	return out
}

// servant tells whether an account's name says that programs use it.
func servant(name string) bool {
	return strings.HasPrefix(name, "svc") || strings.HasPrefix(name, "srv_") || strings.HasPrefix(name, "service") || strings.HasSuffix(name, "$")
}

// appliance is the device that findings see an account on, when they see it
// nowhere else.
func appliance(inc *finding.Incident, w *who, name string) string {
	on := ""
	for _, f := range inc.Findings {
		if !slices.ContainsFunc(w.accountsOf([]*finding.Finding{f}), func(e record.Entity) bool { return e.Value == name }) {
			continue
		}
		for _, e := range f.Entities {
			if e.Kind != "host" && e.Kind != "device" {
				continue
			}
			if m := w.machine(e.Value); w.devices[m] {
				on = m
			} else {
				return ""
			}
		}
	}
	return on
}
