package access

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// tiers are logons of accounts that administer the domain at hosts where
// ordinary people sit: whoever controls such a host has the domain.
func tiers(v *view) (lines []Line) {
	for _, x := range v.people {
		why := v.overDomain(x)
		if len(why) == 0 {
			continue
		}
		var exposed, other []string
		var reasons []Reason
		var span record.Span
		for _, at := range slices.Sorted(maps.Keys(x.uses)) {
			u, who := x.uses[at], v.ordinary[at]
			if who == nil {
				continue
			}
			switch {
			case u.exposed.n > 0:
				exposed = append(exposed, at)
				span.Grow(u.exposed.at)
				span.Grow(u.exposed.last)
				reasons = append(reasons, because([]record.Ref{u.exposed.ref, who.uses[at].console.ref}, "%s %s at %s (%s), where %s sits", kindsOf(u.kinds), times(u.exposed.n), at, dayOf(u.exposed.at), who.name))
			case u.administers() && u.any.n > 0:
				other = append(other, at)
				span.Grow(u.any.at)
				span.Grow(u.any.last)
				reasons = append(reasons, because([]record.Ref{u.any.ref, who.uses[at].console.ref}, "administered %s over the network (%s), where %s sits", at, dayOf(u.any.at), who.name))
			}
		}
		if len(exposed)+len(other) == 0 {
			continue
		}
		l := Line{Class: Tier, Account: x.name, Severity: finding.High, Sure: true, Hosts: append(exposed, other...), First: stamp(span.Start), Last: stamp(span.End), at: span.Start, Owner: x.owner(), Reasons: append(reasons, why...)}
		if len(exposed) > 0 {
			l.Says = fmt.Sprintf("administers the domain and logged on at %s, where ordinary people sit: its credentials lay in the memory of that host", few(exposed, 4))
			l.Do = "reset its password now, deny it logon at all hosts but domain controllers and the administrators' own workstations, and give the work at workstations to an account that administers those alone"
		} else {
			l.Severity = finding.Low
			l.Says = fmt.Sprintf("administers the domain and manages %s, where ordinary people sit, over the network: no credentials stay there, but one mistake leaves them", few(other, 4))
			l.Do = "give the management of workstations to an account that administers those alone"
		}
		lines = append(lines, l)
	}
	return lines
}

// serviceDesk are accounts of services at which somebody sat.
func serviceDesk(v *view) (lines []Line) {
	for _, x := range v.people {
		is, sure := x.isService()
		if !is {
			continue
		}
		var at []string
		var reasons []Reason
		var span record.Span
		for _, name := range slices.Sorted(maps.Keys(x.uses)) {
			u := x.uses[name]
			if u.types&desktopTypes == 0 {
				continue
			}
			at = append(at, name)
			sits := u.exposed
			span.Grow(sits.at)
			span.Grow(sits.last)
			reasons = append(reasons, because(sits.refs(), "%s at %s (%s)", kindsOf(u.types&desktopTypes), name, dayOf(sits.at)))
		}
		if len(at) == 0 {
			continue
		}
		l := Line{
			Class: ServiceDesk, Account: x.name, Severity: finding.Medium, Sure: sure, Hosts: at, First: stamp(span.Start), Last: stamp(span.End), at: span.Start, Owner: x.owner(),
			Says:    fmt.Sprintf("is a service's account, and somebody logged on with it at %s", few(at, 4)),
			Reasons: reasons, Do: "find out who knows its password; deny it interactive and remote-desktop logon, and change the password or make it a managed account",
		}
		switch {
		case x.service.n > 0:
			l.Reasons = append(l.Reasons, because(x.service.refs(), "it is a service's: %s", x.service.how))
		case sure:
			l.Reasons = append(l.Reasons, because(nil, "the inventory says that it is a service's"))
		default:
			l.Doubt = "its name alone says that it is a service's"
		}
		if x.privileged() {
			l.Severity = finding.High
			l.Reasons = append(l.Reasons, because(nil, "it is privileged"))
		}
		lines = append(lines, l)
	}
	return lines
}

