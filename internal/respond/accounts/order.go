package accounts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// Order is the order in which the accounts of an incident are dealt with.
func Order(inc *finding.Incident, use *Use) Plan {
	if use == nil {
		use = NewUse([]*finding.Incident{inc})
	}
	o := &orderer{inc: inc, use: use, made: madeBy(inc), machines: map[string]bool{}}
	for _, r := range inc.Reach {
		if r.Entity.Kind == "host" && r.Grade != finding.Possibly {
			o.machines[short(r.Entity.Value)] = r.Grade == finding.Touched
		}
		if r.Entity.Kind == "directory" {
			o.directory = append(o.directory, r)
		}
	}
	o.collect()
	return o.plan()
}

type orderer struct {
	inc       *finding.Incident
	use       *Use
	made      map[string]bool
	machines  map[string]bool // hosts accessed; true: touched
	directory []finding.Reach // directories whose secrets were taken
	accounts  []Account
}

// collect lists the accounts of the incident.
func (o *orderer) collect() {
	taken := map[string]bool{}
	for _, r := range o.inc.Reach {
		if r.Entity.Kind != "user" {
			continue
		}
		k := key(r.Entity.Value)
		if isNobody(k) || taken[k] || r.Grade == finding.Possibly && o.onlyWritten(r.Findings) {
			continue
		}
		taken[k] = true
		grade := Used
		if r.Grade == finding.Possibly {
			grade = Exposed
		}
		o.accounts = append(o.accounts, o.account(k, grade, r.Why, r.Findings))
	}
	// Machine accounts of hosts on which something was done: whoever had the host
	// has its secret too.
	for _, name := range slices.Sorted(maps.Keys(o.machines)) {
		if k := name + "$"; o.machines[name] && !taken[k] && !strings.Contains(name, ":") && strings.Trim(name, "0123456789.") != "" && o.use.seen[k] != nil {
			taken[k] = true
			o.accounts = append(o.accounts, o.account(k, Exposed, "the intruder acted on its machine, which holds its secret", nil))
		}
	}
	if o.domainLost() == "" {
		return
	}
	// The directory is lost: everybody's secret is. Those with rights by name, but
	// for those of other domains.
	lost := o.use.domains(o.lostControllers())
	for _, k := range slices.Sorted(maps.Keys(o.use.seen)) {
		u := o.use.seen[k]
		kind := kindOf(k, u)
		if taken[k] || kind == Machine || kind == Person || isNobody(k) || kind == Tickets {
			continue
		}
		if len(u.hosts) == 0 && len(u.services) == 0 && !u.privileged || !u.of(lost) {
			continue
		}
		o.accounts = append(o.accounts, o.account(k, Exposed, "its secret is in the directory that was taken", nil))
	}
}

// onlyWritten tells whether all that is known is that somebody was written to.
func (o *orderer) onlyWritten(ids []string) bool {
	some := false
	for _, f := range o.inc.Findings {
		if !slices.Contains(ids, f.ID) {
			continue
		}
		for _, t := range f.Techniques {
			if p := string(t.Parent()); p != "T1566" && p != "T1598" && p != "T1036" && p != "T1656" {
				return false
			}
			some = true
		}
	}
	return some
}

// account puts together what is known of one.
func (o *orderer) account(k string, grade Grade, why string, ids []string) Account {
	u := o.use.seen[k]
	a := Account{Name: k, Kind: kindOf(k, u), Grade: grade, Why: strings.Join(strings.Fields(why), " "), Findings: slices.Clone(ids), Hosts: []string{}, Types: []string{}, Services: []string{}}
	if o.made[k] {
		a.Kind = Made
	}
	for _, f := range o.inc.Findings {
		for _, e := range f.Entities {
			if e.Kind == "user" && key(e.Value) == k {
				if f.Start != 0 && (a.First == 0 || f.Start < a.First) {
					a.First = f.Start
				}
				a.Findings = append(a.Findings, f.ID)
				break
			}
		}
	}
	slices.Sort(a.Findings)
	a.Findings = slices.Compact(a.Findings)
	a.Findings = append([]string{}, a.Findings[:min(len(a.Findings), maxNamed)]...)
	if u == nil {
		return a
	}
	a.Privileged = u.privileged
	a.HostCount = len(u.hosts) + int(u.more)
	a.Hosts = slices.Sorted(maps.Keys(u.hosts))
	a.Hosts = a.Hosts[:min(len(a.Hosts), maxNamed)]
	a.Types = slices.Sorted(maps.Keys(u.types))
	a.Services = append(a.Services, slices.Sorted(slices.Values(u.services))...)
	if a.Hosts == nil {
		a.Hosts = []string{}
	}
	if a.Types == nil {
		a.Types = []string{}
	}
	return a
}

// golden are techniques that need, or give, the secret of krbtgt or of every
// account: NTDS, DCSync, golden ticket, skeleton key.
var golden = []string{"T1003.003", "T1003.006", "T1558.001", "T1556.001", "T1207"}

// domainLost says why the secrets of the whole domain must be taken for known,
// or "".
func (o *orderer) domainLost() string {
	for _, f := range o.inc.Findings {
		for _, t := range f.Techniques {
			if slices.Contains(golden, string(t)) && f.Severity >= finding.Medium {
				return fmt.Sprintf("%s (%s): whoever has the directory has the secret of krbtgt, and makes tickets of any account with it", f.Title, t)
			}
		}
	}
	for _, r := range o.directory {
		return "the secrets of the directory of " + r.Entity.Value + " were taken: " + strings.Join(strings.Fields(r.Why), " ")
	}
	for _, name := range slices.Sorted(maps.Keys(o.machines)) {
		if o.machines[name] && o.use.dcs[name] {
			return "the intruder acted on " + name + ", which gives out the domain's tickets"
		}
	}
	return ""
}

// lostControllers are the domain controllers whose directory was taken, as far
// as the incident names them.
func (o *orderer) lostControllers() map[string]bool {
	out := map[string]bool{}
	for _, r := range o.directory {
		out[short(r.Entity.Value)] = true
	}
	for _, f := range o.inc.Findings {
		if f.Severity < finding.Medium || !slices.ContainsFunc(f.Techniques, func(t attack.ID) bool { return slices.Contains(golden, string(t)) }) {
			continue
		}
		for _, e := range f.Entities {
			if name := short(e.Value); e.Kind == "host" && o.use.dcs[name] {
				out[name] = true
			}
		}
	}
	for name, touched := range o.machines {
		if touched && o.use.dcs[name] {
			out[name] = true
		}
	}
	return out
}

// of tells whether an account may be of one of these domains. One whose domain
// nobody wrote may be; so may any when the domains are not known.
func (u *seen) of(domains []string) bool {
	if len(domains) == 0 || len(u.domains) == 0 {
		return true
	}
	return slices.ContainsFunc(u.domains, func(a string) bool {
		return slices.ContainsFunc(domains, func(b string) bool { return sameDomain(a, b) })
	})
}

// rank is the step in which an account is dealt with.
func rank(a *Account) int {
	switch {
	case a.Kind == Made:
		return stepMade
	case a.Kind == Emergency || a.Kind == Builtin:
		return stepEmergency
	case a.Kind == Tickets:
		return stepTickets
	case a.Kind == Machine:
		return stepMachines
	case a.Kind == Service:
		return stepServices
	case a.Grade == Used && (a.Kind == Admin || a.Privileged):
		return stepUsedAdmins
	case a.Grade == Used:
		return stepUsed
	case a.Kind == Admin || a.Privileged:
		return stepExposedAdmins
	}
	return stepExposed
}

// plan sorts accounts into steps.
func (o *orderer) plan() Plan {
	by := map[int][]Account{}
	for i := range o.accounts {
		r := rank(&o.accounts[i])
		by[r] = append(by[r], o.accounts[i])
	}
	lost := o.domainLost()
	p := Plan{Before: before, NotYet: []string{}, Steps: []Step{}}
	for _, s := range steps {
		list := by[s.rank]
		slices.SortFunc(list, func(a, b Account) int { // those he used first were his first: others hang on them
			return cmp.Or(cmp.Compare(zeroLast(int64(a.First)), zeroLast(int64(b.First))), cmp.Compare(a.Name, b.Name))
		})
		switch {
		case s.domain && lost == "":
			continue
		case !s.domain && len(list) == 0:
			continue
		}
		x := Step{N: len(p.Steps) + 1, Do: s.do, Why: s.why, Careful: s.careful, Undo: s.undo, Proof: s.proof, Window: s.rank <= lastInWindow, Accounts: append([]Account{}, list...)}
		if s.domain {
			x.Why += " Here: " + lost + "."
		}
		x.Careful = strings.TrimSpace(x.Careful + " " + breaks(list))
		p.Steps = append(p.Steps, x)
	}
	if len(p.Steps) == 0 {
		return Plan{Before: []string{}, NotYet: []string{}, Steps: []Step{}}
	}
	p.NotYet = o.notYet(by, lost != "")
	return p
}

func zeroLast(n int64) int64 {
	if n == 0 {
		return 1<<63 - 1
	}
	return n
}

// breaks says what the accounts of a step are used for.
func breaks(list []Account) string {
	var out []string
	for i := range list {
		a := &list[i]
		var parts []string
		if n := len(a.Services); n > 0 {
			parts = append(parts, "runs "+strings.Join(a.Services[:min(n, 4)], ", ")+more(n-4))
		}
		if a.HostCount > 0 && a.Kind != Machine {
			parts = append(parts, fmt.Sprintf("logs on to %d host(s): %s%s", a.HostCount, strings.Join(a.Hosts[:min(len(a.Hosts), 6)], ", "), more(a.HostCount-6)))
		}
		if len(parts) > 0 && len(out) < 12 {
			out = append(out, a.Name+" "+strings.Join(parts, ", and "))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "As seen: " + strings.Join(out, "; ") + "."
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// notYet says what tempts and must wait.
func (o *orderer) notYet(by map[int][]Account, lost bool) []string {
	out := []string{"Do not reset accounts one by one as you find them: the first reset tells the intruder that he is seen, and he takes others with what he still has."}
	if len(by[stepServices]) > 0 {
		out = append(out, "Do not reset service accounts before you know every place that holds their password: each forgotten one keeps trying the old password and locks the account for all.")
	}
	if lost {
		out = append(out, "Do not reset krbtgt before the administrators' accounts: with one of them still his, he reads the new secret as he read the old one. Nor twice within the life of a ticket (10 hours unless changed): that ends every ticket of the domain at once, services and controllers of industrial plants among them.")
	}
	if len(by[stepEmergency]) > 0 {
		out = append(out, "Do not touch the emergency account until the new administrators' accounts have been tried: it is what remains when something goes wrong.")
	}
	for i := range by[stepUsed] {
		if a := &by[stepUsed][i]; a.Kind == Person {
			out = append(out, "Do not tell the owners by mail or chat: the intruder may read it. Call them.")
			break
		}
	}
	return out
}