const (
	deskSpan  = 14 * 24 * time.Hour // use that is judged is of no shorter time
	deskUses  = 10                  // and no fewer logons
	deskPlace = 2                   // hosts at which somebody administers nothing but the own desk
)

// overPrivileged are accounts that may more than what they were used for.
func overPrivileged(v *view) (lines []Line) {
	for _, x := range v.people {
		if is, _ := x.isService(); is {
			continue
		}
		why := v.overDomain(x)
		if len(why) > 0 && x.desk.n > 0 {
			lines = append(lines, Line{
				Class: Over, Account: x.name, Severity: finding.High, Sure: true, First: stamp(x.desk.at), Last: stamp(x.desk.last), at: x.desk.at, Owner: x.owner(),
				Says:    fmt.Sprintf("administers the domain and is used for ordinary work: %s ran %s under it", x.desk.how, times(x.desk.n)),
				Reasons: append([]Reason{because(x.desk.refs(), "%s on %s", x.desk.how, dayOf(x.desk.at))}, why...),
				Do:      "give its owner a second account for mail, browsing and documents; a page that is opened under this one runs as the domain",
			})
			continue
		}
		if l, ok := v.idlePrivilege(x); ok {
			lines = append(lines, l)
		}
		if x.entry != nil && x.entry.Given && !x.entry.Privileged && x.privileged() {
			l := Line{
				Class: Over, Account: x.name, Severity: finding.Medium, Sure: true, First: stamp(x.span.Start), Last: stamp(x.span.End), at: x.span.Start, Owner: x.owner(),
				Says: "is privileged, and the inventory says that it is not", Reasons: v.privileges(x), Do: "correct the inventory or take the privileges away",
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// privileges are the reasons why an account is called privileged.
func (v *view) privileges(x *account) (out []Reason) {
	for _, g := range x.groups {
		out = append(out, because([]record.Ref{g.ref}, "it was put into %s on %s", g.group, dayOf(g.at)))
	}
	for _, at := range slices.Sorted(maps.Keys(x.uses)) {
		switch u := x.uses[at]; {
		case !u.administers():
		case u.admin.n > 0:
			out = append(out, because(u.admin.refs(), "at %s it %s", at, did(u.admin.how)))
		default:
			out = append(out, because(u.priv.refs(), "special privileges at %s, %s", at, times(u.priv.n)))
		}
	}
	return out
}

// idlePrivilege is an account that is privileged and did nothing that needs it.
func (v *view) idlePrivilege(x *account) (Line, bool) {
	if x.span.End.Sub(x.span.Start) < deskSpan || x.logons < deskUses || x.acts.n > 0 || !x.privileged() {
		return Line{}, false
	}
	desks, elsewhere := 0, false
	for _, u := range x.uses {
		switch {
		case u.console.n > 0:
			desks++
		case u.admin.n > 0 || u.priv.n > 0 || u.types&(1<<10|1<<unixBit) != 0:
			elsewhere = true
		}
	}
	if desks == 0 || desks > deskPlace || elsewhere {
		return Line{}, false
	}
	l := Line{
		Class: Over, Account: x.name, Severity: finding.Medium, First: stamp(x.span.Start), Last: stamp(x.span.End), at: x.span.Start, Owner: x.owner(),
		Reasons: v.privileges(x), Do: "take the privileges away, or give them to a second account for the days on which they are needed",
	}
	said := len(x.groups) > 0 || x.entry != nil && x.entry.Privileged
	l.Sure = said
	if said {
		l.Says = fmt.Sprintf("is privileged, and in %s logons over %s did nothing that needs it", fmt.Sprint(x.logons), days(x.span.End.Sub(x.span.Start)))
	} else {
		l.Says = fmt.Sprintf("is an administrator of its own workstation, and in %d logons over %s of nothing else", x.logons, days(x.span.End.Sub(x.span.Start)))
		l.Doubt = "special privileges can be few of them; that it is an administrator is not said"
		l.Severity = finding.Low
	}
	if x.desk.n > 0 {
		l.Reasons = append(l.Reasons, because(x.desk.refs(), "ordinary work: %s on %s", x.desk.how, dayOf(x.desk.at)))
	}
	return l, true
}
